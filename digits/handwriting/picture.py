"""Any picture, of whatever format, depth, size and orientation, as RGB of a size to work on."""

import io
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from digits.common.errors import UserError
from digits.common.files import check_target, read_bounded, write_atomically
from digits.handwriting.pdf import Page, render

# The formats that are opened, and the most megapixels of each: then reading takes less than about 900 MB and three
# seconds. JPEG 2000 is decoded slowest; its 9 megapixels are a page of A4 with 300 dots per inch.
FORMATS = {"JPEG": 64, "PNG": 64, "GIF": 64, "BMP": 64, "PPM": 64, "TIFF": 50, "WEBP": 32, "JPEG2000": 9, "AVIF": 32}
WRITTEN = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
LARGEST = 100_000_000  # bytes of a picture's file
NARROW = 100  # a picture is refused if one side is so many times as long as the other
WORKING = 300, 600  # a picture of one digit is reduced to an area of about 300 x 300 pixels, one of lines to 600 x 600


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder, in the order of their names."""
    known = {suffix for suffix, kind in Image.registered_extensions().items() if kind in FORMATS}
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in known and file.is_file())


def check_output(path: Path, reads: Iterable[str | Path], suffixes: Iterable[str] = WRITTEN) -> None:
    """Raise UserError, before long work, if a picture cannot be written there, or only over a file that is read."""
    if path.suffix.lower() not in suffixes or not os.path.isdir(path.parent):
        raise UserError(f"cannot write {path}: name a {' or '.join(list(suffixes)[:2])} in a folder that is there")
    check_target(path, reads)


def save(image: Image.Image, path: Path) -> None:
    """Write a picture atomically, in the format that its path names. Raises UserError if that cannot be done."""
    buffer, kind = io.BytesIO(), WRITTEN[path.suffix.lower()]
    image.save(buffer, kind)
    write_atomically(path, buffer.getvalue())


def open_picture(picture: Any, *, single: bool = False) -> tuple[Image.Image, float]:
    """A picture as RGB, upright, reduced to WORKING for a `single` digit or for lines; and its scale, which is how many
    original pixels one of these is wide. Raises UserError if it cannot be read.
    """
    with _one_line_errors():
        image = _opened(picture)
        pixels = image.width * image.height
        shorter, longer, working = min(image.size), max(image.size), WORKING[0 if single else 1]
        if shorter < 8 or longer > NARROW * shorter:
            raise UserError(f"is {image.width}x{image.height} pixels, too small or too narrow to show a digit")
        width, height = (max(1, int(n * working / pixels**0.5)) for n in image.size)
        image.draft("", (width, height))  # a JPEG is decoded at a half, a quarter or an eighth
        image = _reducible(image)
        reduction = -(-int((image.width * image.height) ** 0.5) // working)
        image = _plain(image.reduce(reduction))
        return image, longer / max(image.size)


def upright(picture: Any) -> Image.Image:
    """A picture as RGB, upright, in its own size. Raises UserError if it cannot be read."""
    with _one_line_errors():
        return _plain(_opened(picture))


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn whatever opening a picture raises into a UserError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UserError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UserError("is too large a picture") from error
    except Exception as error:  # what a damaged file raises may be anything
        reason = getattr(error, "strerror", None) or "it is not a picture such as a JPEG or PNG, or damaged"
        raise UserError(f"cannot be read: {reason}") from error


def content(picture: Any) -> Any:
    """Return a picture in a form that can be sent to a worker process, or the UserError if it is not a picture.

    An open file becomes its bytes, and anything like an array becomes an array.
    """
    try:
        if isinstance(picture, Image.Image):
            _check_size(picture.width * picture.height)
            picture.load()  # from its file
        elif hasattr(picture, "read"):
            picture = picture.read()
            if not isinstance(picture, bytes):
                raise UserError('cannot be read: open the file in mode "rb"')
        elif isinstance(picture, bytearray | memoryview):
            picture = bytes(picture)
        elif not isinstance(picture, str | Path | bytes | Page):
            picture = _array(picture)
    except UserError as error:
        return error
    except Exception as error:  # what a closed file or a damaged picture raises may be anything
        return UserError(f"cannot be read: {error}")
    return picture


def _opened(picture: Any) -> Image.Image:
    """A PIL image of a path, a page of a PDF, a file's bytes, a PIL image or an array. A file is not decoded yet.

    Raises UserError if it is too large, or is an error itself.
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
            raise UserError("is a PDF; name the file to `predict`, or read a Page(file, number) of it")
        image = Image.open(io.BytesIO(picture), formats=list(FORMATS))
        tags = getattr(image, "tag_v2", {})
        tile = tags.get(322, 0) * tags.get(323, 0)  # of a TIFF, width by height: it may be larger than the picture
        _check_size(max(image.width * image.height, tile), image.format)
        return image
    array = _array(picture)
    if array.dtype.newbyteorder("=") == np.uint16:
        array = array >> 8
    elif array.dtype.kind in "fb":
        if array.max(initial=0) > 2:  # what an enlargement brings over 1 is cut off
            raise UserError(f"has floats up to {array.max():g}, expected are 0..1; divide them by 255, or take uint8")
        array = array * 255.0
    if array.dtype != np.uint8:
        array = array.clip(0, 255).round().astype(np.uint8)
    return Image.fromarray(array)


def _array(picture: Any) -> np.ndarray:
    """Numbers as an array. Raises UserError for anything else, and for more pixels than are read."""
    array = np.asarray(picture)
    if array.dtype.kind not in "uifb" or (array.ndim != 2 and array.shape[2:] not in ((2,), (3,), (4,))):
        raise UserError("is not a path, bytes, a PIL image, or an array (H, W) or (H, W, 3 or 4) of numbers")
    _check_size(array.shape[0] * array.shape[1])
    return array


def _check_size(pixels: int, kind: str | None = None) -> None:
    """Raise UserError for more pixels than are read, before they take memory."""
    megapixels, most = pixels / 1e6, FORMATS.get(kind or "", 64)
    if megapixels > most:
        raise UserError(f"has {megapixels:,.1f} megapixels; in this format at most {most} are read")


def _reducible(image: Image.Image) -> Image.Image:
    """The image in a mode whose pixels can be averaged; as RGB, 64 megapixels would take much more memory."""
    if image.mode[0] == "I":
        mode = "I"
    elif image.has_transparency_data:
        mode = "RGBA"
    else:
        mode = {"1": "L", "L": "L", "F": "F", "CMYK": "CMYK"}.get(image.mode, "RGB")
    return image if mode == image.mode else image.convert(mode)


def _plain(image: Image.Image) -> Image.Image:
    """An image as RGB, upright: deep pixels stretched to 0..255, clear ones white, or black if the others are light."""
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":
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
