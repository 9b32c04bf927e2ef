"""Any picture, of whatever format, depth, size and orientation, as RGB of a size to work on."""

import io
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from digits.errors import UserError
from digits.files import write_atomically

LARGEST = 64_000_000  # pixels of a picture; more would be a decompression bomb, or take gigabytes
NARROW = 100  # a picture is refused if one side is this many times the other
WORKING = 300  # a picture is reduced to an area of about 300 x 300 pixels


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder, by their names, in order. Raises UserError if it is no folder that can be read."""
    try:
        known = Image.registered_extensions()
        return sorted(file for file in folder.iterdir() if file.suffix.lower() in known and file.is_file())
    except OSError as error:
        raise UserError(f"the folder {folder} cannot be read: {error.strerror}") from error


def save(image: Image.Image, path: Path) -> None:
    """Write a picture, whole, in the format that its name says. Raises UserError if that cannot be done."""
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind not in Image.SAVE:
        raise UserError(f"cannot write {path}: end its name in .png or .jpg")
    buffer = io.BytesIO()
    image.save(buffer, kind)
    write_atomically(path, buffer.getvalue())


def open_picture(picture: Any) -> tuple[Image.Image, float]:
    """A picture as RGB, upright, reduced to WORKING; and its scale: original pixels to one of these.

    Raises UserError if it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = opened(picture)
            pixels = image.width * image.height
            if pixels > LARGEST:
                raise UserError(f"has {pixels / 1e6:,.0f} megapixels; at most {LARGEST / 1e6:.0f} are read")
            shorter, longer = min(image.size), max(image.size)
            if shorter < 8 or longer > NARROW * shorter:
                raise UserError(f"is {image.width}x{image.height} pixels, too small or too narrow to show a digit")
            width, height = (max(1, int(n * WORKING / pixels**0.5)) for n in image.size)
            image.draft("", (width, height))  # a JPEG is decoded at a half, a quarter or an eighth
            image = _reducible(image)
            reduction = -(-int((image.width * image.height) ** 0.5) // WORKING)
            image = plain(image.reduce(reduction))
            return image, longer / max(image.size)
    except UserError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UserError("is too large a picture") from error
    except Exception as error:  # what a damaged file raises may be anything
        reason = getattr(error, "strerror", None) or "it is not a picture, or damaged"
        raise UserError(f"cannot be read: {reason}") from error


def opened(picture: Any) -> Image.Image:
    """A PIL image of a path, the bytes of a file, a PIL image or an array; of a file, not decoded yet."""
    if isinstance(picture, Image.Image):
        return picture.copy()
    if isinstance(picture, bytes):
        return Image.open(io.BytesIO(picture))
    if isinstance(picture, str | Path):
        return Image.open(picture)
    array = np.asarray(picture)
    if array.dtype == np.uint16:
        array = array >> 8
    elif array.dtype.kind in "fb":
        array = array * 255.0
    if array.dtype != np.uint8:
        array = array.clip(0, 255).round().astype(np.uint8)
    return Image.fromarray(array)


def _reducible(image: Image.Image) -> Image.Image:
    """In a mode whose pixels can be averaged, which is all that is done at full size: 64 megapixels of RGB are much."""
    if image.mode[0] == "I":
        mode = "I"
    elif image.has_transparency_data:
        mode = "RGBA"
    else:
        mode = {"1": "L", "L": "L", "F": "F", "CMYK": "CMYK"}.get(image.mode, "RGB")
    return image if mode == image.mode else image.convert(mode)


def plain(image: Image.Image) -> Image.Image:
    """A PIL image upright, as RGB: deep pixels stretched to 0..255, clear ones white, or black if the rest is light."""
    image = ImageOps.exif_transpose(image)
    if image.mode[0] in "IF":
        stretched = cv2.normalize(np.asarray(image, np.float32), np.empty(0), 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
        image = Image.fromarray(stretched)
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        opaque = np.asarray(alpha)
        light = opaque.any() and np.average(np.asarray(image.convert("L")), weights=opaque) > 127
        background = Image.new("RGB", image.size, "black" if light else "white")
        background.paste(image, mask=alpha)
        return background
    return image.convert("RGB")
