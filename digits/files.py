"""Files: written whole or not at all, and looked at before they are read, since a stranger may have made them."""

import contextlib
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from digits.errors import UserError


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves either the new content or what was there before.

    Raises UserError if it cannot be written, or if there is a link, a folder, a pipe or a device in its place.
    """
    path, kept = Path(path), ""
    temporary = path.parent / f".{secrets.token_hex(8)}.part"  # a name where nobody can have put anything
    try:
        check_target(path)
        kept = "; the file that was there is unchanged" if os.path.exists(path) else ""
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, ValueError) as error:  # ValueError: no path can have such characters
        raise UserError(f"cannot write {path}: {getattr(error, 'strerror', error)}{kept}") from error
    finally:
        with contextlib.suppress(OSError, ValueError):
            temporary.unlink()


def name_folder(error: OSError, folder: Path) -> None:
    """Raise UserError, with the folder, for an error that says no file, as of TensorBoard's files in that folder."""
    if error.filename is None:
        print(flush=True)  # fails, too, if the error was of the output
        raise UserError(f"cannot write to {folder}: {error.strerror}") from error


def check_target(path: Path, reads: Iterable[str | Path] = ()) -> None:
    """Raise UserError if a file that is to be written is one of those that are read, or is no regular file."""
    if os.path.exists(path) and any(os.path.exists(read) and path.samefile(read) for read in reads):
        raise UserError(f"{path} is read, and would be overwritten; name another file")
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        raise UserError(f"cannot write {path}: what is there is not a regular file")


def remove_leftovers(folder: str | Path) -> None:
    """Remove what a process that was killed in `write_atomically` left; only for who holds the lock of the folder."""
    for left in Path(folder).glob(f".{'[0-9a-f]' * 16}.part"):
        with contextlib.suppress(OSError):
            left.unlink()


def refuse_links(folder: str | Path) -> None:
    """Raise UserError if something in a folder is neither a regular file nor a folder.

    A link would have us read or write elsewhere, a pipe would be waited for, a device may have no end.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)):
                raise UserError(f"{entry.path} is refused: it is a link, a pipe or a device; remove it")


def refuse_no_text(folder: str | Path) -> None:
    """Raise UserError if the path of a folder is no text in the encoding of the system: TensorBoard takes no other."""
    try:
        os.fsencode(folder)
        str(folder).encode()  # bytes that are no text stand in it as surrogates
    except UnicodeEncodeError as error:
        known = sys.getfilesystemencoding()
        raise UserError(f"{folder} is refused: its name is no text in {known}; name another folder") from error


def read_regular(path: str | Path, at_most: int) -> bytes:
    """The content of a regular file, or where a link leads to one. Raises OSError if it is larger, in bytes, or none.

    Neither a pipe nor a device is waited for.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise OSError(0, "it is not a regular file")
        with open(path, "rb") as file:
            content = file.read(at_most + 1)
        if len(content) > at_most:
            raise OSError(0, f"it is larger than {at_most:,} bytes")
    except OSError as error:
        error.filename = str(path)  # which an error while it is read lacks
        raise
    return content
