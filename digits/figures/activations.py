"""Draw a network with the activations of its neurons for one image."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from digits.backprop import feedforward
from digits.common.palette import BLACK, SIGNED
from digits.figures.style import figure
from digits.model import DigitClassifier
from digits.network import inputs, weights_and_biases

MOST = 150  # at most this many lines between two layers, for the largest contributions
HEIGHT = 3.8  # inches


@torch.no_grad()
def activations(model: DigitClassifier, image: Tensor) -> Figure:
    """Draw an image (28, 28), uint8 or float 0..1, and every neuron as a circle that darkens with its activation.

    A line shows a contribution, activation times weight, to the weighted input of a neuron in the next layer. The line
    is red if positive, blue if negative, and wider if larger. Pixels have no lines, because there would be too many.
    """
    weights, biases = weights_and_biases(model.network)
    x, *layers = feedforward(weights, biases, inputs(image[None], like=weights[0]))
    fig = figure(HEIGHT)
    left, right = fig.subplots(1, 2, width_ratios=(1, 2.6))
    left.imshow(x.view(image.shape), cmap="gray_r", vmin=0, vmax=1)
    left.set_title(f"{x.numel()} pixels", fontsize=10)
    left.set(xticks=[], yticks=[])
    places = [torch.linspace(1, 0, len(layer[0]) + 2)[1:-1] for layer in layers]
    for number, (a, w) in enumerate(zip(layers, weights[1:], strict=False)):
        contributions = w * a  # (neurons of the next layer, neurons of this layer)
        largest = contributions.abs().flatten().topk(min(MOST, contributions.numel())).indices
        for line in largest.tolist():
            to, of = divmod(line, len(a[0]))
            share = (contributions[to, of] / contributions.abs().max()).item()
            ends = places[number][of].item(), places[number + 1][to].item()
            colour = SIGNED[5] if share > 0 else SIGNED[1]
            right.plot((number, number + 1), ends, color=colour, linewidth=3 * abs(share), alpha=0.6, zorder=1)
    for number, (a, y) in enumerate(zip(layers, places, strict=True)):
        size = min(190.0, (60 * HEIGHT / len(y)) ** 2)  # of a circle, in square points: 60 per inch, not 72, for gaps
        style = {"cmap": "gray_r", "vmin": 0, "vmax": 1, "edgecolors": BLACK, "linewidths": min(0.6, size**0.5 / 10)}
        right.scatter(torch.full_like(y, number), y, size, a[0], zorder=2, **style)
        kind = "output" if number == len(layers) - 1 else "hidden"
        right.text(number, 1.02, f"{len(y)} {kind} neuron{'s'[: len(y) > 1]}", ha="center", fontsize=10)
    for digit, (activation, y) in enumerate(zip(layers[-1][0].tolist(), places[-1].tolist(), strict=True)):
        name = digit if model.only_digit is None else model.only_digit
        bold = "bold" if activation == layers[-1].max() else "normal"
        right.text(len(layers) - 0.88, y, f"{name}   {activation:.2f}", va="center", fontsize=9, weight=bold)
    right.set(xlim=(-0.25, len(layers) - 0.5), ylim=(0, 1))
    right.set_axis_off()
    return fig
