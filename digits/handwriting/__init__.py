"""Any picture of handwriting to digits drawn the way MNIST's were.

A network that reads MNIST fails on a photo that is merely shrunk to 28x28, since MNIST's digits were redrawn in one
particular way. So is every digit here (`redraw.py), once its ink is told from the paper (ink.py). Each step
can be written again in a page of JavaScript.
"""

import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageOps

from digits import UserError
from digits.handwriting.ink import Part, find_ink, quantile
from digits.handwriting.redraw import bounds, drawn_as_mnist, redraw

LARGEST = 64_000_000  # pixels of a picture; more would be a decompression bomb, or take gigabytes
NARROW = 100  # a picture that is so many times longer than wide, or more, is refused
WORKING = 300  # a picture is reduced until it has at most this many pixels squared
SMALLEST = 150  # a smaller one is enlarged until it has this many squared

Groups = list[list[Part]]


class Digit(NamedTuple):
    """A digit in a picture: `image` (28, 28) float32 0..1, light on dark; `box` left, top, right, bottom in pixels.

    `clarity` is higher the more the edge of its ink is that of a pen stroke.
    """

    image: np.ndarray
    box: tuple[int, ...]
    clarity: float


def find_digit(picture: Any) -> Digit:
    """The digit in a picture of one; of several, the clearest.

    Args:
        picture: A path, the bytes of a file, a PIL image, or an array (H, W) or (H, W, 3 or 4), uint8, uint16, bool or
            float 0..1. Dark ink on light or light on dark. A 28x28 picture that is drawn as MNIST's are is not changed.

    Raises:
        UserError: If it cannot be read or shows no ink.
    """
    return max(find_digits(picture), key=lambda digit: digit.clarity)


def find_digits(picture: Any) -> list[Digit]:
    """The digits of a line such as a postal code, left to right; arguments and errors are those of `find_digit`.

    Digits that touch are taken for one.
    """
    image, scale = open_picture(picture)
    pixels = np.asarray(image)
    if drawn_as_mnist(pixels):
        return [Digit(pixels[:, :, 0] / np.float32(255), (0, 0, 28, 28), 1.0)]
    enlargement = -(-SMALLEST // max(1, int((image.width * image.height) ** 0.5)))
    if enlargement > 1:
        size = image.width * enlargement, image.height * enlargement
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC)
    ink = find_ink(pixels)
    digits = []
    for group in group_parts(ink.parts):
        mask = np.isin(ink.labels, [part.label for part in group])
        left, top, right, bottom = bounds(mask)
        here = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
        near = cv2.dilate(mask[here].astype(np.uint8), np.ones((3, 3)))
        strokes = np.clip(ink.darkness[here] / quantile(ink.darkness[mask], 0.5), 0, 1) * near
        box = tuple(round(n * scale / enlargement) for n in (left, top, right, bottom))
        digits.append(Digit(redraw(strokes), box, max(part.score for part in group)))
    return digits


def group_parts(parts: list[Part]) -> Groups:
    """Put together the parts of a digit: what lies above each other or is small and near. Left to right."""
    clearest = max(part.score for part in parts)
    parts = [part for part in parts if part.score > 0.12 * clearest]
    tall = max(part.bottom - part.top for part in parts)
    groups: Groups = []
    for part in sorted(parts, key=lambda part: part.top - part.bottom):
        height = part.bottom - part.top
        homes = []
        for group in groups:
            for other in group:
                across = min(other.right, part.right) - max(other.left, part.left)  # negative where there is a gap
                down = min(other.bottom, part.bottom) - max(other.top, part.top)
                gap = float(np.hypot(min(across, 0), min(down, 0)))
                overlap = across / min(other.right - other.left, part.right - part.left)
                small = height <= 0.5 * tall and gap < 0.2 * tall
                stacked = overlap > 0.5 and gap < 0.3 * tall and (height <= 0.5 * tall or down < 0.5 * height)
                if small or stacked or overlap > 0.8:
                    homes.append((gap, group))
        if homes:
            min(homes, key=lambda home: home[0])[1].append(part)
        elif height > 0.25 * tall:  # not a dot or a dash
            groups.append([part])
    return sorted(groups, key=lambda group: min(part.left for part in group))


def open_picture(picture: Any) -> tuple[Image.Image, float]:
    """A picture as RGB, upright, reduced to a working size, and how many of its pixels are one of these.

    Raises UserError if it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = _opened(picture)
            pixels = image.width * image.height
            if pixels > LARGEST:
                raise UserError(f"has {pixels / 1e6:,.0f} megapixels; at most {LARGEST / 1e6:.0f} are read")
            shorter, longer = min(image.size), max(image.size)
            if shorter < 8 or longer > NARROW * shorter:
                raise UserError(f"is {image.width}x{image.height} pixels, too small or too narrow to show a digit")
            wanted = tuple(max(1, int(n * WORKING / pixels**0.5)) for n in image.size)
            image.draft("", wanted)  # type: ignore[arg-type]  # a JPEG is decoded at a half, a quarter or an eighth
            image = _reducible(image)
            reduction = -(-int((image.width * image.height) ** 0.5) // WORKING)
            image = ImageOps.exif_transpose(_plain(image.reduce(reduction))).convert("RGB")
            return image, longer / max(image.size)
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError("no such file") from error
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UserError("is too large a picture") from error
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or 'it is not a picture, or damaged'}") from error
    except Exception as error:  # what a damaged file raises may be anything
        raise UserError("cannot be read: it is not a picture, or damaged") from error


def _opened(picture: Any) -> Image.Image:
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
    return Image.fromarray(array.clip(0, 255).round().astype(np.uint8))


def _reducible(image: Image.Image) -> Image.Image:
    """To a mode whose pixels can be averaged; the rest is done to fewer of them, or 64 megapixels take a gigabyte."""
    if image.mode in ("L", "RGB", "LA", "RGBA", "I", "F", "CMYK"):
        return image.convert("RGBA") if "transparency" in image.info else image
    if image.mode == "1":
        return image.convert("L")
    if image.mode[0] == "I":
        return image.convert("I")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _plain(image: Image.Image) -> Image.Image:
    """To L or RGB: 16 bits and floats by their range, transparency onto white, or onto black if what shows is light."""
    if image.mode[0] in "IF":
        values = np.asarray(image, np.float32)
        low, high = float(values.min()), float(values.max())
        return Image.fromarray(((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        light = alpha.any() and np.average(np.asarray(image.convert("L")), weights=alpha) > 127
        paper = Image.new("RGB", image.size, "black" if light else "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
