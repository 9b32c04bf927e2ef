import numpy as np
import pytest
import torch

from digits.network import linears, sigmoid_network
from digits.plots import network as plots
from digits.plots.network import SIGNED, shaded


def test_mosaic_puts_tiles_side_by_side_between_lines_of_nan():
    tiles = torch.arange(12, dtype=torch.uint8).view(3, 2, 2)
    wanted = torch.full((7, 7), -1.0)
    wanted[1:3, 1:3], wanted[1:3, 4:6], wanted[4:6, 1:3] = tiles
    assert torch.equal(plots.mosaic(tiles, 2).nan_to_num(-1), wanted)


@pytest.mark.parametrize(
    "neurons, columns, zoom, count",
    [(1, 1, 25, "1"), (12, 4, 5, "12"), (100, 10, 2, "100"), (1200, 10, 2, "100 of 1,200")],
)
def test_weights_of_each_neuron_are_a_tile(neurons, columns, zoom, count, monkeypatch):
    written = []
    monkeypatch.setattr(plots, "write", lambda picture, x, y, words, *_: written.append(words))
    network = sigmoid_network([784, neurons, 10])
    weights = linears(network)[0].weight.detach()[:100]
    picture = np.array(plots.first_weights(network))
    scale = np.quantile(weights.abs(), 0.995)
    assert written == [f"{count} neurons: weights from {-scale:.2g} (blue) to {scale:.2g} (red)"]
    corner = (700 - zoom * (columns * 29 + 1)) // 2 if neurons > 1 else 0
    for neuron in {0, neurons // 2 % 100, min(neurons, 100) - 1}:
        frame = zoom if neurons > 1 else 0
        top = 56 + neuron // columns * 29 * zoom + frame
        left = corner + neuron % columns * 29 * zoom + frame
        tile = picture[top : top + 28 * zoom : zoom, left : left + 28 * zoom : zoom].astype(int)
        wanted = shaded((weights[neuron].view(28, 28) / scale + 1) / 2, SIGNED)
        assert np.abs(tile - wanted).max() <= 1  # of 255


def test_signs_are_red_and_blue_and_the_larger_the_darker():
    shades = shaded(np.linspace(0, 1, 101), SIGNED).astype(int)
    red, _, blue = shades.T
    assert (blue[:49] > red[:49]).all() and (red[52:] > blue[52:]).all()
    grey = shades @ [0.299, 0.587, 0.114]
    assert (np.diff(grey[:51]) > 0).all() and (np.diff(grey[50:]) < 0).all()
    assert (shaded(np.array([np.nan]), SIGNED) == 255).all()


def test_confusion_has_its_counts_where_they_belong(monkeypatch):
    written = {}
    monkeypatch.setattr(plots, "write", lambda picture, x, y, words, *_: written.update({(x, y): words}))
    labels, predicted = torch.tensor([4, 4, 4, 2, 7, 7]), torch.tensor([9, 9, 4, 3, 7, 7])
    picture = np.array(plots.confusion(labels, predicted)).astype(int)
    left, top, cell = 76, 126, 54
    counts = {(i, j): written[left + j * cell + 26, top + i * cell + 26] for i in range(10) for j in range(10)}
    assert {at: int(count) for at, count in counts.items() if count} == {(4, 9): 2, (4, 4): 1, (2, 3): 1, (7, 7): 2}
    assert [written[left + (j + 0.5) * cell, 108] for j in range(10)] == list("0123456789")
    assert [written[left / 2, top + (i + 0.5) * cell] for i in range(10)] == list("0123456789")
    assert written[658, top + 4.5 * cell] == "33.3 %"
    assert {"right\ndigit", "prediction", "share\nright", "3 of 6 test images are read right"} <= set(written.values())
    inside = picture[top + 8 :: cell, left + 8 :: cell, 0][:10, :10]  # of each cell, next to its number
    assert np.unravel_index(inside.argmin(), (10, 10)) == (4, 9)
    assert inside[4, 9] < inside[2, 3] < inside[4, 4] == inside[0, 0] < 255
    assert (inside < 230).sum() == 2 and inside[0, 1] == 255


def test_a_number_is_white_where_its_cell_is_dark():
    labels = torch.tensor([1] * 9 + [2] * 2)
    picture = np.array(plots.confusion(labels, torch.zeros(11, dtype=torch.int64))).astype(int)
    for row, darkest in ((1, False), (2, True)):
        cell = picture[126 + row * 54 + 6 : 126 + row * 54 + 46, 82:122].sum(-1)
        paper = cell[0, 0]
        assert ((cell < paper - 100).sum() > 20) == darkest
        assert ((cell > paper + 100).sum() > 20) != darkest


@pytest.mark.parametrize("wrong", [0, 3, 50])
def test_mistakes_are_shown_with_prediction_and_label(wrong, monkeypatch):
    written = []
    monkeypatch.setattr(plots, "write", lambda picture, x, y, words, *_: written.append(words))
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (60, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.arange(60) % 10
    activations = torch.zeros(60, 10)
    said = (labels + (torch.arange(60) < wrong) * 3) % 10
    activations[range(60), said] = torch.rand(60, generator=generator)
    picture = np.array(plots.first_mistakes(images, labels, activations))
    chosen = sorted(range(wrong), key=lambda n: -activations[n, said[n]])[:36]
    assert written == [
        f"{len(chosen)} of {wrong} mistakes, the most confident first",
        *(f"said {said[n]}, is {labels[n]}" for n in chosen),
    ]
    for place, n in enumerate(chosen):
        top, left = 60 + place // 6 * 126 + 30, 8 + place % 6 * 116 + 10
        shown = picture[top : top + 84 : 3, left : left + 84 : 3, 0]
        assert np.array_equal(shown, 255 - images[n].numpy())
