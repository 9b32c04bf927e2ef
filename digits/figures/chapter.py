"""Draw the figures of chapters 1 and 5. training/plots.py draws the figures that TensorBoard shows, too."""

from collections.abc import Iterator

import numpy as np
import torch
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from PIL.Image import Image
from torch import Tensor

from digits.augment import pen
from digits.augment.allographs import ATLAS
from digits.augment.elastic import PART, distort
from digits.common.palette import BLACK, BLUE, COUNTS, ORANGE, SIGNED, VERMILION
from digits.figures import descent
from digits.figures.line import line
from digits.figures.style import figure
from digits.kernels.stacks import StackedMNIST
from digits.model import DigitClassifier
from digits.network import inputs, linears, one_hot
from digits.neurons import Perceptron, SigmoidNeuron, output_changes
from digits.training.plots import confusion, first_mistakes, first_weights, mosaic, shaded

COPIES = 20  # number of distorted copies of a training image
EXAMPLES = 2_000  # training images for the mean cost in the figures valley and gradients


def figures(
    model: DigitClassifier, data: StackedMNIST, epoch: int, planned: int, curves: dict[str, dict[int, float]]
) -> Iterator[tuple[str, Figure | Image | str]]:
    """Yield the name of each figure, with the drawing or the reason why there is none. Slow figures come last.

    `model` was saved after `epoch` in a run of `planned` epochs. The `curves` are the learning curves of this run.
    """
    images, labels = data.test
    yield "neurons", neurons()
    yield "learning_curves", learning_curves(curves, epoch) if curves else "the run has no TensorBoard log"
    if data.distort:
        yield "distorted", distorted(data)
    if data.handwriting:
        yield "atlas", atlas(data.seed)
    yield "hidden_weights", first_weights(model.network)
    if len(linears(model.network)) == 2:
        yield "hidden_neurons", hidden_neurons(model, images, labels)
    else:
        yield "hidden_neurons", f"it needs one hidden layer; this network is {model.shape}"
    if model.only_digit is None:
        predicted, activations = model.predict(images)
        yield "confusion", confusion(labels, predicted)
        yield "mistakes", first_mistakes(images, labels, activations)
        yield "saturation", saturation(labels, activations)
    else:
        yield "confusion, mistakes, saturation", f"they need ten outputs; this network is {model.shape}"
    yield "line", line(images, labels)
    path = descent.path_to(model, data, epoch, planned)
    examples, digits = (tensor[:EXAMPLES] for tensor in data.training)
    drawn = descent.valley(model, path, examples, digits)
    if 0 < drawn[-1].min() < drawn[-1].max():  # a logarithmic scale needs two different costs above 0
        yield "valley", valley(*drawn, len(examples))
    else:
        yield "valley", "training hardly moved the weights, or the cost is 0"
    yield "gradients", gradients(descent.gradient_norms(model, path, examples, digits), len(examples))


def neurons() -> Figure:
    """Plot a perceptron and a sigmoid neuron: output against z, and change of the output with a change of a weight."""
    fig = figure(3)
    left, right = fig.subplots(1, 2)
    x, zero, z = torch.ones(1), torch.zeros(1), torch.linspace(-6, 6, 1201)[:, None]
    left.plot(z, SigmoidNeuron(x[None], zero)(z), BLUE, label="sigmoid neuron")
    left.plot(z, Perceptron(x[None], zero)(z), VERMILION, linestyle="--", label="perceptron")
    left.set(xlabel="weighted input z = w x + b", ylabel="output", title="Output")

    dw = torch.linspace(-2, 2, 801).view(-1, 1, 1)
    w, b = torch.ones(1, 1), torch.tensor([-2.0])  # z = -1 at x = 1
    actual, predicted = output_changes(SigmoidNeuron(w, b), x, dw, zero)
    step = Perceptron(w + dw, b)(x) - Perceptron(w, b)(x)
    right.plot(dw.flatten(), actual, BLUE, label="sigmoid neuron")
    right.plot(dw.flatten(), predicted, BLACK, linestyle=":", label="linear prediction")
    right.plot(dw.flatten(), step, VERMILION, linestyle="--", label="perceptron")
    right.set(xlabel="change Δw of a weight", ylabel="change of the output")
    right.set_title("Change at w = 1, x = 1, b = -2")
    for axes in (left, right):
        axes.legend(loc="upper left", frameon=False, fontsize=9)
    return fig


