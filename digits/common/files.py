"""Find files, write them atomically, and read them with a size limit, since a stranger may have made them."""

import os
import secrets
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from digits.common.errors import UserError

YAML_BYTES = 100_000  # the largest YAML file that is read


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


def read_bounded(path: str | Path, at_most: int) -> bytes:
    """Return the content of a file. Raises OSError if it cannot be read or is larger than `at_most` bytes."""
    with open(path, "rb") as file:
        content = file.read(at_most + 1)
    if len(content) > at_most:
        raise OSError(0, f"this file is larger than {at_most:,} bytes", str(path))
    return content


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Return the values in a YAML file by name, as texts, lists and dictionaries.

    Raises UserError if it cannot be read, repeats a name, or has tags, or aliases, which may expand to billions of
    values.
    """
    import yaml  # slow to import, so not for --help

    class Loader(yaml.BaseLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            event = self.peek_event()
            if event.anchor or event.tag:
                raise ValueError("YAML aliases and tags are not supported; write the values out")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            for name, times in Counter(str(key.value) for key, _ in node.value).items():
                if times > 1:  # YAML would keep the last value
                    raise ValueError(f"{name[:50]} appears {times} times; keep only one")
            return super().construct_mapping(node, deep)

    try:
        values = yaml.load(read_bounded(path, YAML_BYTES).decode(), Loader)
    except RecursionError as error:
        raise UserError(f"{path}: its brackets are nested too deeply") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a text file; name a YAML file") from error
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).replace('"<unicode string>", ', "").split())
        raise UserError(f"{path}: {reason}") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UserError(f"{path}: expected lines such as `name: value`")
    return values
