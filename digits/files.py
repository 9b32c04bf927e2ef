"""Files: written whole or not at all, and looked at before they are read, since a stranger may have made them."""

import contextlib
import os
import secrets
import stat
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from digits.errors import UserError

LONGEST, VALUES = 1_000, 5_000  # characters of a value in a YAML file, and values: no settings or forms have more


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


def check_regular(path: str | Path, at_most: int) -> None:
    """Raise OSError if there is no regular file, or where a link leads to none, or if it is larger, in bytes.

    Neither a pipe nor a device is waited for.
    """
    known = os.stat(path)
    if not stat.S_ISREG(known.st_mode):
        raise OSError(0, "it is not a regular file")
    if known.st_size > at_most:
        raise OSError(0, f"it is larger than {at_most:,} bytes")


def read_regular(path: str | Path, at_most: int) -> bytes:
    """The content of a regular file, as `check_regular` wants it. Raises OSError as that does, or if it grows."""
    try:
        check_regular(path, at_most)
        with open(path, "rb") as file:
            content = file.read(at_most + 1)
        if len(content) > at_most:
            raise OSError(0, f"it is larger than {at_most:,} bytes")
    except OSError as error:
        error.filename = str(path)  # which an error while it is read lacks
        raise
    return content


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The values in a YAML file, by their names, as texts, lists and dictionaries; no two are the same object.

    Raises UserError if it is no such file, or a large or deep one, or if a name is there twice.
    """
    import yaml  # here, since help need not wait for it

    class Loader(yaml.BaseLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            for name, times in Counter(str(key.value) for key, _ in node.value).items():
                if times > 1:  # YAML would keep the last
                    raise ValueError(f"{name[:50]} is there twice")
            return super().construct_mapping(node, deep)

    depth = 0
    try:
        text = read_regular(path, 100_000).decode()
        for count, event in enumerate(yaml.parse(text)):  # before anything is made of it
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            long = isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST
            if long or depth > 10 or count > VALUES or isinstance(event, yaml.AliasEvent):
                most = f"{VALUES:,} values of {LONGEST:,} characters, ten lists deep"
                raise ValueError(f"expected no aliases, and at most {most}")
        values = yaml.load(text, Loader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"{path}: {reason}") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UserError(f"{path}: expected lines such as `name: value`")
    return values
