"""Files that are written whole or not at all."""

import contextlib
import os
from pathlib import Path

from digits import UserError


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file so that, whatever happens meanwhile, there is the whole new one or what was there before.

    Raises UserError if it cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")  # processes may write the same file
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        kept = "; the file that was there is unchanged" if path.exists() else ""
        raise UserError(f"cannot write {path}: {error.strerror}{kept}") from error
