"""Pictures of every kind are opened, and everything else is refused with a one-line error."""

import io
import os
import re
import struct
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from digits.handwriting import find_lines
from digits.handwriting.picture import FORMATS, LARGEST
from tests.support.damage import huge
from tests.support.finding import assert_finds, encoded, find_digit, one_line_error
from tests.support.pens import INK, STROKES, cover, on_paper
from tests.support.systems import GONE
from tests.support.tiers import nightly, slow


def grey(rgb):
    return np.asarray(Image.fromarray(rgb).convert("L"))


def transparent(rgb, colour=INK):
    """Return ink of a colour on transparent paper. Transparent pixels are black, as drawing programs save them."""
    alpha = ((255.0 - grey(rgb)) * (255 / (255.0 - grey(rgb).min()))).clip(0, 255)
    alpha = np.where(alpha > 40, alpha, 0).astype(np.uint8)
    return Image.fromarray(np.dstack([np.where(alpha[:, :, None] > 0, np.uint8(colour), np.uint8(0)), alpha]))


def indexed(rgb):
    image = Image.fromarray(rgb).quantize(8)
    image.info["transparency"] = image.getpixel((0, 0))
    return image


ARRAYS = {
    "RGB uint8": lambda rgb: rgb,
    "grey uint8": grey,
    "RGB upside down in memory": lambda rgb: np.ascontiguousarray(rgb[::-1])[::-1],
    "RGB uint16": lambda rgb: rgb.astype(np.uint16) * 257,
    "grey uint16, other bytes first": lambda rgb: (grey(rgb) * np.uint16(257)).astype(np.dtype("u2").newbyteorder()),
    "bool": lambda rgb: grey(rgb) > 140,
    "grey float32": lambda rgb: grey(rgb) / np.float32(255),
    "torch": lambda rgb: torch.from_numpy(grey(rgb).copy()),
}
IMAGES = {
    mode: lambda rgb, mode=mode: Image.fromarray(rgb).convert(mode)
    for mode in ("L", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "HSV")
} | {
    "RGBA, dark on transparent": transparent,
    "RGBA, light on transparent": lambda rgb: transparent(rgb, (250, 250, 240)),
    "LA, dark on transparent": lambda rgb: transparent(rgb).convert("LA"),
    "P": lambda rgb: Image.fromarray(rgb).quantize(16),
    "P, transparent paper": indexed,
    "1": lambda rgb: Image.fromarray(grey(rgb) > 140),
    "I;16": lambda rgb: Image.fromarray(grey(rgb).astype(np.uint16) * 200),
    "I": lambda rgb: Image.fromarray(grey(rgb).astype(np.int32) * 1000 - 70_000),
    "F": lambda rgb: Image.fromarray(grey(rgb) / np.float32(1000) - 1),
}
FILES = {
    f"{kind}, {mode}": lambda rgb, kind=kind, mode=mode: encoded(IMAGES[mode](rgb), kind)
    for kind, modes in {
        "PNG": ("L", "RGB", "RGBA, dark on transparent", "P, transparent paper", "1", "I;16"),
        "TIFF": ("RGB", "CMYK", "F", "I;16"),
        "JPEG": ("L", "RGB", "CMYK"),
        **dict.fromkeys(("BMP", "GIF", "WEBP", "PPM", "JPEG2000", "AVIF"), ("RGB",)),
    }.items()
    for mode in modes
}
KINDS = ARRAYS | {f"PIL {mode}": make for mode, make in IMAGES.items()} | FILES


@pytest.mark.parametrize("kind", KINDS)
def test_a_digit_is_found_in_every_kind_of_picture(kind, two):
    assert_finds(KINDS[kind](on_paper(two)), two)


def test_the_name_of_a_file_does_not_matter_and_arguments_are_not_changed(two, tmp_path):
    array, path = on_paper(two), tmp_path / "two.jpg.txt"
    array.flags.writeable = False
    path.write_bytes(encoded(Image.fromarray(array), "PNG"))
    for same in (array, path, str(path)):
        assert_finds(same, two)
    for make in IMAGES.values():
        image = make(on_paper(two))
        before = image.mode, image.size, dict(image.info), image.tobytes()
        find_digit(image), find_lines(image)
        assert before == (image.mode, image.size, image.info, image.tobytes())
    Image.new("L", (1600, 1200), 255).save(tmp_path / "large.jpg")
    with Image.open(tmp_path / "large.jpg") as image:  # not decoded yet
        assert one_line_error(image) and image.size == (1600, 1200) and image.getpixel((1599, 1199)) == 255


T = Image.Transpose
# These undo the EXIF orientations from 2 on.
FLIPS = [T.FLIP_LEFT_RIGHT, T.ROTATE_180, T.FLIP_TOP_BOTTOM, T.TRANSPOSE, T.ROTATE_90, T.TRANSVERSE, T.ROTATE_270]


@pytest.mark.parametrize("size", [(320, 240), (1600, 1200)])
@pytest.mark.parametrize(("orientation", "flip"), [*enumerate(FLIPS, 2)])
def test_a_photo_taken_with_the_camera_turned_is_read_upright(orientation, flip, size):
    ink = cover(size, (STROKES[5], 0.2 * size[0], 0.3 * size[1], 0.4 * size[1]))
    image = Image.fromarray(on_paper(ink))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(image.transpose(flip), "JPEG", exif=exif, quality=95)
    assert np.abs(np.float32(ImageOps.exif_transpose(Image.open(io.BytesIO(file)))) - on_paper(ink)).mean() < 3
    assert_finds(file, ink, pixels=2 * size[0] / 320)


