"""Digits drawn in other styles: repeatable, drawn as MNIST's are, and only those that a style is for."""

import cv2
import numpy as np
import pytest
import torch

from digits.augment import allographs
from digits.handwriting.normalize import bounds, centre_of_mass

OF = {"FLAG": 1, "FOOT": 1, "BAR": 7, "SERIF": 7, "SHORT": 4, "LOW": 4, "CURL": 9, "LOOP": 2, "TAIL": 0}
SHARES = *OF, "STRETCHED", "REMAINS", "TOUCHED"
SHAPES = {  # corners of the pen's way
    0: [(9, 5), (18, 5), (18, 23), (9, 23), (9, 5)],
    2: [(8, 8), (8, 4), (19, 4), (19, 11), (8, 23), (20, 23)],
    1: [(14, 4), (14, 23)],
    4: [(16, 4), (8, 15), (20, 15), (16, 15), (16, 4), (16, 23)],
    7: [(8, 4), (20, 4), (12, 23)],
    9: [(18, 5), (10, 5), (10, 12), (18, 12), (18, 5), (18, 23)],
}


def digit(number):
    """A digit (28, 28) uint8 of straight strokes about three pixels wide, in a box of about 20."""
    image = np.zeros((28, 28), np.uint8)
    cv2.polylines(image, [np.array(SHAPES[number])], False, 255, 2, cv2.LINE_AA)
    return torch.from_numpy(image)


def restyled(monkeypatch, number, count=300, **shares):
    """Copies (count, 28, 28) float 0..1 of a digit in styles of which those not named have the share 0."""
    for name in SHARES:
        monkeypatch.setattr(allographs, name, shares.get(name, 0.0))
    labels = torch.full((count,), number)
    return allographs.with_allographs(digit(number).expand(count, -1, -1), labels, 0, 0) / 255


