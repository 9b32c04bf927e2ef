"""Connected components, and how they group into lines."""

import numpy as np

from digits.handwriting.components import lines, stroke_boxes, tall


def same(boxes, *wanted):
    return {tuple(box) for box in boxes.tolist()} == {tuple(box) for box in np.concatenate(wanted).tolist()}


def row(count, top, rise=0):
    return np.array([(60 * n, top - rise * n, 60 * n + 40, top + 80 - rise * n) for n in range(count)])


def test_a_stroke_has_a_pixel_of_which_the_eye_is_certain_and_a_neighbours_is_clipped():
    sure = np.zeros((60, 90), np.float32)
    for columns, output in ((slice(0, 10), 0.96), (slice(30, 40), 0.98), (slice(60, 70), 0.8)):
        sure[20:40, columns] = output
    boxes, clipped = stroke_boxes(sure > 0.3, sure, sure > 0.95)
    assert boxes.tolist() == [[0, 20, 10, 40], [30, 20, 40, 40]] and clipped.tolist() == [True, False]
    _, clipped = stroke_boxes(sure > 0.95, sure, (sure > 0.95) & (np.arange(90) < 10))
    assert clipped.tolist() == [False]  # the clearest


def test_lines_from_the_top_though_they_slant():
    upper, lower, comma = row(8, 200, rise=15), row(8, 310, rise=15), np.array([[105, 370, 112, 392]])
    first, second = lines(np.concatenate([lower, comma, upper]))
    assert same(first, upper) and same(second, lower, comma) and same(tall(second), lower)


def test_rows_of_a_tight_grid_are_lines_though_two_digits_touch():
    upper, lower, touching = np.delete(row(6, 0), 2, 0), np.delete(row(6, 90), 2, 0), np.array([[120, 0, 160, 170]])
    first, second = lines(np.concatenate([upper, lower, touching]))
    assert same(np.concatenate([first, second]), upper, lower, touching)
    for line, wanted in ((first, upper), (second, lower)):
        assert same(line[line[:, 3] - line[:, 1] == 80], wanted)
