"""Ways to damage a file, what came of reading it, and what that cost."""

import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from digits.errors import UserError


def peak_memory() -> int:
    """Of this process, in bytes. On Linux not from getrusage, which counts the process that started this one too."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) * 1024
    import resource  # which Windows lacks

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Truncate, pad, flip a bit, overwrite, cut out or double a part of a file."""
    at, length = rng.randrange(len(content)), rng.randrange(1, 200)
    flipped = bytes([content[at] ^ 1 << rng.randrange(8)])
    return rng.choice(
        [
            content[:at],
            content + rng.randbytes(length),
            content[:at] + flipped + content[at + 1 :],
            content[:at] + rng.randbytes(length) + content[at + length :],
            content[:at] + content[at + length :],
            content[:at] + content[at : at + length] * 2 + content[at + length :],
        ]
    )


def outcome(use: Callable[..., str], *args: Any) -> str:
    """What use(*args) says, or "clear error" for a UserError, which has to be one short line."""
    try:
        return use(*args)
    except UserError as error:
        message = str(error)
        assert message.strip() and "\n" not in message and len(message) < 200, repr(message)
        return "clear error"
