"""A digit, and the candidates of a line, are found in pictures of any size, and a network reads them."""

from itertools import cycle

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from digits import mnist
from digits.handwriting import Reader, find_lines
from digits.handwriting.lattice import FITTED
from digits.handwriting.lines import CANDIDATES, GUESSES
from digits.handwriting.normalize import REST, centre_of_mass
from digits.model import DigitClassifier
from digits.network import sigmoid_network
from tests.support.finding import NEAR, SIZE, assert_finds, difference, encoded, find_digit
from tests.support.pens import APART, STROKES, as_mnist, box, cover, on_paper


@pytest.mark.slow
@pytest.mark.mnist
def test_the_test_images_as_files_pass_unchanged(mnist_dir):
    images, _ = mnist.load(mnist_dir, train=False)
    found = [find_digit(encoded(Image.fromarray(image), "PNG", compress_level=1)) for image in images.numpy()]
    assert {digit.box for digit in found} == {(0, 0, 28, 28)}
    read = torch.from_numpy(np.stack([digit.image for digit in found]))
    assert read.dtype == torch.float32 and torch.equal(read, images / 255)
    for seed in range(3):
        model = DigitClassifier([30], init="gaussian", seed=seed)
        assert all(torch.equal(a, b) for a, b in zip(model.predict(read), model.predict(images), strict=True))


def test_a_picture_of_28x28_that_is_not_drawn_so_is_redrawn():
    ink = cover((28, 28), (STROKES[2], 2, 1, 18))
    digit = find_digit((255 * ink).astype(np.uint8))
    assert digit.box != (0, 0, 28, 28)
    assert np.abs(np.subtract(centre_of_mass(digit.image), 14.5)).max() < 0.5


@pytest.mark.parametrize("side", [16, 24, 32, 40, 60, 90, 150, 299, 301, 450, 1000, 1501, 3000])
def test_the_size_of_the_picture_does_not_matter(side):
    ink = cover((side, side), (STROKES[2], 0.2 * side, 0.15 * side, 0.6 * side))
    assert_finds(on_paper(ink), ink, NEAR if side >= 60 else 4 * NEAR, pixels=max(2, side / 100))
    if side >= 1000:  # these are decoded smaller
        assert_finds(encoded(Image.fromarray(on_paper(ink)), "JPEG"), ink, pixels=side / 100)


@pytest.mark.parametrize("size", [(1000, 60), (60, 1000), (3000, 200), (200, 3000), (1234, 567)])
def test_the_shape_of_the_picture_does_not_matter(size):
    ink = cover(size, (STROKES[5], 0.4 * size[0], 0.3 * size[1], 0.5 * min(size)))
    near = (2 if size == (200, 3000) else 1.5) * NEAR  # with thin strokes as ink, 0.037 there
    assert_finds(on_paper(ink), ink, near, pixels=max(2, (size[0] * size[1]) ** 0.5 / 100))


@pytest.mark.parametrize("share", [0.2, 0.4, 0.95])
@pytest.mark.parametrize(("digit", "place"), [*zip(STROKES, cycle([(0, 0), (0, 1), (1, 0), (0.5, 0.5), (1, 1)]))])
def test_a_digit_is_read_wherever_it_is_and_of_any_height_from_a_fifth_of_the_picture(digit, place, share):
    height = share * SIZE[1]
    left, top = 3 + place[0] * (SIZE[0] - 0.8 * height - 6), 3 + place[1] * (SIZE[1] - height - 6)
    ink = cover(SIZE, (STROKES[digit], left, top, height))
    assert_finds(on_paper(ink), ink)


def component_count(ink):
    return cv2.connectedComponents((ink > 0.3).astype(np.uint8))[0] - 1


def is_candidate(picture, ink):
    """Whether one of the candidates in the picture's lines is the digit of this ink."""
    digits, wanted = [digit for line in find_lines(picture) for digit in line.digits], as_mnist(ink)
    near = [digit.box for digit in digits if difference(digit.image, wanted) < 2 * NEAR]
    return any(max(np.abs(np.subtract(found, box(ink)))) < 6 for found in near)


