"""The eye: how it looks at a picture, what the bundled one sees, and that it learns."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from digits.handwriting import eye
from digits.handwriting.background import missing_light
from digits.network import sigmoid_network, weights_and_biases
from tests.support.pens import line

FIRST, SECOND = 25 + 5 * (49 + 2 * 9), 2 * 25 + 5 * (2 * 49 + 2 * 9)  # inputs of the two networks


def layers(inputs, *neurons, seed=1):
    network = weights_and_biases(sigmoid_network([inputs, *neurons, 1], seed=seed))
    return [(weights.numpy().T, biases.numpy()) for weights, biases in zip(*network, strict=True)]


def test_each_level_of_a_pyramid_has_the_means_of_the_one_before_and_its_border_is_repeated():
    plane = np.arange(35 * 70, dtype=np.float32).reshape(35, 70)
    levels = eye.pyramid(plane)
    assert [level.shape for level in levels] == [(35, 70), (18, 35), (9, 18), (5, 9), (3, 5), (2, 3)]
    assert levels[1][3, 4] == plane[6:8, 8:10].mean() and levels[1][17, 4] == plane[34, 8:10].mean()
    inside, corner = eye.patches(plane, 3, np.array([17, 0]), np.array([35, 69])).reshape(2, 7, 7)
    assert np.array_equal(inside, plane[14:21, 32:39]) and corner[3, 3] == corner[0, 6] == plane[0, 69]


def test_sharing_work_between_pixels_does_not_change_the_outputs():
    rng = np.random.default_rng(0)
    views, _ = eye.first_views(rng.random((45, 70, 3), np.float32) / 2)
    rows, columns = rng.integers(0, 45, 300), rng.integers(0, 70, 300)
    network = sigmoid_network([FIRST, 7, 5, 1], seed=1)
    with torch.no_grad():
        expected = network(torch.from_numpy(eye.inputs(views, rows, columns)))[:, 0]
    np.testing.assert_allclose(eye.outputs(layers(FIRST, 7, 5), views, rows, columns), expected, rtol=1e-4)
    assert len(eye.outputs(layers(FIRST, 7, 5), views, rows[:0], columns[:0])) == 0


def form(width, enlarged=1):
    """Return a picture of three digits in a frame, and masks of the digits and of the frame."""
    digits = line()
    drawn = digits.copy()
    frame = Image.new("L", digits.size, 255)
    for image in (drawn, frame):
        ImageDraw.Draw(image).rectangle((4, 4, digits.width - 5, digits.height - 5), None, 40, width)
    layers = (np.asarray(image).repeat(enlarged, 0).repeat(enlarged, 1) for image in (drawn, digits, frame))
    pixels, ink, printed = layers
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_GRAY2RGB), ink < 120, printed < 120


@pytest.mark.parametrize("width", [2, 5, 9])
@pytest.mark.parametrize("enlarged", [1, 2])  # the larger picture is scored at half its resolution
def test_the_bundled_eye_tells_digits_from_a_frame(width, enlarged):
    pixels, digits, frame = form(width, enlarged)
    assert (pixels[:, :, 0].size > eye.HALVED) == (enlarged == 2)
    scores = eye.look(eye.bundled(), missing_light(pixels))
    assert scores.shape == digits.shape and scores.dtype == np.float32
    assert scores[digits].mean() > 0.85 and scores[frame].mean() < 0.15
    assert scores[~(digits | frame)].mean() < 0.1


def test_the_bundled_eye_sees_no_handwriting_on_blank_paper():
    assert [eye.bundled()[n][0][0].shape[0] for n in (0, 1)] == [FIRST, SECOND]
    assert not eye.look(eye.bundled(), missing_light(np.full((60, 80, 3), 200, np.uint8))).any()
