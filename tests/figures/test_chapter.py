import numpy as np
import pytest
import torch

from digits import mnist
from digits.common.palette import SIGNED
from digits.figures import chapter
from digits.handwriting.line_network import STEP
from digits.network import linears
from digits.training.plots import shaded
from tests.support.fitted import load


def test_hidden_neurons_show_what_activates_them_and_their_output_weights(fitted, data):
    """Neuron by neuron and image by image, in NumPy."""
    model, _ = load(fitted)
    images, labels = data.test
    first, last = linears(model.network)
    w, b = first.weight.detach().numpy(), first.bias.detach().numpy()
    out = last.weight.detach().numpy()
    z = np.array([w @ (image.numpy().ravel() / 255) + b for image in images])
    a = 1 / (1 + np.exp(-z))
    chosen = sorted(range(12), key=lambda n: -np.linalg.norm(out[:, n]) * a[:, n].std())[:3]
    fig = chapter.hidden_neurons(model, images, labels, rows=3)
    for row, neuron in enumerate(chosen):
        weights, bars, examples, signed = fig.axes[4 * row : 4 * row + 4]
        assert weights.get_ylabel() == f"neuron {neuron}"
        strength = np.quantile(np.abs(w[neuron]), 0.995)
        wanted = shaded((w[neuron].reshape(28, 28) / strength + 1) / 2, SIGNED)
        assert np.abs(np.asarray(weights.images[0].get_array(), int) - wanted).max() <= 1  # of 255
        means = [a[labels.numpy() == digit, neuron].mean() for digit in range(10)]
        assert np.allclose([bar.get_height() for bar in bars.patches], means, atol=1e-4)
        for place, image in enumerate(np.argsort(-z[:, neuron])[:5]):
            left = 1 + 29 * place
            assert np.array_equal(examples.images[0].get_array()[1:29, left : left + 28], images[image])
        assert np.allclose([bar.get_height() for bar in signed.patches], out[:, neuron])


def test_saturation_keeps_right_and_other_outputs_apart():
    activations = torch.full((4, 10), 0.001)
    labels = torch.arange(4)
    activations[range(4), labels] = torch.tensor([0.999, 0.995, 0.6, 0.002])
    activations[0, 9], activations[1, 9] = 0.02, 0.98
    left, right = chapter.saturation(labels, activations).axes
    assert "75.0%" in left.get_title() and "94.4%" in right.get_title()
    assert [sum(bar.get_height() for bar in axes.patches) for axes in (left, right)] == [4, 36]


@pytest.mark.mnist
def test_the_line_network_is_sure_of_each_digit_at_its_place_of_the_strip(mnist_dir):
    above, below = chapter.line(*mnist.load(mnist_dir, train=False)).axes
    strip, outputs, [read] = above.images[0].get_array(), below.images[0].get_array(), below.lines
    assert strip.shape[1] == STEP * outputs.shape[1] and outputs.shape[0] == 11
    assert np.allclose(outputs.sum(0), 1, atol=1e-4)
    places, digits = read.get_data()
    assert list(digits) == [5, 0, 4, 1, 9, 2] and below.get_title().endswith("504192")
    assert (outputs[:10].argmax(0)[places] == digits).all()
    darkness = strip[: len(strip) // 2].max(0)
    assert all(darkness[STEP * place : STEP * place + 8].max() > 0.5 for place in places)  # there is a stroke nearby