def learning_curves(curves: dict[str, dict[int, float]], epoch: int) -> Figure:
    """Plot accuracy and cost by epoch on training, validation and test images, and mark the checkpoint's `epoch`."""
    fig = figure(3)
    for axes, kind, scale in zip(fig.subplots(1, 2), ("accuracy", "cost"), (100, 1), strict=True):
        for split, colour, style in (("training", BLACK, ":"), ("validation", ORANGE, "-"), ("test", BLUE, "--")):
            curve = curves.get(f"{kind}/{split}", {})
            axes.plot(list(curve), [scale * y for y in curve.values()], color=colour, linestyle=style, label=split)
        axes.axvline(epoch, color="0.6", linewidth=0.8, label="this checkpoint")
        axes.set(xlabel="epoch", ylabel=f"{kind}, %" if scale == 100 else kind)
    axes.legend(facecolor="white", framealpha=1, edgecolor="none")
    return fig


def distorted(data: StackedMNIST) -> Figure:
    """Draw one training image as it was distorted in each of the first epochs."""
    images = data.training[0][:PART]  # random numbers are drawn per part, so the first part is enough
    copies = torch.stack([distort(images, data.distort, data.seed, epoch)[0] for epoch in range(COPIES)])
    return tiled(copies, COPIES // 2, f"One training image, distorted in each of the first {COPIES} epochs")


def atlas(seed: int) -> Figure:
    """Draw every allograph (way to write a digit) in the atlas, one row per digit."""
    most = max(map(len, ATLAS.values()))
    hand = torch.Generator().manual_seed(seed)
    rows = torch.zeros(len(ATLAS), most, 28, 28)
    for row, ways in zip(rows, ATLAS.values(), strict=True):
        row[: len(ways)] = pen.draw(pen.parse(tuple(ways)), torch.arange(len(ways)), hand)
    return tiled(rows.flatten(0, 1), most, "Ways to write the ten digits")


def tiled(images: Tensor, columns: int, title: str) -> Figure:
    """Draw images (N, H, W) dark on light, in rows of `columns`."""
    tiles = mosaic(images, columns)
    fig = figure(0.3 + 7.5 * tiles.shape[0] / tiles.shape[1])
    axes = fig.subplots()
    axes.imshow(tiles.numpy(), cmap="gray_r", interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title)
    return fig


@torch.no_grad()
def hidden_neurons(model: DigitClassifier, images: Tensor, labels: Tensor, rows: int = 8) -> Figure:
    """Draw the most influential hidden neurons: their weights, what activates them, and their output weights."""
    first, last = linears(model.network)
    z = first(inputs(images, like=first.weight))
    influence = last.weight.norm(dim=0) * z.sigmoid().std(0)  # a neuron whose activation never changes acts as a bias
    chosen = influence.topk(min(rows, len(influence))).indices
    weights, output_weights = first.weight[chosen].view(-1, 28, 28), last.weight.T[chosen]
    activation = torch.stack([z[labels == digit][:, chosen].sigmoid().mean(0) for digit in range(10)], 1)
    most = z[:, chosen].topk(5, dim=0).indices.T  # by z, because many activations are rounded to 1
    outputs = range(10) if model.only_digit is None else [model.only_digit]
    fig = figure(0.5 + 0.85 * len(chosen))
    grid = fig.subplots(len(chosen), 4, width_ratios=(1, 2, 5, 2), squeeze=False)
    for row, (pixels, bars, examples, signed) in enumerate(grid):
        scale = weights[row].abs().quantile(0.995).item()
        pixels.imshow(shaded((weights[row] / scale + 1) / 2, SIGNED))
        bars.bar(range(10), activation[row].tolist(), color="0.45")
        bars.set_ylim(0, 1)
        examples.imshow(mosaic(images[most[row]], 5).numpy(), cmap="gray_r")
        heights = output_weights[row].tolist()
        signed.bar(outputs, heights, color=[VERMILION if height > 0 else BLUE for height in heights])
        signed.axhline(0, color=BLACK, linewidth=0.6)
        pixels.set_ylabel(f"neuron {chosen[row]}", fontsize=8)
        for axes, ticks in ((pixels, []), (bars, range(10)), (examples, []), (signed, outputs)):
            axes.set_xticks(ticks)
            axes.tick_params(labelsize=7, length=2, left=axes in (bars, signed), labelleft=axes in (bars, signed))
    titles = "weights", "mean activation, by digit", "test images that activate the neuron most", "output weights"
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9)
    return fig


