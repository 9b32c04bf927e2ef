"""Open any picture, whatever its format, depth, size and orientation, as RGB in a working size."""

import io
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from digits.common.errors import UserError
from digits.common.files import read_bounded, write_atomically
from digits.handwriting.pdf import Page, render

# The supported formats, and the largest size of each in megapixels. Up to this size, reading takes less than about
# 900 MB and three seconds. JPEG 2000 is the slowest to decode: its 9 megapixels are an A4 page at 300 dots per inch.
FORMATS = {"JPEG": 64, "PNG": 64, "GIF": 64, "BMP": 64, "PPM": 64, "TIFF": 50, "WEBP": 32, "JPEG2000": 9, "AVIF": 32}
SLOW = {"ppm_plain": 2, "ppm": 2}  # decoders in Python: for PPM as text, and for a maximum other than 255
WRITTEN = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
LARGEST = 100_000_000  # largest file, in bytes
NARROW = 100  # largest aspect ratio
WORKING = 300, 600  # working size: about 300 x 300 pixels for a single digit, and the area of 600 x 600 for lines


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures in a folder, sorted by name."""
    known = {suffix for suffix, kind in Image.registered_extensions().items() if kind in FORMATS}
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in known and file.is_file())


def check_output(path: Path, reads: Iterable[str | Path], suffixes: Iterable[str] = WRITTEN) -> None:
    """Raise UserError, before long work, if `path` cannot be written or is one of the files in `reads`."""
    if path.suffix.lower() not in suffixes or not os.path.isdir(path.parent):
        raise UserError(f"cannot write {path}: name a {' or '.join(list(suffixes)[:2])} file in an existing folder")
    if os.path.exists(path) and any(os.path.exists(read) and path.samefile(read) for read in reads):
        raise UserError(f"{path} is an input and would be overwritten; name another output file")


def save(image: Image.Image, path: Path) -> None:
    """Write a picture atomically, in the format of its suffix. Raises UserError if it cannot be written."""
    buffer, kind = io.BytesIO(), WRITTEN[path.suffix.lower()]
    image.save(buffer, kind)
    write_atomically(path, buffer.getvalue())


def open_picture(picture: Any, *, single: bool = False) -> tuple[Image.Image, float]:
    """Open a picture as upright RGB and reduce it to its WORKING size, which is smaller for a `single` digit.

    Also return the width of a pixel of this image in original pixels. Raises UserError if the picture cannot be read.
    """
    with _user_errors():
        image = _as_image(picture)
        pixels = image.width * image.height
        shorter, longer, working = min(image.size), max(image.size), WORKING[0 if single else 1]
        if shorter < 8 or longer > NARROW * shorter:
            size = f"{image.width}x{image.height} pixels"
            raise UserError(f"too small or too narrow to show a digit: {size}; use a larger picture")
        width, height = (max(1, int(n * working / pixels**0.5)) for n in image.size)
        image.draft("", (width, height))  # decodes a JPEG at 1/2, 1/4 or 1/8 of its size, which is faster
        image = _reducible(image)
        reduction = -(-int((image.width * image.height) ** 0.5) // working)
        image = _as_rgb(image.reduce(reduction))
        return image, longer / max(image.size)


def upright(picture: Any) -> Image.Image:
    """Open a picture as upright RGB in its own size. Raises UserError if it cannot be read."""
    with _user_errors():
        return _as_rgb(_as_image(picture))


@contextmanager
def _user_errors() -> Iterator[None]:
    """Turn any exception into a UserError: damaged files make decoders raise almost anything."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UserError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UserError("too large to open; scale it down") from error
    except Exception as error:
        reason = getattr(error, "strerror", None) or "it is not a picture such as a JPEG or PNG, or it is damaged"
        raise UserError(f"cannot be read: {reason}") from error


def content(picture: Any) -> Any:
    """Prepare a picture for a worker process: read an open file, and convert anything like an array to an array.

    Returns a UserError instead, and does not raise it, if the argument is not a picture.
    """
    try:
        if isinstance(picture, Image.Image):
            _check_size(picture.width * picture.height)
            picture.load()  # a worker process cannot use its open file
        elif hasattr(picture, "read"):
            picture = picture.read()
        elif not isinstance(picture, str | Path | bytes | Page):
            picture = _array(picture)
    except UserError as error:
        return error
    except Exception as error:  # closed files and damaged pictures raise almost anything
        return UserError(f"cannot be read: {error}")
    return picture


