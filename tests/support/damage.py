"""Ways to damage a file, small files that claim to be huge, what came of reading one, and what that cost."""

import random
import re
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image

from digits.common.errors import UserError
from tests.support.finding import encoded

CLAIMING = "PNG", "JPEG", "GIF", "BMP", "JPEG2000", "PPM"  # formats that `huge` knows
SIZES = [(7_900, 8_000), (8_001, 8_000), (16_000, 16_000), (60_000, 60_000), (60_000, 700), (700, 60_000)]


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


def deflated(megabytes: int) -> bytes:
    """Return zeros as a raw deflate stream, without holding them in memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + packer.flush()


def huge(kind: str, size: tuple[int, int], megabytes: int) -> bytes:
    """Return a small file of one of the CLAIMING formats that claims to be a picture of this size.

    megabytes: how many a PNG has indeed, compressed.
    """
    if kind == "PPM":
        return b"P5 %d %d 255\n" % size
    content = encoded(Image.new("RGB", (57, 83), "white"), kind)
    if kind == "PNG":
        chunks = b"IHDR" + struct.pack(">II", *size) + content[24:29], b"IDAT\x78\x9c" + deflated(megabytes)
        packed = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in chunks)
        return content[:8] + b"".join(packed) + content[-12:]
    for small, large in (((57, 83), size), ((83, 57), size[::-1])):  # wherever and however the file says its size
        for length, order in ((4, "little"), (2, "little"), (4, "big"), (2, "big")):
            content = content.replace(*(b"".join(n.to_bytes(length, order) for n in pair) for pair in (small, large)))
    return content
