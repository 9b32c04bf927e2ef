"""Attacks by pictures, in a table; see `tests.campaigns.attacks`."""

import os
import random
import zlib
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw

from tests.campaigns.attacks import EITHER, READ, REFUSED, Attack, Case, deflated
from tests.support.damage import mutate
from tests.support.finding import encoded

NAMES = ["7_x.png", "7_x.jpg", "7_x.gif", "7_x.tif", "7_x.webp", "7_x.eps", "7_\x1b[2J\n.png"]
PROGRAM = ": currentfile 9 get pop (canary) (w) file closefile (%pipe%touch canary) (w) file closefile showpage"
TEXTS = ["%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\n/x {" + PROGRAM + "} def x\n%%EOF\n"]
TEXTS += ["%PDF-1.4\n1 0 obj <</S /Launch /F (touch canary)>> endobj\n", "<svg><image href='file:///dev/zero'/></svg>"]
TEXTS += ["\xd7\xcd\xc6\x9a" + "\0" * 200, "", "word", "<html>", "#define x_width 99999\n#define x_height 99999\n"]
SIZES = [(7_900, 8_000), (8_001, 8_000), (10_000, 10_000), (16_000, 16_000), (60_000, 60_000), (60_000, 700)]


def picture(what: str, wanted: str, make: Callable[[random.Random], bytes], *names: str) -> list[Attack]:
    """A picture of these bytes: alone; and beside a good one, in a folder, where it may be left out."""

    def written(case: Case) -> str:
        name = case.rng.choice(names or NAMES)
        (case.home / "pictures" / name).write_bytes(make(case.rng))
        return f"pictures/{name}"

    return [
        Attack(f"picture: {what}", wanted, ("picture", "single"), written),
        Attack(f"folder: {what}", EITHER, ("evaluate pictures", "pictures"), lambda case: written(case) and None),
    ]


def saved(kind: str, size: tuple[int, int] = (16, 16), mode: str = "L", **options: Any) -> bytes:
    image = Image.new(mode, size, 255 if mode == "L" else "white")
    ImageDraw.Draw(image).line((size[0] // 2, size[1] // 6, size[0] // 2, size[1] * 5 // 6), 0, max(1, size[0] // 10))
    return encoded(image, kind, **options)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)


def huge(rng: random.Random) -> bytes:
    """A small file that says, or is, a large picture."""
    (w, h), kind = rng.choice(SIZES), rng.choice(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "JPEG2000", "PPM"])
    w, h = (h, w) if rng.random() < 0.3 else (w, h)
    if kind == "TIFF":
        return tiff(rng, {256: w, 257: h})
    if kind == "PPM":
        return f"P5 {w} {h} 255\n".encode()
    if kind == "WEBP":  # of one colour, which takes no bits per pixel
        content = bytearray(encoded(Image.new("RGB", (1, 1), "white"), kind, lossless=True))
        at = content.index(b"VP8L") + 9
        sizes = (min(w, 16_384) - 1) | (min(h, 16_384) - 1) << 14 | rng.getrandbits(1) << 28
        content[at : at + 4] = sizes.to_bytes(4, "little")
        return bytes(content)
    options = {"progressive": rng.random() < 0.5} if kind == "JPEG" else {}
    content = saved(kind, (57, 83), rng.choice(["L", "RGB"]), **options)
    for pair, large in (((57, 83), (w, h)), ((83, 57), (h, w))):  # wherever and however it says its size
        for size, order in ((4, "little"), (2, "little"), (4, "big"), (2, "big")):
            content = content.replace(*(b"".join(n.to_bytes(size, order) for n in one) for one in (pair, large)))
    if kind == "PNG":
        pixels = chunk(b"IDAT", b"\x78\x9c" + deflated(rng.choice([0, 10, 70, 300])))
        content = content[:8] + chunk(b"IHDR", content[16:29]) + pixels + content[-12:]
    return content


def tiff(rng: random.Random, tags: dict[int, int] | None = None) -> bytes:
    """A TIFF of these tags or, if none, of some that are odd."""
    entries = {256: 16, 257: 16, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 16, 279: 256} | (tags or {})
    values = [0, 1, 2, 5, 7, 8, 255, 34712, 65_535, 2**31, 2**32 - 1]
    if not tags:
        odd = rng.sample([*entries, 274, 317, 322, 323, 324, 325, 330, 338, 339, 347, 34675, 34665], rng.randint(1, 4))
        entries |= {tag: rng.choice(values) for tag in odd}
    content = b"II*\0\x08\0\0\0" + len(entries).to_bytes(2, "little")
    for tag, value in sorted(entries.items()):
        kind, count = (4, 1) if rng.random() < 0.9 or tags else (rng.randrange(20), rng.choice(values))
        content += b"".join(n.to_bytes(size, "little") for n, size in ((tag, 2), (kind, 2), (count, 4), (value, 4)))
    return content + rng.choice([0, 8, 99]).to_bytes(4, "little") + bytes(300)


def frames(rng: random.Random) -> bytes:
    content = saved("GIF", (60, 60))
    first = content.index(b",")
    return content[:first] + content[first:-1] * rng.randint(2000, 9000) + b";"


def text_bomb(rng: random.Random) -> bytes:
    """A PNG with texts or a profile that unpack to much."""
    content, kind = saved("PNG", (60, 60)), rng.choice([b"zTXt", b"iCCP"])
    return content[:33] + chunk(kind, b"x\0\0\x78\x9c" + deflated(rng.choice([1, 100, 1500]))) + content[33:]


def kinds(rng: random.Random) -> bytes:
    return saved(rng.choice(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]), (60, 60), rng.choice(["L", "RGB"]))


def no_picture(case: Case) -> str:
    path = case.home / "pictures" / case.rng.choice(NAMES)
    target = case.rng.choice(["/dev/zero", "/nowhere", None])
    path.symlink_to(target) if target else os.mkfifo(path)
    return f"pictures/{path.name}"


TABLE = [
    *picture("of any kind and name", READ, kinds, *NAMES[:5]),
    *picture("a drawing in a language", REFUSED, lambda rng: rng.choice(TEXTS).encode("latin-1")),
    *picture("huge", EITHER, huge),
    *picture("truncated or damaged", EITHER, lambda rng: mutate(kinds(rng), rng)),
    *picture("narrow", REFUSED, lambda rng: saved("PNG", rng.choice([(1, 50), (1, 9999), (99_999, 1)]))),
    *picture("TIFF with odd tags", EITHER, tiff),
    *picture("of thousands of frames", EITHER, frames),
    *picture("with a bomb as its text", EITHER, text_bomb),
    *picture("random bytes", REFUSED, lambda rng: rng.randbytes(rng.randint(0, 9999))),
    Attack("picture: no file", REFUSED, ("picture", "single"), no_picture),
    Attack("folder: no file", EITHER, ("evaluate pictures", "pictures"), lambda case: no_picture(case) and None),
    Attack("standard input: none, or one without an end", REFUSED, ("closed", "endless"), lambda case: None),
]
