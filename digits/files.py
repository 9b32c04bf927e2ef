"""Files: written atomically, and read with a bound, since a stranger may have made them."""

import os
import secrets
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from digits.errors import UserError


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves either the new content or what was there before.

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
        kept = "; the file that was there is unchanged" if os.path.isfile(path) else ""
        raise UserError(f"cannot write {path}: {error.strerror}{kept}") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def remove_leftovers(folder: str | Path) -> None:
    """Remove what killed processes left in `write_atomically`; only for the process that has locked the folder."""
    for left in Path(folder).glob(f".{'[0-9a-f]' * 16}.part"):
        left.unlink()


def check_target(path: Path, reads: Iterable[str | Path] = ()) -> None:
    """Raise UserError if a file that is to be written is one of those that are read."""
    if os.path.exists(path) and any(os.path.exists(read) and path.samefile(read) for read in reads):
        raise UserError(f"{path} is read, and would be overwritten; name another file")


def read_bounded(path: str | Path, at_most: int) -> bytes:
    """The content of a file. Raises OSError if it cannot be read, or is larger than `at_most` bytes."""
    with open(path, "rb") as file:
        content = file.read(at_most + 1)
    if len(content) > at_most:
        raise OSError(0, f"it is larger than {at_most:,} bytes", str(path))
    return content


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The values in a YAML file, by their names, as texts, lists and dictionaries.

    Raises UserError if it is no such file, if a name is there twice, or for aliases, which can stand for billions.
    """
    import yaml  # here, since help need not wait for it

    class Loader(yaml.BaseLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise ValueError("aliases are not read")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            for name, times in Counter(str(key.value) for key, _ in node.value).items():
                if times > 1:  # YAML would keep the last
                    raise ValueError(f"{name[:50]} is there twice")
            return super().construct_mapping(node, deep)

    try:
        values = yaml.load(read_bounded(path, 100_000).decode(), Loader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"{path}: {reason}") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UserError(f"{path}: expected lines such as `name: value`")
    return values
