"""What is read: digits, groups and lines, of which some are rejected."""

import numpy as np
from digits.handwriting.readings import THRESHOLD

from digits.handwriting import Answer, Group, Reading, TextLine


def reading(digit, left=0, **outputs):
    a = np.full(10, 0.01, np.float32)
    for name, output in outputs.items():
        a[int(name[1:])] = output
    return Reading(digit, a, np.zeros((28, 28), np.float32), (left, 10, left + 20, 60))


def test_a_digit_need_not_have_the_largest_output():
    one = reading(4, _4=0.4, _8=0.5)
    assert (round(one.activation, 3), one.runner_up) == (0.4, 8) and reading(8, _4=0.4, _8=0.5).runner_up == 4
    assert repr(one) == f"Reading(digit=4, activation={one.activation}, box=(0, 10, 20, 60))"


def test_a_rejected_group_has_digits_but_no_text():
    sure = Group([reading(2), reading(7, 30)], THRESHOLD + 0.01)
    unsure = Group([reading(1, 90)], THRESHOLD)
    assert (sure.text, unsure.text, unsure.digits) == ("27", "", "1") and sure.box == (0, 10, 50, 60)
    assert unsure._replace(known=True).text == "1"
    line = TextLine([sure, unsure, sure])
    assert line.text == "27 27" and len(line.readings) == 5 and line.digits_read == sure.readings * 2


def test_answers_are_equal_if_their_texts_errors_and_boxes_are():
    one, same = (Answer([TextLine([Group([reading(2)], sure)])]) for sure in (0.8, 0.9))
    rejected = TextLine([Group([reading(3)], 0.1)])
    assert one == same and hash(one) == hash(same) and one.text == "2"
    assert one != Answer([TextLine([Group([reading(2, 1)], 0.8)])]) and one != one._replace(error="no") and one != "2"
    assert Answer([*one.lines, rejected, *one.lines]).text == "2\n2"
