"""What is said of a picture: guesses vote, a line falls into groups, and why nothing is read."""

from functools import partial

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from digits.checkpoint.contents import load_network
from digits.checkpoint.selection import BUNDLED
from digits.checkpoint.untrusted import read_checkpoint as checkpoint
from digits.handwriting import Digit, Line, Reader
from digits.handwriting.lattice import Candidate
from digits.handwriting.reader import SMALL
from digits.handwriting.voting import groups, vote
from tests.support.finding import SIZE
from tests.support.pens import STROKES, cover, on_paper
from tests.support.tiers import slow

READER = Reader(load_network(checkpoint(BUNDLED), BUNDLED), context=True)


def said(lines):
    """What is read in lines by a network that says of an image the digit that its shade is a tenth of."""
    shades = np.array([digit.image[0, 0] for line in lines for digit in line.digits])
    return vote(lines, np.where(np.arange(10) == (10 * shades[:, None]).round(), 0.9, 0.01))


def written(*digits, top=0, clarity=1.0, guesses=1):
    """A line of digits in one guess, 30 wide and 50 high, with a wide gap for None."""
    found = [
        Digit(np.full((28, 28), digit / 10, np.float32), (45 * n, top, 45 * n + 30, top + 50))
        for n, digit in enumerate(digits)
        if digit is not None
    ]
    return Line([Candidate(n, n + 1, 0.6, 1.0) for n in range(len(found))], found, clarity, guesses)


def test_the_guesses_at_a_line_vote_and_those_without_it_count_against_it():
    line = partial(written, guesses=3)
    upper = [line(3, top=20, clarity=1.5), line(5, top=22), line(5, top=18)]
    assert [one.text for one in said(upper)] == ["5"]
    lower = [line(7, top=100), line(8, top=105, clarity=2.0)]
    assert [one.text for one in said(lower + upper)] == ["5", "8"]
    [[[twice]]] = said([*upper, line(5, top=21)])  # one guess has two lines there
    assert twice.confidence == pytest.approx(0.9)
    seldom = line(7, top=100, clarity=9.0)
    assert [one.text for one in said([*upper, seldom])] == ["5"]
    assert [one.text for one in said([seldom])] == [""]


def test_the_guesses_at_a_single_digit_vote_with_all_outputs():
    """Two guesses say 1 and 7, and both hold a 4 nearly as likely; a third one says 7, surely."""
    outputs = torch.zeros(3, 10)
    outputs[0, [1, 4]] = outputs[1, [7, 4]] = torch.tensor([0.5, 0.4])
    outputs[2, 7] = 1

    def reading(*clarities):
        lines = [written(0, clarity=one, guesses=len(clarities))._replace(known=True) for one in clarities]
        [[[group]]] = vote(lines, outputs[: len(lines)].numpy())
        [reading] = group.readings
        return reading

    assert [reading(*clear).digit for clear in [(2,), (2, 2), (2, 2, 1)]] == [1, 4, 7]
    alone, lengths = [written(0)._replace(known=True)], [(1, 1), (1, 3), (2, 3)]
    assert [len(vote(alone, outputs[2:].numpy(), length)) for length in lengths] == [1, 1, 0]
    four = reading(2, 2)  # which has not the largest output
    assert (four.activation, four.runner_up) == (pytest.approx(0.4), 1)


def test_a_line_falls_into_groups_at_wide_gaps():
    [line] = said([written(2, 7, None, 1, 5, None, 4, 2)])
    assert line.text == "27 15 42" and [len(group.readings) for group in line.groups] == [2, 2, 2]


@pytest.mark.parametrize(("height", "parts"), [(50, [3, 2]), (10, [5])])
def test_a_sign_parts_groups_and_a_comma_does_not(height, parts):
    [[[group]]] = said([written(2, 7, 0, 1, 5)])
    readings = [one._replace(box=(32 * n, 0, 32 * n + 30, 50)) for n, one in enumerate(group.readings)]
    readings[2] = readings[2]._replace(digit=None, box=(70, 50 - height, 80, 50))
    assert [len(part) for part in groups(readings)] == parts


def test_each_group_is_a_number_or_none():
    """One guess of three has something in the right part: the others count against it."""
    clearest = written(2, 7, None, 1, 5, clarity=9.0, guesses=3)
    [line] = said([clearest, *[written(2, 7, guesses=3)] * 2])
    [left, right] = line.groups
    assert (line.text, left.text, right.text) == ("27", "27", "") and len(right.readings) == 2
    assert left.confidence == pytest.approx(0.9) and right.confidence == pytest.approx((0.9 * 0.3) ** 0.5)


