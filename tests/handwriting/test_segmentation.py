"""Lines are over-segmented along paths that cross little of the foreground."""

import cv2
import numpy as np
import pytest

from digits.handwriting.components import Component
from digits.handwriting.eye import Sight, foregrounds
from digits.handwriting.lattice import candidates
from digits.handwriting.normalize import bounds
from digits.handwriting.segmentation import SLANTS, deslanted, segment, segmentation_paths
from tests.support.finding import SIZE
from tests.support.pens import STROKES, cover


def test_segmentation_paths_follow_the_slant():
    """Two strokes that slant by a half, joined by a bar; no vertical path runs between them."""
    mask = np.zeros((80, 120), np.uint8)
    for x in (45, 75):
        cv2.line(mask, (x + 20, 5), (x - 15, 75), 1, 6)
    cv2.line(mask, (45, 40), (75, 40), 1, 4)
    assert mask[:, 45:75].sum(axis=0).min() > 10
    between = [path for path in segmentation_paths(mask > 0, 60) if 48 < path[40] < 72]
    assert {mask[np.arange(80), path].sum() for path in between} == {5}  # the bar alone
    assert all(np.abs(np.diff(path)).max() == 1 for path in between)


def foreground(ink):
    """What an eye sees that is sure of all that is drawn."""
    return foregrounds(Sight(ink, ink))[0]


def test_a_segment_says_how_much_foreground_the_cut_on_its_right_crosses():
    """Bars of 10 and of 20 rows join three blocks; beside them is another stroke."""
    ink = np.zeros((100, 260), np.float32)
    ink[20:80, 20:60] = ink[20:80, 68:108] = ink[20:80, 116:156] = ink[45:55, 60:68] = ink[40:60, 108:116] = 1
    paths = segmentation_paths(ink[20:80, 20:156] > 0, 60)
    crossed = [ink[np.arange(20, 80), 20 + path].sum() / 60 for path in paths]
    ink[20:80, 210:215] = 1
    _, [line] = segment(foreground(ink))
    *parts, stroke = line.segments
    assert line.height == 60 and {10, 20} <= {round(60 * cut) for cut in crossed}
    assert [one.cut for one in line.segments] == pytest.approx([*crossed, 0, 0])
    assert all(20 + path.min() <= one.left <= 20 + path.max() for path, one in zip(paths, parts[1:], strict=True))
    assert {one.stack for one in parts} == {range(1, len(parts) + 1)} and len(stroke.stack) == 1


@pytest.mark.parametrize("slant", [0, 0.2, 0.4, 0.6])
def test_slanted_writing_is_deslanted(slant):
    """Strokes that slant over each other, in columns, stand beside each other then; what is moved can be moved back."""
    labels = np.zeros((120, 200), np.uint8)
    for label in (1, 2, 3):
        foot = 30 * label
        cv2.line(labels, (foot, 100), (round(foot + 80 * slant), 20), label, 5)
    boxes = [bounds(labels == label) for label in (1, 2, 3)]
    components = [Component(*box, label, 1.0, False) for label, box in zip((1, 2, 3), boxes, strict=True)]
    moved, places, [one, other, _] = deslanted(labels, components, SLANTS)
    assert np.array_equal(moved[places], labels)
    assert bounds(moved == 2) == (other.left, other.top, other.right, other.bottom)
    assert one.right < other.left and other.width < 20


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_meets_the_side_of_the_picture_is_clipped_but_not_the_clearest(side):
    edge = 0 if side == "left" else SIZE[0] - 4
    neighbour = cover(SIZE, (STROKES[1], edge - 10, 60, 100))
    _, [line] = segment(foreground(np.maximum(neighbour, cover(SIZE, (STROKES[0], 120, 60, 110)))))
    assert sorted(one.clipped for one in line.segments) == [False, True]
    _, [line] = segment(foreground(neighbour))
    assert [one.clipped for one in line.segments] == [False]
    assert [candidate.clipped for candidate in candidates(line)] == [False]


def test_what_the_top_or_the_bottom_clips_is_of_another_line_unless_there_is_nothing_else():
    clipped = [(STROKES[1], 60, -85, 100), (STROKES[7], 200, 220, 100)]
    digits = [(STROKES[3], 60, 60, 100), (STROKES[5], 180, 60, 100)]
    _, [line] = segment(foreground(cover(SIZE, *clipped, *digits)))
    assert len(line.segments) == 2 and all(one.top > 50 and one.bottom < 170 for one in line.segments)
    assert segment(foreground(cover(SIZE, *clipped)))[1]
