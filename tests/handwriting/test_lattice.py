"""The best path through a line's candidates is that of which the network is sure everywhere."""

import numpy as np
import pytest

from digits.handwriting import lattice
from digits.handwriting.lattice import Candidate, alone, best_paths, candidates, confidence
from digits.handwriting.segmentation import Segment, SegmentedLine


def test_confidence_is_the_mean_across_the_width_of_the_digits():
    line = [Candidate(0, 1, 0.3, 1), Candidate(1, 2, 0.5, 0.9), Candidate(2, 3, 0.1, 0.2)]
    sure = np.zeros((3, 10))
    sure[0, 4], sure[1, 7], sure[2, 1] = 0.9, 0.5, 0.4
    assert confidence(line, sure, [(0, 4), (1, 7)]) == pytest.approx((0.3 * 0.9 + 0.5 * 0.5) / 0.8)
    assert confidence(line, sure, [(0, 4), (1, None)]) == pytest.approx(0.3 * 0.9 / 0.8)  # a letter between digits
    assert confidence(line, sure, [(0, 4), (2, None)]) == pytest.approx(0.9)  # a comma
    assert confidence(line, sure, [(1, None)]) == 0
    broken = [line[0]._replace(gaps=1), line[1]]
    assert confidence(broken, sure, [(0, 4), (1, 7)]) == pytest.approx(
        0.52 / (0.8 + lattice.FITTED["DOUBT"] * lattice.FITTED["GAP"])
    )


@pytest.mark.parametrize("context", [False, True])
def test_runs_of_segments_are_candidates(context):
    groups = [range(1, 3), range(1, 3), range(3, 4), range(4, 7), range(4, 7), range(4, 7)]
    cuts = 0.1, 0.0, 0.0, 0.2, 0.5, 0.0
    segments = [
        Segment(30 * n, 0, 30 * n + 25, 60, n + 1, 1.0, group, cut)
        for n, (group, cut) in enumerate(zip(groups, cuts, strict=True))
    ]
    line = SegmentedLine(60, segments)
    made = {(candidate.first, candidate.last): candidate for candidate in candidates(line, context)}
    assert set(made) == {(n, n + k) for n in range(6) for k in (1, 2, 3) if n + k <= 6}  # four are too broad
    assert made[0, 2] == Candidate(0, 2, 55 / 60, 1, 0)
    broken = [made[place][4:7] for place in ((0, 1), (1, 2), (1, 3), (2, 4), (4, 5))]
    cut, gap = 1 if context else lattice.UNSEEN, (1, 5 / 60)
    wanted = [(0, 0, 0.1), (0, 0, 0.1), (*gap, 0.1), (*gap, 0.2), (0, 0, 0.7)]
    assert np.allclose(broken, np.multiply(wanted, (1, 1, cut)))
    narrow = [Segment(6 * n, 0, 6 * n + 5, 60, n + 1, 1.0, range(n + 1, n + 2)) for n in range(lattice.SEGMENTS + 2)]
    lengths = [candidate.last - candidate.first for candidate in candidates(SegmentedLine(60, narrow), context)]
    assert max(lengths) == lattice.SEGMENTS


def outputs(*digits, sure=0.99):
    """Outputs of a network that is so sure of these digits; of None, that it is none."""
    a = np.full((len(digits), 10), 1 - sure)
    for row, digit in enumerate(digits):
        if digit is not None:
            a[row, digit] = sure
    return a


def best_path(line, a):
    return best_paths(line, a)[0][0]


LEFT = Candidate(0, 1, 0.45, 1, cut=0.8)
LINE = [LEFT, Candidate(0, 2, 0.9, 1), LEFT._replace(first=1, last=2)]  # one digit or two


def test_the_best_path_is_that_of_which_the_network_is_sure_everywhere():
    assert best_path(LINE, outputs(None, 0, None)) == ((1, 0),)
    assert best_path(LINE, outputs(1, None, 7)) == ((0, 1), (2, 7))
    assert best_path(LINE, outputs(1, 0, 7)) == ((1, 0),)  # a cut through a stroke needs a reason
    assert best_path([LEFT], outputs(None)) == ((0, None),)
    assert best_path([LEFT], np.full((1, 10), lattice.FITTED["UNSURE"] / 2)) == ((0, None),)