def saturation(labels: Tensor, activations: Tensor) -> Figure:
    """Plot histograms of output activations (N, 10): the output for the label (N,) int64, and the other nine."""
    fig = figure(3)
    right = one_hot(labels).bool()
    sides = (("the right output", activations[right], BLUE), ("the other nine", activations[~right], VERMILION))
    for axes, (name, a, colour) in zip(fig.subplots(1, 2, sharey=True), sides, strict=True):
        axes.hist(a.numpy(), bins=50, range=(0, 1), color=colour, log=True)
        near = ((a <= 0.01) | (a >= 0.99)).float().mean()
        axes.set_title(f"{name}: {near:.1%} within 0.01 of 0 or 1", fontsize=10)
        axes.set_xlabel("output activation")
    fig.axes[0].set(ylabel="outputs on the test images", ylim=(0.8, None))
    return fig


def valley(flat: Tensor, u: Tensor, v: Tensor, cost: Tensor, examples: int) -> Figure:
    """Plot the result of `descent.valley` on this many training examples: contours of the cost, with the path."""
    fig = figure(3.8)
    axes = fig.subplots()
    levels = np.geomspace(cost.min(), cost.max(), 25)
    filled = axes.contourf(u.numpy(), v.numpy(), cost.numpy(), levels, cmap="cividis", norm=LogNorm())
    axes.plot(*flat.T.numpy(), "o-", color="white", markersize=4, markeredgecolor=BLACK, linewidth=1.5)
    last = len(flat) - 1
    names = {1: "1", 2: "2", 5: "5", 10: "10", last: f"{last} epochs", 0: "initial weights"}
    for epoch in names.keys() & set(range(len(flat))):
        x, y = flat[epoch].tolist()
        text = axes.annotate(names[epoch], (x, y), (5, 6), textcoords="offset points", color="white", fontsize=9)
        text.set_path_effects([withStroke(linewidth=2, foreground=BLACK)])
    axes.set(xlabel="first direction", ylabel="second direction", aspect="equal")
    axes.set_title("The cost on a plane in the space of weights and biases, with their path by epoch", fontsize=10)
    ticks = [tick for tick in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if levels[0] <= tick <= levels[-1]]
    label = f"cost on {examples:,} training images"
    fig.colorbar(filled, ax=axes, ticks=ticks, format="{x:g}", label=label, shrink=0.8).minorticks_off()
    return fig


def gradients(norms: Tensor, examples: int) -> Figure:
    """Plot the result of `descent.gradient_norms` (epochs + 1, layers) on training examples, a line per layer."""
    fig = figure(3.5)
    axes = fig.subplots()
    *hidden, output = norms.T
    for number, curve in enumerate(hidden, 1):  # later layers are darker
        shade = shaded(0.25 + 0.75 * number / norms.shape[1], COUNTS) / 255
        axes.plot(curve, color=shade, label=f"hidden layer {number}")
    axes.plot(output, color=VERMILION, linestyle="--", label="output layer")
    axes.set(yscale="log", xlabel="epochs of training", ylabel="norm of the gradient of the biases")
    axes.set_title(f"How fast layers learn: gradient of the mean cost on {examples:,} training images", fontsize=10)
    axes.legend(frameon=False, fontsize=9)
    return fig
