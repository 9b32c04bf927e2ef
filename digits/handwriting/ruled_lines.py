"""Printed lines, of ruled or squared paper or of a form, are taken out before the foreground is found."""

import math

import cv2
import numpy as np

DARKER = 0.03, 4.0  # a line is at least so much darker than usual: as a share of the background, and in deviations
SPAN = 0.5  # it crosses at least so much of the picture
UNBROKEN = 0.9  # and is dark along so much of its way
VOTES = 0.64  # pixels on a line that the Hough transform counts at least, as a share of the picture's width
TILT = math.pi / 18  # most angle from level or upright
ANGLE = math.pi / 360  # step of the angles that are tried
MOST = 400  # so many lines are looked at
DISTANT = 5  # least distance of two lines in the middle of the picture, in pixels
HALF_WIDTH = 3  # of a line with its soft edges, in pixels


def without_ruled_lines(light: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Light (H, W) with printed lines divided out: dark, level or upright, from border to border of the picture.

    share (H, W): the light as a share of the background's. A line is what the Hough transform finds (R. Duda, P. Hart,
    "Use of the Hough transformation to detect lines and curves in pictures", 1972), if it is dark all along.
    """
    some = share.ravel()[::7]  # enough for a median
    usual = quantile(some, 0.5)
    noise = quantile(np.abs(some - usual), 0.5)
    below = (share < usual - max(DARKER[0], DARKER[1] * noise)).astype(np.uint8)
    light = light.copy()
    # Level lines, then upright ones on transposed views; `out` writes into `light`.
    for dark, flat, out in ((below, share, light), (np.ascontiguousarray(below.T), share.T, light.T)):
        height, width = dark.shape
        least, most = math.pi / 2 - TILT, math.pi / 2 + TILT
        found = cv2.HoughLines(dark, 1, ANGLE, int(VOTES * width), min_theta=least, max_theta=most)
        near = cv2.dilate(dark, np.ones((3, 1)))
        columns = np.arange(width)
        taken: list[int] = []
        for distance, angle in found.reshape(-1, 2)[:MOST] if found is not None else ():
            rows = np.round((distance - columns * np.cos(angle)) / np.sin(angle)).astype(int)
            inside = (rows >= 0) & (rows < height)
            if inside.mean() < SPAN or any(abs(rows[width // 2] - row) < DISTANT for row in taken):
                continue
            if near[rows[inside], columns[inside]].mean() > UNBROKEN:
                taken.append(rows[width // 2])
                for offset in range(-HALF_WIDTH, HALF_WIDTH + 1):
                    along = (rows + offset).clip(0, height - 1), columns
                    out[along] /= min(1.0, quantile(flat[along], 0.5))
    return light


def quantile(values: np.ndarray, share: float) -> float:
    """The value that this share of the values (N,) lies below."""
    place = int(share * len(values))
    return float(np.partition(values, place)[place])
