"""Atomic writes: a file is written whole or not at all."""

import contextlib
import os
import time
from pathlib import Path

from digits.errors import UserError


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves either the new content or what was there before.

    Raises UserError if it cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")  # another process may be writing the same file
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        for left in path.parent.glob(f".{path.name}.*.part"):  # by a process that was killed
            with contextlib.suppress(FileNotFoundError):  # by one that goes on, and has just used it
                if time.time() - left.stat().st_mtime > 3600:
                    left.unlink()
    except OSError as error:
        kept = "; the file that was there is unchanged" if path.exists() else ""
        raise UserError(f"cannot write {path}: {error.strerror}{kept}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
