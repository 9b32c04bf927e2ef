"""Ways to damage a file, what came of reading it, and what that cost."""

import random
import re
import sys
from pathlib import Path

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
    flipped, padding, other = bytes([content[at] ^ 1 << rng.randrange(8)]), rng.randbytes(length), rng.randbytes(length)
    before, part, after = content[:at], content[at : at + length], content[at + length :]
    damaged = [before, content + padding, before + flipped + content[at + 1 :], before + other + after]
    return rng.choice([*damaged, before + after, before + 2 * part + after])


def outcome(use, *args):
    """What use(*args) says, or "clear error" for a UserError, which has to be one short line."""
    try:
        return use(*args)
    except UserError as error:
        message = str(error)
        assert message.strip() and "\n" not in message and len(message) < 200, repr(message)
        return "clear error"
