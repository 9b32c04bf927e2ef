"""Answers: readings, groups and lines, and what is rejected."""

from dataclasses import replace

import numpy as np
import pytest

from digits.handwriting.answer import THRESHOLD, Answer, Group, Line, Reading


def reading(digit, left=0, **outputs):
    a = np.full(10, 0.01, np.float32)
    for name, output in outputs.items():
        a[int(name[1:])] = output
    return Reading(digit, a, np.zeros((28, 28), np.float32), (left, 10, left + 20, 60))


def test_the_digit_that_was_read_can_have_a_lower_output_than_another():
    four, eight = reading(4, _4=0.4, _8=0.5), reading(8, _4=0.4, _8=0.5)
    assert four.activation == pytest.approx(0.4) and (four.runner_up, eight.runner_up) == (8, 4)
    assert repr(four) == "Reading(digit=4, box=(0, 10, 20, 60))"  # without its image


def test_a_rejected_group_has_digits_but_no_text():
    sure = Group([reading(2), reading(7, 30)], THRESHOLD + 0.01)
    unsure = Group([reading(1, 90)], THRESHOLD)
    assert (sure.text, unsure.text, unsure.digits) == ("27", "", "1") and sure.box == (0, 10, 50, 60)
    assert replace(unsure, known=True).text == "1"
    line = Line([sure, unsure, sure])
    assert line.text == "27 27" and line.digits_read == sure.readings * 2
    assert Answer([line, Line([unsure]), line]).text == "27 27\n27 27"