def paths_by_hand(line, outputs):
    """The score of the best path of each number, by trying all paths."""
    a = outputs.clip(lattice.FITTED["UNSURE"], 1 - lattice.FITTED["UNSURE"])
    found = {}

    def follow(node, digits, score):
        if node == line[-1].last:
            found[digits] = max(score, found.get(digits, -np.inf))
        for one, row in zip(line, a, strict=True):
            if one.first == node:
                none = np.log(1 - row).sum()
                for digit in np.argsort(-row)[:2]:
                    more = none + np.log(row[digit] / (1 - row[digit])) - one.penalty(digit)
                    follow(one.last, f"{digits}{digit}", score + more)
                if one.last == node + 1:
                    follow(one.last, digits, score + none - lattice.FITTED["SKIP"] * min(one.height, 1))

    follow(0, "", 0.0)
    return found


def test_the_best_paths_are_those_of_all_paths_or_of_those_with_so_many_digits():
    rng = np.random.default_rng(3)
    line = [
        Candidate(first, last, 0.4 * (last - first), rng.uniform(0.5, 1), gaps=last - first - 1)
        for first in range(5)
        for last in range(first + 1, min(first + 3, 5) + 1)
    ]
    for _ in range(5):
        a = rng.random((len(line), 10)) ** 3
        wanted = paths_by_hand(line, a)
        for length in ((1, 1), (3, 3), (5, 5), (2, 4), (0, 5)):
            found = best_paths(line, a, length if length[0] else None)
            said = ["".join(str(digit) for _, digit in path if digit is not None) for path, _ in found]
            assert len(set(said)) == lattice.PATHS and all(length[0] <= len(digits) <= length[1] for digits in said)
            assert [score for _, score in found] == pytest.approx([wanted[digits] for digits in said])
            best = max(score for digits, score in wanted.items() if length[0] <= len(digits) <= length[1])
            assert found[0][1] == pytest.approx(best)
        assert best_paths(line, a, (6, 9)) == []


def test_small_marks_are_no_digits_but_for_a_0_and_tall_ones_seldom():
    for height, digit in ((0.2, None), (0.9, 1)):
        assert best_path([Candidate(0, 1, 0.2, height)], outputs(1, sure=0.9)) == ((0, digit),)
    for digit, read in ((0, 0), (1, None), (6, None)):
        assert best_path([Candidate(0, 1, 0.4, 0.5)], outputs(digit, sure=0.9)) == ((0, read),)
    assert best_path([Candidate(0, 1, 0.2, 1)], outputs(1, sure=0.1)) == ((0, 0),)


def test_what_the_side_of_the_picture_clips_is_passed_over_without_a_penalty():
    digit, rest = Candidate(0, 1, 0.6, 1), Candidate(1, 2, 0.2, 1)
    unsure = outputs(0, 1)
    unsure[1, 1] = 0.3
    assert best_path([digit, rest], unsure) == ((0, 0), (1, 1))
    assert best_path([digit, rest._replace(clipped=True)], unsure) == ((0, 0), (1, None))
    assert confidence([digit, rest], unsure, [(0, 0), (1, None)]) < 0.8
    assert confidence([digit, rest._replace(clipped=True)], unsure, [(0, 0), (1, None)]) == pytest.approx(0.99)


@pytest.mark.parametrize(
    ("other", "together"),
    [
        ((45, 0, 90, 12), True),  # the bar of a 5
        ((58, 40, 75, 100), True),  # the stem of a 4 in two strokes
        ((100, 0, 150, 100), False),  # another digit
        ((90, 92, 98, 104), False),  # a comma
    ],
)
def test_a_digit_alone_has_the_clearest_segment_and_what_costs_more_to_leave_than_to_take(other, together):
    segments = [Segment(10, 0, 60, 100, 8, 2.0, 0), Segment(*other, 9, 1.0, 1)]
    found = alone(SegmentedLine(100, segments))
    assert (found.first, found.last) == (0, 2 if together else 1)