def _as_image(picture: Any) -> Image.Image:
    """Return a picture of any type as a PIL image, which may not be decoded yet.

    Raises UserError if the picture is too large. A UserError that `content` returned in its place is raised, too.
    """
    if isinstance(picture, UserError):
        raise picture
    if isinstance(picture, Page):
        return render(picture)
    if isinstance(picture, Image.Image):
        _check_size(picture.width * picture.height)
        return picture.copy()
    if isinstance(picture, str | Path):
        picture = read_bounded(picture, LARGEST)
    if isinstance(picture, bytes):
        if picture.startswith(b"%PDF"):
            raise UserError("this is a PDF; read it with `predict FILE`, or read one page with Page(file, number)")
        if picture.startswith((b"P1", b"P2", b"P3")):  # Pillow copies 64 kB for each comment among numbers
            picture = re.sub(rb"(?:#[^\r\n]*\s*)++", b"\n", picture)
        image = Image.open(io.BytesIO(picture), formats=list(FORMATS))
        decoder = image.tile[0][0] if image.tile else ""
        tags = getattr(image, "tag_v2", {})
        tile = tags.get(322, 0) * tags.get(323, 0)  # a tile of a TIFF may be larger than the picture
        _check_size(max(image.width * image.height, tile), decoder if decoder in SLOW else image.format)
        return image
    array = _array(picture)
    if array.dtype.newbyteorder("=") == np.uint16:
        array = array >> 8
    elif array.dtype.kind in "fb":
        if array.max(initial=0) > 2:  # values a little above 1, as after resizing, are clipped below
            raise UserError(f"this array has values up to {array.max():g}, not 0..1; divide it by 255, or use uint8")
        array = array * 255.0
    if array.dtype != np.uint8:
        array = array.clip(0, 255).round().astype(np.uint8)
    return Image.fromarray(array)


def _array(picture: Any) -> np.ndarray:
    """Return numbers as an array. Raises UserError for anything else, and for too many pixels."""
    array = np.asarray(picture)
    if array.dtype.kind not in "uifb" or (array.ndim != 2 and array.shape[2:] not in ((2,), (3,), (4,))):
        raise UserError("expected a path, bytes, a PIL image, or an array (H, W) or (H, W, 3 or 4) of numbers")
    _check_size(array.shape[0] * array.shape[1])
    return array


def _check_size(pixels: int, kind: str | None = None) -> None:
    """Raise UserError for too many pixels, before they take memory."""
    megapixels, limit = pixels / 1e6, (FORMATS | SLOW).get(kind or "", 64)
    if megapixels > limit:
        raise UserError(f"too large: {megapixels:,.1f} megapixels; the limit for this format is {limit}; scale it down")


def _reducible(image: Image.Image) -> Image.Image:
    """Convert an image to a mode whose pixels can be averaged, but not to RGB if a mode with less memory will do."""
    if image.mode[0] == "I":
        mode = "I"
    elif image.has_transparency_data:
        mode = "RGBA"
    else:
        mode = {"1": "L", "L": "L", "F": "F", "CMYK": "CMYK"}.get(image.mode, "RGB")
    return image if mode == image.mode else image.convert(mode)


def _as_rgb(image: Image.Image) -> Image.Image:
    """Return an image as upright RGB. A transparent image is put on white, or on black if it is mostly light."""
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":  # more than 8 bits per pixel
        stretched = cv2.normalize(np.asarray(image, np.float32), np.empty(0), 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
        image = Image.fromarray(stretched)
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        lightness, alpha = np.asarray(image.convert("L")), np.asarray(image.getchannel("A"))
        light = np.einsum("yx,yx", lightness, alpha, dtype=np.int64) > 127 * alpha.sum(dtype=np.int64)
        background = Image.new("RGB", image.size, "black" if light else "white")
        background.paste(image, mask=image.getchannel("A"))
        return background
    return image.convert("RGB")