def many(count=4000):
    """Images of all six digits that have styles."""
    labels = torch.tensor([0, 1, 2, 4, 7, 9]).repeat(count // 6 + 1)[:count]
    return torch.stack([digit(number) for number in labels.tolist()]), labels


def test_digits_without_styles_stay_as_they_are(monkeypatch):
    for name in ("STRETCHED", "REMAINS", "TOUCHED"):
        monkeypatch.setattr(allographs, name, 0.0)
    noise = torch.randint(256, (1000, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([3, 5, 6, 8]).repeat(250)
    assert allographs.with_allographs(noise, labels, 1, 2).equal(noise)
    labels[::10] = 1
    changed = (allographs.with_allographs(noise, labels, 1, 2) != noise).any((1, 2))
    assert changed.any() and not changed[labels != 1].any()


@pytest.mark.parametrize("style, number", [*OF.items(), ("REMAINS", 9), ("STRETCHED", 7)])
def test_as_many_as_the_constant_says(style, number, monkeypatch):
    share = getattr(allographs, style)
    copies = restyled(monkeypatch, number, 2000, **{style: share})
    changed = (copies != digit(number) / 255).any(2).any(1)
    assert changed.double().mean().item() == pytest.approx(share, abs=0.04)  # four standard errors


def test_stretched_digits_are_narrower_or_wider(monkeypatch):
    copies = restyled(monkeypatch, 7, STRETCHED=1.0).numpy()
    across = [right - left for left, _, right, _ in (bounds(image > 0.5) for image in copies)]
    assert max(across) >= 15 and min(across) <= 12  # 14 before; the height stays 20


def test_a_flag_is_left_of_the_stem_near_the_top(monkeypatch):
    before, flagged = digit(1) / 255, restyled(monkeypatch, 1, FLAG=1.0)
    stem = flagged[:, 20:23].sum(1).argmax(1)  # its column, below the flag
    left = torch.arange(28) < stem[:, None, None] - 2
    top, below = (flagged * left)[:, :15].sum((1, 2)), (flagged * left)[:, 21:].sum((1, 2))
    assert before[:, :12].sum() == 0
    assert (top > 1).double().mean() > 0.8 and below.mean() < 0.1 * top.mean()


def test_a_bar_crosses_a_seven(monkeypatch):
    before, barred = digit(7) / 255, restyled(monkeypatch, 7, BAR=1.0)
    widest = (barred > 0.5)[:, 12:22].sum(2).amax(1)  # of the rows between the top and the bottom
    assert (before > 0.5)[12:22].sum(1).max() <= 5
    assert (widest >= 7).double().mean() > 0.9


def test_a_four_loses_ink_below_its_bar_or_on_the_right_above_it(monkeypatch):
    def below(images):
        """The ink below the row with the most."""
        bar = images.sum(2).argmax(1)
        return (images * (torch.arange(28)[:, None] > bar[:, None, None] + 2)).sum((1, 2))

    before, shortened, lowered = (restyled(monkeypatch, 4, **style) for style in ({}, {"SHORT": 1.0}, {"LOW": 1.0}))
    assert (below(shortened) < below(before)).double().mean() > 0.95
    assert below(shortened).mean() < 0.7 * below(before).mean()
    assert lowered[:, :10, 15:].sum() < 0.5 * before[:, :10, 15:].sum()


def test_a_loop_closes_a_two(monkeypatch):
    for image in restyled(monkeypatch, 2, 50, LOOP=1.0).numpy():
        paper = (image < 0.3).astype(np.uint8)
        assert cv2.connectedComponents(paper, connectivity=4)[0] - 1 == 2  # outside, and a hole


def test_a_tail_makes_a_zero_wider(monkeypatch):
    def wide(image):
        left, top, right, bottom = bounds(image > 0.5)
        return (right - left) / (bottom - top)

    tailed = [wide(image) for image in restyled(monkeypatch, 0, TAIL=1.0).numpy()]
    assert np.max(tailed) > wide(digit(0).numpy() / 255) + 0.2


def test_remains_lie_beside_a_digit(monkeypatch):
    """The digit itself, scaled and moved by them, is still there as one part; often they are another."""
    parts = []
    for image in restyled(monkeypatch, 7, REMAINS=1.0).numpy():
        _, _, stats, _ = cv2.connectedComponentsWithStats((image > 0.3).astype(np.uint8))
        areas = np.sort(stats[1:, cv2.CC_STAT_AREA])
        parts.append(len(areas))
        assert areas[-1] > 50 and areas[:-1].sum() < 60
    assert 0.25 < np.mean(np.array(parts) == 2) < 0.75


def test_a_digit_is_cut_near_where_it_touches_its_neighbour():
    """On the right or on the left a little is lost, or a little of the neighbour is left; elsewhere all stays."""
    before = many(600)[0] / 255
    after = allographs.Strokes(before.clone(), torch.Generator().manual_seed(0)).cut_from_neighbours().pixels
    gained, lost = (after - before).clamp(min=0), (before - after).clamp(min=0)
    ink = before.sum((1, 2))
    assert 0.02 < gained.sum((1, 2)).mean() / ink.mean() < 0.2 and gained.sum((1, 2)).max() < ink.max()
    assert 0.02 < lost.sum((1, 2)).mean() / ink.mean() < 0.2
    left, right = ((gained + lost)[:, :, half].sum((1, 2)) > 1 for half in (slice(0, 12), slice(17, 28)))
    assert not (left & right).any()
    assert left.double().mean() > 0.2 and right.double().mean() > 0.2


@pytest.mark.parametrize("style, number", [*OF.items(), ("STRETCHED", 9), ("REMAINS", 9), ("TOUCHED", 9)])
def test_drawn_as_mnist_draws(style, number, monkeypatch):
    for image in restyled(monkeypatch, number, **{style: 1.0}).numpy():
        left, top, right, bottom = bounds(image > 0.2)
        least = 17 if style == "TOUCHED" else 18  # where a neighbour's ink is cut, its edge is soft
        assert least <= max(right - left, bottom - top) <= 21
        assert centre_of_mass(image) == pytest.approx((14.5, 14.5), abs=0.6)
