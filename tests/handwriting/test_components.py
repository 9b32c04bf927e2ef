"""Connected components: which are strokes, and how they group into lines."""

import numpy as np

from digits.handwriting.components import lines, stroke_boxes, tall


def same(boxes, *expected):
    return {tuple(box) for box in boxes.tolist()} == {tuple(box) for box in np.concatenate(expected).tolist()}


def row(count, top, rise=0):
    return np.array([(60 * n, top - rise * n, 60 * n + 40, top + 80 - rise * n) for n in range(count)])


def test_a_stroke_has_a_certain_pixel_and_is_clipped_at_the_side_of_the_picture():
    scores = np.zeros((60, 90), np.float32)
    for columns, score in ((slice(0, 10), 0.96), (slice(30, 40), 0.98), (slice(60, 70), 0.8)):
        scores[20:40, columns] = score
    boxes, clipped = stroke_boxes(scores > 0.3, scores, scores > 0.95)
    assert boxes.tolist() == [[0, 20, 10, 40], [30, 20, 40, 40]] and clipped.tolist() == [True, False]
    _, clipped = stroke_boxes(scores > 0.95, scores, (scores > 0.95) & (np.arange(90) < 10))
    assert clipped.tolist() == [False]  # the clearest component is never clipped


def test_rising_lines_are_told_apart_and_a_comma_joins_its_line():
    upper, lower, comma = row(8, 200, rise=15), row(8, 310, rise=15), np.array([[105, 370, 112, 392]])
    first, second = lines(np.concatenate([lower, comma, upper]))
    assert same(first, upper) and same(second, lower, comma) and same(tall(second), lower)


def test_rows_of_a_tight_grid_are_lines_even_if_two_digits_touch():
    upper, lower, touching = np.delete(row(6, 0), 2, 0), np.delete(row(6, 90), 2, 0), np.array([[120, 0, 160, 170]])
    first, second = lines(np.concatenate([upper, lower, touching]))
    assert same(np.concatenate([first, second]), upper, lower, touching)
    for line, expected in ((first, upper), (second, lower)):
        assert same(line[line[:, 3] - line[:, 1] == 80], expected)