def test_pictures_that_are_too_small_or_too_narrow_and_other_things_are_refused(tmp_path):
    for size in ((1, 1), (7, 400), (400, 7), (10, 1001), (20_000, 100)):
        assert "too small or too narrow" in one_line_error(Image.new("L", size, 200))
    for content in (b"", b"A text about digits.\n" * 100, b"\x89PNG\r\n\x1a\n"):
        (tmp_path / "digit.png").write_bytes(content)
        assert "not a picture" in one_line_error(content) and "not a picture" in one_line_error(tmp_path / "digit.png")
    for thing in (None, 3, object(), np.zeros((5, 5, 5, 5)), np.zeros((9, 9, 7)), np.zeros((1, 90, 90)), [["a"]]):
        assert "a path, bytes, a PIL image, or an array (H, W) or (H, W, 3 or 4)" in one_line_error(thing)
    one_line_error(np.zeros((0, 7), np.uint8))
    tracemalloc.start()
    assert "72.0 megapixels" in one_line_error(np.broadcast_to(0.5, (9_000, 8_000)))
    assert tracemalloc.get_traced_memory()[1] < 10e6  # it is refused before it is converted
    tracemalloc.stop()
    assert "values up to 240, not 0..1; divide it by 255" in one_line_error(np.full((90, 90), 240.0))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(kind, share):
    rng = np.random.default_rng(0)
    file = encoded(Image.fromarray(rng.integers(0, 255, (90, 120, 3), np.uint8)), kind)
    assert "damaged" in one_line_error(file[: int(share * len(file))])


def test_no_other_format_is_tried(monkeypatch):
    """EPS would start Ghostscript, and the picture in an ICO may be larger than the file says."""
    Image.init()
    tried, others = [], Image.OPEN.keys() - FORMATS
    for kind in others:
        monkeypatch.setitem(Image.OPEN, kind, (lambda *_, kind=kind: tried.append(kind), None))
    assert {"EPS", "WMF", "ICO"} < others and "not a picture" in one_line_error(b"%!PS-Adobe-3.0 EPSF-3.0")
    assert tried == []


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG", "AVIF"])
def test_only_the_first_frame_is_read(kind, two):
    image = Image.fromarray(on_paper(two))
    blank = [Image.new("RGB", image.size, (n, n, n)) for n in range(100, 104)]
    assert_finds(encoded(image, kind, save_all=True, append_images=blank), two)


def test_missing_and_too_large_files_are_refused(tmp_path):
    endless = tmp_path / "endless.png"
    endless.touch()
    os.truncate(endless, LARGEST + 1)
    assert GONE in one_line_error(tmp_path / "none.png") and "larger than 100,000,000 bytes" in one_line_error(endless)


def test_decompression_bombs_are_refused_before_they_are_decoded():
    """Decoding them would give another error, because they are damaged."""
    for size in ((9_000, 8_000), (20_000, 20_000), (100_000, 100_000), (2**31 - 1, 1), (1, 2**31 - 1)):
        assert re.search("too large|megapixels", one_line_error(huge("PNG", size, 0)))
    assert "damaged" in one_line_error(huge("PNG", (9_000, 7_000), 0))
    for slow_to_decode in (b"P3 2000 2000 255 ", b"P5 2000 2000 254 "):
        assert "4.0 megapixels" in one_line_error(slow_to_decode)


def test_tiles_larger_than_their_picture_are_refused():
    file = encoded(Image.new("L", (64, 64)), "TIFF")
    for tag, side in ((278, 322), (284, 323)):  # rows of a strip, planes; width and height of a tile
        at = file.index(struct.pack("<H", tag))
        file = file[:at] + struct.pack("<HHII", side, 4, 1, 40_000) + file[at + 12 :]
    assert "1,600.0 megapixels" in one_line_error(file)


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        slow("JPEG", "CMYK", {"progressive": True, "subsampling": 0}),
        nightly("PNG", "RGBA", {"compress_level": 1}),
        nightly("TIFF", "RGBA", {"compression": "tiff_lzw"}),
        nightly("GIF", "P", {}),
        nightly("WEBP", "RGBA", {"method": 0}),
        nightly("AVIF", "RGBA", {"speed": 10}),
        nightly("JPEG2000", "RGBA", {}),
    ],
)
def test_the_largest_picture_takes_less_than_a_gigabyte_with_pytorch(kind, mode, options, tmp_path):
    side = int((FORMATS[kind] * 1e6) ** 0.5)
    Image.new(mode, (side, side), 9).save(tmp_path / "picture", kind, **options)
    code = """if True:
    import sys, torch  # as predict does; the GPU build needs 330 MB more
    from tests.support.damage import peak_memory
    torchs = peak_memory()
    from tests.support.finding import one_line_error
    assert "stands out" in one_line_error(sys.argv[1])
    assert peak_memory() - torchs < 0.77e9, (torchs, peak_memory())
    """
    subprocess.run([sys.executable, "-c", code, tmp_path / "picture"], check=True)