@pytest.mark.parametrize("digit", APART)
def test_a_broken_digit_is_put_together_alone_and_between_others(digit):
    ink = cover(SIZE, (APART[digit], 110, 50, 120))
    assert component_count(ink) == 2
    assert_finds(on_paper(ink), ink)
    ink = cover((420, 240), (STROKES[3], 40, 50, 120), (APART[digit], 180, 50, 120), (STROKES[2], 300, 50, 120))
    assert is_candidate(on_paper(ink), cover((420, 240), (APART[digit], 180, 50, 120)))


def test_in_context_a_digit_that_is_cut_from_others_has_the_rest_of_them_beside_it():
    apart = cover(SIZE, (STROKES[1], 40, 60, 110), (STROKES[7], 200, 60, 110))
    three = STROKES[3], 50, 60, 110
    touching = cover(SIZE, three, (STROKES[8], box(cover(SIZE, three))[2] - 5, 60, 110))
    assert (component_count(apart), component_count(touching)) == (2, 1)

    def faint(ink, context):
        """How many pixels of each candidate are as light as the rest; some are its own soft edges."""
        lines = find_lines(on_paper(ink), context=context)
        return np.array([(np.abs(digit.image - REST) < 0.02).sum() for line in lines for digit in line.digits])

    assert max(faint(apart, True)) < 8 and (faint(touching, False) > 12).mean() < 0.05
    assert min(faint(touching, True)) < 8 and (faint(touching, True) > 12).mean() > 0.8  # the whole is cut from nothing


@pytest.mark.parametrize(
    "digits", [[5, 3], [1, 1, 1], [2, 0, 4, 7, 8], [3, "5, its bar apart", 1, "5, its bar apart", 7]]
)
def test_each_digit_of_a_line_is_a_candidate_and_a_single_one_is_one_of_them(digits):
    rng, left, placed = np.random.default_rng(0), 30.0, []
    for digit in digits:
        height = rng.uniform(62, 78)
        placed.append(((STROKES | APART)[digit], left, rng.uniform(60, 75), height))
        left = box(cover((1000, 200), placed[-1]))[2] + 0.25 * height
    size = int(left) + 20, 200
    picture = on_paper(cover(size, *placed))
    inks, single = [cover(size, one) for one in placed], find_digit(picture)
    assert all(is_candidate(picture, ink) for ink in inks)
    assert min(np.abs(np.subtract(single.box, box(ink))).max() for ink in inks) <= 4


@pytest.mark.parametrize(("left", "right"), [(0, 8), (3, 8), (8, 3)])
def test_digits_that_touch_are_parted(left, right):
    one = cover(SIZE, (STROKES[left], 50, 60, 110))
    other = cover(SIZE, (STROKES[right], box(one)[2] - 5, 60, 110))
    both = np.maximum(one, other)
    assert component_count(both) == 1
    assert is_candidate(on_paper(both), one) and is_candidate(on_paper(both), other)


def test_work_is_bounded_whatever_a_picture_holds():
    noise = np.random.default_rng(4).integers(0, 256, (100, 100), np.uint8).repeat(3, 0).repeat(3, 1)
    lines = find_lines(noise, context=True)
    assert sum(len(line.candidates) for line in lines) <= CANDIDATES and lines[0].guesses >= GUESSES
    assert lines[0].crowded and len({min(digit.box[1] for digit in line.digits) for line in lines}) > 1


def constant_network(*outputs):
    """A network that says the same of every image."""
    network = sigmoid_network([784, len(outputs)]).requires_grad_(False)
    network[0].weight.zero_()
    network[0].bias.copy_(torch.tensor(outputs).logit())
    return network


@pytest.mark.parametrize("activation", [FITTED["REJECTION_THRESHOLD"] + more for more in (-0.02, 0.02)])
def test_a_line_is_rejected_below_the_threshold_but_not_a_digit_that_is_known(activation):
    network = constant_network(*[0.001] * 4, activation, *[0.001] * 5)
    picture = on_paper(cover(SIZE, (STROKES[0], 110, 50, 120)))
    reader = Reader(network)
    [[[known]]] = reader.read_lines(find_lines(picture, single=True))
    [reading] = known.readings
    assert known.text == "4" and reading.outputs[4] == pytest.approx(activation) == pytest.approx(known.confidence)
    [[[group]]] = reader.read_lines(find_lines(picture))
    assert group.text == ("4" if activation > FITTED["REJECTION_THRESHOLD"] else "")
    assert group.readings[0].box == find_digit(picture).box