@pytest.mark.parametrize(("degrees", "enlarged"), [(0, 1), (90, 1), slow(180, 1), slow(270, 8)])
def test_a_picture_that_lies_on_its_side_is_turned(degrees, enlarged):
    """Also a large one, whose boxes are larger than those of the turned ones."""
    digits = [
        (STROKES[digit], 30 + 80 * (n % 4), 30 + 90 * (n // 4), 60) for n, digit in enumerate((3, 4, 2, 5, 8, 3, 0, 2))
    ]
    upright = Image.fromarray(on_paper(cover((380, 220), *digits)).repeat(enlarged, 0).repeat(enlarged, 1))
    wanted = READER.read(upright)
    picture = upright.rotate(-degrees, expand=True)
    said = READER.read(picture)
    assert (said.text, said.degrees, said.error) == (wanted.text, degrees, "")
    if degrees:
        boxes = np.array([reading.box for reading in said.lines[0].groups[0].readings])
        width, height = picture.size
        assert (boxes >= 0).all() and (boxes <= [width, height, width, height]).all()
        ink = 255 - np.asarray(picture.convert("L")).astype(int)
        assert all(ink[top:bottom, left:right].max() > 100 for left, top, right, bottom in boxes)


def test_of_two_ways_up_that_are_read_well_the_surer_is_taken():
    """A 25 is a 52 upside down."""
    upright = Image.fromarray(on_paper(cover((220, 130), (STROKES[2], 30, 30, 60), (STROKES[5], 110, 30, 60))))
    turned = [READER.read(upright.rotate(-degrees, expand=True)) for degrees in (90, 270)]
    assert [(said.text, said.degrees) for said in turned] == [("25", 90), ("25", 270)]


@pytest.mark.parametrize(("deviation", "blur"), [(2, 0), (40, 0), (200, 3), (900, 10)])
def test_texture_is_no_number(deviation, blur):
    noise = np.random.default_rng(0).standard_normal((240, 320)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), blur) if blur else noise
    said = READER.read((160 + deviation * noise).clip(0, 255).astype(np.uint8))
    assert said.error and not said.text


@pytest.mark.parametrize("softness", [0.5, 3, 30])
@pytest.mark.parametrize("angle", [0, 1.6, 2.5, 4])
def test_a_digit_is_read_across_which_a_shadow_falls(angle, softness):
    """Hard as of paper in the sun, or soft as of a hand; it takes 45 % of the light beyond a line near the middle."""
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    along = (x - 0.47 * SIZE[0]) * np.cos(angle) + (y - 0.47 * SIZE[1]) * np.sin(angle)
    light = 1 - 0.45 / (1 + np.exp(-along / softness)) + np.random.default_rng(0).normal(0, 0.02, SIZE[::-1])
    two = on_paper(cover(SIZE, (STROKES[2], 110, 50, 120)))
    picture = (two * light[:, :, None]).clip(0, 255).astype(np.uint8)
    assert READER.read(picture).text == "2"


@pytest.mark.parametrize(("widths", "text"), [((1, 0.9, 1.1), "000"), ((1, 1, 1), "")])
def test_three_digits_alike_are_a_number_if_a_hand_drew_them(widths, text):
    """A hand draws no two as wide."""
    digits = [([[(x * wide, y) for x, y in STROKES[0][0]]], 30 + 90 * n, 30, 70) for n, wide in enumerate(widths)]
    assert READER.read(on_paper(cover((310, 130), *digits))).text.replace(" ", "") == text


def scribble():
    """Strokes like no digit."""
    picture = Image.new("L", (300, 200), 250)
    draw = ImageDraw.Draw(picture)
    for angle in np.linspace(0, np.pi, 7):
        x, y = 90 * np.cos(angle), 80 * np.sin(angle)
        draw.line([(150 - x, 100 - y), (150 + x, 100 + y)], 20, 6)
    return picture


def speck():
    """A stroke that is too small."""
    picture = Image.new("L", (40, 40), 250)
    ImageDraw.Draw(picture).line([(15, 18), (19, 21), (24, 18)], 20, 2)
    return picture


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (Image.new("L", (300, 200), 250), "nothing on it stands out"),
        (scribble(), "like no digits; crop it"),
        (speck(), f"less than {SMALL} pixels high"),
    ],
)
def test_why_nothing_is_read(picture, reason):
    said = READER.read(picture)
    assert reason in said.error and "\n" not in said.error and not said.text
