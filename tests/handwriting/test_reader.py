"""Your network names every digit, in the team the line network has a say, and the reader says why nothing was read."""

import cv2
import numpy as np
import pytest
import torch

from digits.common.errors import UserError
from digits.handwriting.answer import THRESHOLD
from digits.handwriting.api import choose_reader
from digits.handwriting.lines import Expected, Segmentation
from digits.handwriting.reader import FLOOR, WEIGHT, Reader
from digits.network import sigmoid_network
from tests.support.finding import SIZE
from tests.support.pens import STROKES, cover, on_paper
from tools.make.golden import FOLDER

READER, *_ = choose_reader("bundled")


def network_of(*outputs):
    """Return a network with the same outputs for every image."""
    network = sigmoid_network([784, len(outputs)]).requires_grad_(False)
    network[0].weight.zero_()
    network[0].bias.copy_(torch.tensor(outputs).logit())
    return network


def sure_of(digit, activation=0.99):
    """Return a network that sees the same digit in every image, with this activation."""
    return network_of(*(activation if digit == n else 0.0001 for n in range(10)))


def segmentation_of(*candidates, known=False):
    """Return one line with one group, given its candidates and their probabilities by the line network."""
    images, boxes = np.zeros((3, 2, 28, 28), np.float32), [[(40 * n, 0, 40 * n + 30, 50)] * 2 for n in range(3)]
    group = [(digits, np.log(share), tuple(range(len(digits)))) for digits, share in candidates]
    return Segmentation([[group]], images, boxes, known=known)


def read(network, segmentation, team=True):
    return Reader(network, team=team).answer(segmentation)


def group_of(network, segmentation, team=True):
    [line] = read(network, segmentation, team).lines
    [group] = line.groups
    return group


def test_your_network_names_every_digit_whatever_the_line_network_says():
    """The line network decides how many digits there are, with a sum over all numbers of that many digits."""
    candidates = ("12", 0.4), ("34", 0.1), ("5", 0.3), ("6", 0.2)
    group = group_of(sure_of(7), segmentation_of(*candidates), team=False)
    long, short = 0.5 * 0.99 ** (2 * WEIGHT), 0.5 * 0.99**WEIGHT
    assert group.digits == "7" and [number for number, _ in group.candidates] == ["7", "77"]
    assert group.candidates[0][1] == pytest.approx(short / (long + short))
    assert group_of(sure_of(7), segmentation_of(("12", 0.4), ("5", 0.3)), team=False).text == "77"


def test_the_line_network_may_doubt_what_your_network_reads():
    doubted = group_of(sure_of(7), segmentation_of(("12", 0.9)), team=False)
    agreed = group_of(sure_of(7), segmentation_of(("77", 0.9)), team=False)
    assert doubted.digits == agreed.digits == "77"
    assert doubted.confidence == pytest.approx(0.99 / 2) and agreed.confidence == pytest.approx((0.9**0.5 + 0.99) / 2)
    rejected = group_of(sure_of(7, 0.4), segmentation_of(("12", 0.9)), team=False)
    assert (rejected.digits, rejected.text) == ("77", "")


def test_only_the_digits_that_can_occur_are_named():
    network = network_of(0.2, 0.1, 0.1, 0.5, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1)
    segmentation = segmentation_of(("12", 0.9))
    for digits, number in (("0123456789", "77"), ("0123", "33"), ("10", "00")):
        [line] = Reader(network).answer(segmentation, Expected(digits=digits)).lines
        assert line.groups[0].digits == number


def test_of_all_cuts_of_a_digit_the_one_with_the_largest_output_is_read():
    network = sigmoid_network([784, 10]).requires_grad_(False)
    network[0].weight.zero_()
    network[0].weight[4, 14 * 28 + 14] = 3.0  # output 4 is large if the middle is white
    network[0].bias.fill_(-1.0)
    segmentation = segmentation_of(("1", 0.9))
    segmentation.images[0, 1, 12:17, 12:17] = 1
    [reading] = group_of(network, segmentation, team=False).readings
    assert reading.digit == 4 and np.array_equal(reading.image, segmentation.images[0, 1])
    assert reading.activation == pytest.approx(1 / (1 + np.exp(-2)))  # in all five positions


def test_an_untrained_network_does_not_read():
    picture = FOLDER.parents[2] / "docs" / "504192.jpg"
    for seed in range(10):
        assert "504192" not in Reader(sigmoid_network([784, 100, 10], seed=seed)).read(picture).text
    assert READER.read(picture).text == "504192"


