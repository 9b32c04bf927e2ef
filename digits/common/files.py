"""Find files, write them atomically, and read them with a size limit, since a stranger may have made them."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from digits.common.errors import UserError

CONFIG = "config.yaml"  # the settings of a run, in its folder


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves either the new content or the old.

    Raises UserError if it cannot be written.
    """
    path = Path(path)
    temporary = path.parent / f".{secrets.token_hex(8)}.part"  # other processes may write the same file
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        kept = "; the old file is unchanged" if os.path.isfile(path) else ""
        raise UserError(f"cannot write {path}: {error.strerror}{kept}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def remove_leftovers(folder: str | Path) -> None:
    """Remove the temporary files of killed processes. Lock the folder first: a live process may be writing there."""
    for leftover in Path(folder).glob(f".{'[0-9a-f]' * 16}.part"):
        leftover.unlink()


def check_target(path: Path, reads: Iterable[str | Path] = ()) -> None:
    """Raise UserError if writing a file would overwrite one of the files in `reads`."""
    if os.path.exists(path) and any(os.path.exists(read) and path.samefile(read) for read in reads):
        raise UserError(f"{path} is an input and would be overwritten; name another output file")


def read_bounded(path: str | Path, at_most: int) -> bytes:
    """Return the content of a file. Raises OSError if it cannot be read or is larger than `at_most` bytes."""
    with open(path, "rb") as file:
        content = file.read(at_most + 1)
    if len(content) > at_most:
        raise OSError(0, f"this file is larger than {at_most:,} bytes", str(path))
    return content


def cache_folder() -> Path:
    """Return the user's cache folder, for MNIST and compiled code."""
    return user_cache_path("digits", appauthor=False)


def newest_run(having: str = CONFIG) -> Path | None:
    """Return the run in runs/ that was started or resumed last, among those with a file named `having`."""
    # Starting or resuming a run writes its config.
    configs = [path for path in Path("runs").glob(f"*/{CONFIG}") if (path.parent / having).is_file()]
    return max(configs, key=lambda config: config.stat().st_mtime).parent if configs else None
