from itertools import product

import numpy as np
import pytest
import torch
from PIL import Image

from digits.network import linears, sigmoid_network
from digits.plots import network as plots
from digits.plots.network import SIGNED, shaded


def ink(pixels):
    """How much of each pixel (H, W, 3) is written on, 0..1, where the paper is as in the corner."""
    far = np.abs(pixels.astype(int) - pixels[0, 0]).max(-1)
    return far / max(1, far.max())


def shows(picture, x, y, words, size, wide=24, high=20):
    """Whether the words, and nothing else, are written around x, y."""
    alone = Image.new("RGB", (2 * wide, 2 * high), "white")
    plots.write(alone, wide, high, words, size)
    here = picture[y - high : y + high, x - wide : x + wide]
    return np.allclose(ink(here), ink(np.array(alone)), atol=0.02)


def test_mosaic_puts_tiles_side_by_side_between_lines_of_nan():
    tiles = torch.arange(12, dtype=torch.uint8).view(3, 2, 2)
    wanted = torch.full((7, 7), -1.0)
    wanted[1:3, 1:3], wanted[1:3, 4:6], wanted[4:6, 1:3] = tiles
    assert torch.equal(plots.mosaic(tiles, 2).nan_to_num(-1), wanted)


@pytest.mark.parametrize(
    "neurons, columns, zoom, count",
    [(1, 1, 25, "1"), (12, 4, 5, "12"), (100, 10, 2, "100"), (1200, 10, 2, "100 of 1,200")],
)
def test_weights_of_each_neuron_are_a_tile(neurons, columns, zoom, count):
    network = sigmoid_network([784, neurons, 10])
    weights = linears(network)[0].weight.detach()[:100]
    picture = np.array(plots.first_weights(network))
    scale = np.quantile(weights.abs(), 0.995)
    said = f"{count} neurons: weights from {-scale:.2g} (blue) to {scale:.2g} (red)"
    assert shows(picture, 350, 28, said, 28, wide=350)
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


def test_confusion_has_its_counts_where_they_belong():
    labels, predicted = torch.tensor([4, 4, 4, 2, 7, 7]), torch.tensor([9, 9, 4, 3, 7, 7])
    picture = np.array(plots.confusion(labels, predicted))
    counts, middles = {(4, 9): "2", (4, 4): "1", (2, 3): "1", (7, 7): "2"}, [153 + 54 * i for i in range(10)]
    for (i, y), (j, x) in product(enumerate(middles), enumerate(middles)):
        assert shows(picture, x - 51, y - 1, counts.get((i, j), ""), 22, 20, 20), (i, j)
    for i, middle in enumerate(middles):
        assert shows(picture, middle - 50, 108, str(i), 24, high=10) and shows(picture, 38, middle, str(i), 24)
    assert shows(picture, 658, middles[4], "33.3 %", 22, wide=42)
    assert shows(picture, 38, 96, "right\ndigit", 22, 36, 26) and shows(picture, 658, 96, "share\nright", 22, 36, 26)
    assert shows(picture, 346, 76, "prediction", 24, 70, 16)
    assert shows(picture, 350, 28, "3 of 6 test images are read right", 28, wide=350)
    inside = picture[134::54, 84::54, 0][:10, :10]  # of each cell, next to its number
    assert np.unravel_index(inside.argmin(), (10, 10)) == (4, 9)
    assert inside[4, 9] < inside[2, 3] < inside[4, 4] == inside[0, 0] < 255
    assert (inside < 230).sum() == 2 and inside[0, 1] == 255


@pytest.mark.parametrize("wrong", [0, 3, 50])
def test_mistakes_are_shown_with_prediction_and_label(wrong):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (60, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.arange(60) % 10
    activations = torch.zeros(60, 10)
    said = (labels + (torch.arange(60) < wrong) * 3) % 10
    activations[range(60), said] = torch.rand(60, generator=generator)
    picture = np.array(plots.first_mistakes(images, labels, activations))
    chosen = sorted(range(wrong), key=lambda n: -activations[n, said[n]])[:36]
    title = f"{len(chosen)} of {wrong} mistakes, the most confident first"
    assert shows(picture, 350, 28, title, 28, wide=350) and (picture[60:] < 255).any() == bool(wrong)
    for place, n in enumerate(chosen):
        top, left = 60 + place // 6 * 126, 8 + place % 6 * 116
        assert shows(picture, left + 52, top + 17, f"said {said[n]}, is {labels[n]}", 21, wide=58, high=13)
        shown = picture[top + 30 : top + 114 : 3, left + 10 : left + 94 : 3, 0]
        assert np.array_equal(shown, 255 - images[n].numpy())