def test_in_the_team_the_network_decides_where_the_line_network_is_unsure():
    share = {"7": 0.6, "1": 0.4}
    for digit, other in ("71", "17"):
        group = group_of(sure_of(int(digit)), segmentation_of(*share.items()))
        a, b = share[digit] * 0.99**WEIGHT, share[other] * FLOOR**WEIGHT
        assert group.text == group.digits == digit and [number for number, _ in group.candidates] == [digit, other]
        assert group.candidates[0][1] == pytest.approx(a / (a + b))
        assert group.confidence == pytest.approx(a / (a + b) * (share[digit] + 0.99) / 2)
        assert group.box == (0, 0, 30, 50)


def test_in_the_team_the_network_has_a_say_on_each_digit_of_a_number():
    segmentation = segmentation_of(("44", 0.1), ("77", 0.9))
    assert [group_of(sure_of(digit), segmentation).digits for digit in (4, 0)] == ["44", "77"]
    longer = segmentation_of(("444", 0.7), ("4", 0.3))
    assert [group_of(sure_of(4, a), longer).digits for a in (0.9, 0.3)] == ["444", "4"]


def test_more_digits_than_expected_make_a_number_less_sure():
    segmentation = segmentation_of(("44", 0.9))
    sure, doubtful = (group_of(sure_of(4), segmentation._replace(counts=[count])) for count in (2, 8))
    assert sure.digits == doubtful.digits == "44" and doubtful.confidence == pytest.approx(sure.confidence / 2)


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_a_group_below_the_threshold_is_rejected_unless_it_is_known_to_be_a_digit(share):
    candidates = ("4", share), ("", (1 - share) * 0.99**WEIGHT)
    answer = read(sure_of(4), segmentation_of(*candidates))
    [group] = answer.lines[0].groups
    assert group.digits == "4" and group.confidence == pytest.approx(share * (share + 0.99) / 2)
    assert answer.text == ("4" if group.confidence > THRESHOLD else "") and bool(answer.error) == (share == 0.3)
    assert read(sure_of(4), segmentation_of(*candidates, known=True)).text == "4"


def test_a_group_that_is_most_likely_no_number_still_names_its_likeliest_number():
    group = group_of(sure_of(4), segmentation_of(("", 0.9), ("44", 0.06), ("4", 0.02)))
    assert (group.text, group.digits, len(group.readings)) == ("", "44", 2)
    assert read(sure_of(4), segmentation_of(("", 1.0))).lines == []


def test_a_detector_says_whether_its_digit_is_there():
    for a, digit in ((0.9, 1), (0.2, 0)):
        group = group_of(network_of(a), segmentation_of(("7", 0.6), known=True))
        [reading] = group.readings
        assert (reading.digit, group.text) == (digit, str(digit)) and group.confidence == pytest.approx(max(a, 1 - a))
        assert reading.outputs == pytest.approx([1 - a, a])
    picture = on_paper(cover(SIZE, (STROKES[2], 40, 60, 100), (STROKES[5], 150, 60, 100)))
    assert len(Reader(network_of(0.9)).read(picture).lines[0].digits_read) == 1  # only the clearest digit
    with pytest.raises(UserError, match="only detects one digit"):
        Reader(network_of(0.9)).read(picture, Expected(length=(2, 2)))


@pytest.mark.parametrize("word", ["apples", "school"])
def test_a_word_beside_a_number_is_not_read(word):
    """Some letters look like digits, but the strokes of the others belong to no digit."""
    size, writing = (520, 110), np.zeros((110, 520), np.uint8)
    cv2.putText(writing, word, (250, 80), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 2.2, 255, 4, cv2.LINE_AA)
    digits = cover(size, *((STROKES[digit], 40 + 50 * n, 30, 50) for n, digit in enumerate((3, 8, 2))))
    assert READER.read(on_paper(np.maximum(digits, writing / 255))).text == "382"


def test_the_answer_says_why_no_number_of_the_expected_length_was_read():
    nothing = Segmentation([], np.zeros((0, 2, 28, 28), np.float32), [])
    for length, number in (((2, 2), "number of 2 digits"), ((2, 4), "number of 2 to 4 digits")):
        for segmentation in (nothing, segmentation_of(("12", 0.1), ("", 0.9))):
            answer = READER.answer(segmentation, Expected(length=length))
            assert (answer.text, answer.error) == ("", f"no line can be read as a {number}")
    assert READER.answer(nothing).error.startswith("nothing here looks like a digit")
    assert READER.answer(UserError("gone")).error == "gone"
