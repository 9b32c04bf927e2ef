"""A second opinion on numbers: PP-OCRv6-small, a text recognizer that learned from millions of pictures.

PaddleOCR's authors trained it (Apache-2.0), and the package rapidocr holds its weights. Only its outputs for digits and
for "no character here" are used, so that it reads numbers like the line network.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digits.handwriting.strips import DIGIT, ROWS, Strip

HIGH = 48  # rows of the recognizer's input
NARROW = 320  # columns of its narrowest input; a narrower picture is extended in grey
TALL = 2.6  # height of the piece of the picture that it sees, in heights of a digit
LEAST = 1e-12  # added to each probability, so that its logarithm is finite


@cache
def recognizer() -> tuple[Any, list[int]]:
    """Return the recognizer, on one thread, and its eleven columns: the ten digits, and no character."""
    from onnxruntime import InferenceSession, SessionOptions

    spec, options = find_spec("rapidocr"), SessionOptions()
    assert spec and spec.origin
    options.intra_op_num_threads = 1
    file = Path(spec.origin).parent / "models" / "PP-OCRv6_rec_small.onnx"
    session = InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    characters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    return session, [*(1 + characters.index(digit) for digit in "0123456789"), 0]


def outputs(pixels: np.ndarray, strip: Strip, start: float, end: float) -> np.ndarray:
    """Return log-probabilities (T, 11) along a strip of a picture (H, W, 3) uint8, between two of its columns."""
    session, columns = recognizer()
    x = piece(pixels, strip, start, end).astype(np.float32) / 127.5 - 1
    x = np.pad(x, [(0, 0), (0, max(0, NARROW - x.shape[1])), (0, 0)])[:, :, ::-1]  # blue comes first
    [probabilities] = session.run(None, {session.get_inputs()[0].name: x.transpose(2, 0, 1)[None]})
    p = probabilities[0][:, columns] + LEAST
    return np.log(p / p.sum(1, keepdims=True))


def piece(pixels: np.ndarray, strip: Strip, start: float, end: float) -> np.ndarray:
    """Cut a strip's piece, level and HIGH rows high, out of a picture: (HIGH, W, 3) uint8. It ends with the picture."""
    height, width = pixels.shape[:2]
    corners = strip.matrix @ [[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]]
    (left, top), (right, bottom) = corners.min(1), corners.max(1)
    left, right = max(left, start), min(right, end)
    top, bottom = max(top, (ROWS - TALL * DIGIT) / 2), min(bottom, (ROWS + TALL * DIGIT) / 2)
    zoom = HIGH / max(bottom - top, 1)
    matrix = zoom * (strip.matrix - [[0, 0, left], [0, 0, top]])
    scale = zoom * strip.scale
    blurred = cv2.GaussianBlur(pixels, (0, 0), 0.4 / scale) if scale < 1 else pixels  # so that shrinking does not alias
    size = max(HIGH, round((right - left) * zoom)), HIGH
    return cv2.warpAffine(blurred, matrix, size, borderMode=cv2.BORDER_REPLICATE)
