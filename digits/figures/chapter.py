"""The figures of chapter 1, drawn with matplotlib; what they show is computed in `analysis` and `descent`."""

import math

import torch
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, NullFormatter
from torch import Tensor, nn

from digits.figures.analysis import (
    confusion_matrix,
    first_layer,
    mean_by_digit,
    mistakes,
    most_exciting,
    most_influential,
    saturated,
)
from digits.model import DigitClassifier
from digits.network import linears, one_hot
from digits.neurons import Perceptron, SigmoidNeuron, output_changes
from digits.plotting import BLACK, BLUE, ORANGE, SIGNED, SKY, VERMILION, figure
from digits.training.pictures import first_weights, mosaic


def neurons() -> Figure:
    """A perceptron and a sigmoid neuron: output against z, and change of the output with a change of a weight."""
    drawing = figure(3)
    left, right = drawing.subplots(1, 2)
    one, z = torch.ones(1), torch.linspace(-6, 6, 1201)[:, None]
    unit = torch.ones(1, 1), torch.zeros(1)
    left.plot(z.numpy(), SigmoidNeuron(*unit)(z).numpy(), BLUE, label="sigmoid neuron")
    left.plot(z.numpy(), Perceptron(*unit)(z).numpy(), VERMILION, linestyle="--", label="perceptron")
    left.set(xlabel="weighted input z = w x + b", ylabel="output", title="Output")
    left.legend(loc="upper left", frameon=False, fontsize=9)

    dw = torch.linspace(-2, 2, 801).view(-1, 1, 1)
    w, b = torch.ones(1, 1), torch.full((1,), -2.0)  # z = -1 at x = 1
    actual, predicted = output_changes(SigmoidNeuron(w, b), one, dw, torch.zeros(1))
    step = Perceptron(w + dw, b)(one) - Perceptron(w, b)(one)
    changes = ((actual, BLUE, "-"), (predicted, BLACK, ":"), (step, VERMILION, "--"))
    names = ("sigmoid neuron", "its linear prediction", "perceptron")
    for (change, colour, style), name in zip(changes, names, strict=True):
        right.plot(dw.flatten().numpy(), change.flatten().numpy(), colour, linestyle=style, label=name)
    right.set(
        xlabel="change Δw of a weight", ylabel="change of the output", title="Its change, at w = 1, x = 1, b = -2"
    )
    right.legend(loc="upper left", frameon=False, fontsize=9)
    return drawing


def learning_curves(curves: dict[str, tuple[list[int], list[float]]], epoch: int) -> Figure:
    """Accuracy and cost by epoch, from steps and values by tag such as `cost/test`; `epoch` is the checkpoint's."""
    drawing = figure(3)
    for axes, kind, scale in zip(drawing.subplots(1, 2), ("accuracy", "cost"), (100, 1), strict=True):
        for split, colour, style in (("training", BLACK, ":"), ("validation", ORANGE, "-"), ("test", BLUE, "--")):
            steps, values = curves.get(f"{kind}/{split}", ([], []))
            axes.plot(steps, [scale * value for value in values], color=colour, linestyle=style, label=split)
        axes.axvline(epoch, color="0.6", linewidth=0.8, label="this checkpoint")
        axes.set(xlabel="epoch", ylabel=f"{kind}, %" if scale == 100 else kind)
    axes.legend(facecolor="white", framealpha=1, edgecolor="none")
    return drawing


def distorted(copies: Tensor, rows: int = 2) -> Figure:
    """Copies (N, 28, 28) of one training image, as the network saw them in its epochs."""
    picture = mosaic(copies.float(), len(copies) // rows)
    drawing = figure(0.3 + 7.5 * picture.shape[0] / picture.shape[1])
    axes = drawing.subplots()
    axes.imshow(picture.numpy(), cmap="gray_r")
    axes.set_axis_off()
    axes.set_title(f"One training image in its first {len(copies)} epochs")
    return drawing


def hidden_weights(network: nn.Module) -> Figure:
    """The weights from the 784 pixels to each neuron of the first layer, the first 100 of them."""
    picture, scale = first_weights(network)
    height, width = picture.shape
    drawing = figure(0.4 + 6.4 * height / width)
    axes = drawing.subplots()
    image = axes.imshow(picture.numpy(), cmap=SIGNED, vmin=-scale, vmax=scale, interpolation="nearest")
    axes.set_axis_off()
    neurons = linears(network)[0].out_features
    count = f"{neurons}" if neurons <= 100 else f"The first 100 of {neurons}"
    axes.set_title(f"{count} neurons: their weights to the 28 × 28 pixels")
    drawing.colorbar(image, ax=axes, extend="both", shrink=0.6, label="weight")
    return drawing


def hidden_neurons(model: DigitClassifier, images: Tensor, labels: Tensor, rows: int = 8) -> Figure:
    """For the most influential hidden neurons: weights, the digits and the images that excite them, their votes."""
    first, last = linears(model.network)
    z = first_layer(model.network, images)
    chosen = most_influential(model.network, z.sigmoid(), rows)
    z = z[:, chosen]
    excitement, exciting = mean_by_digit(z.sigmoid(), labels), most_exciting(z, 5)
    votes, weights = last.weight.detach()[:, chosen], first.weight.detach()[chosen].view(-1, 28, 28)
    drawing = figure(0.5 + 0.85 * len(chosen))
    grid = drawing.subplots(len(chosen), 4, width_ratios=(1, 2, 5, 2), squeeze=False)
    outputs = range(10) if model.only_digit is None else [model.only_digit]
    for row, (picture, bars, examples, arrows) in enumerate(grid):
        scale = weights[row].abs().quantile(0.995).item()
        picture.imshow(weights[row].numpy(), cmap=SIGNED, vmin=-scale, vmax=scale)
        bars.bar(range(10), excitement[:, row].tolist(), color="0.45")
        bars.set_ylim(0, 1)
        examples.imshow(mosaic(images[exciting[row]].float(), 5).numpy(), cmap="gray_r")
        colours = [VERMILION if vote > 0 else BLUE for vote in votes[:, row]]
        arrows.bar(outputs, votes[:, row].tolist(), color=colours)
        arrows.axhline(0, color=BLACK, linewidth=0.6)
        picture.set_ylabel(f"neuron {chosen[row]}", fontsize=8)
        for axes in (picture, examples):
            axes.set(xticks=[], yticks=[])
        for axes, ticks in ((bars, range(10)), (arrows, outputs)):
            axes.set_xticks(ticks)
            axes.tick_params(labelsize=7, length=2)
    titles = "weights", "mean activation, by digit", "the test images that excite it most", "votes, by output"
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9)
    return drawing


def confusion(labels: Tensor, answers: Tensor) -> Figure:
    """How often each digit was read as which, in counts; the colours are those of the mistakes."""
    matrix = confusion_matrix(labels, answers)
    errors = matrix.clone().fill_diagonal_(0).float()
    drawing = figure(6)
    axes = drawing.subplots()
    most = max(1.0, errors.max().item())
    shades = errors.where(errors > 0, math.nan).numpy()  # nan stays white
    image = axes.imshow(shades, cmap="cividis_r", vmin=0, vmax=most)
    for i in range(10):
        for j in range(10):
            count = int(matrix[i, j])
            colour = "white" if i != j and count > 0.45 * most else "black"
            weight = "bold" if i == j else "normal"
            axes.text(j, i, str(count or ""), ha="center", va="center", color=colour, weight=weight)
    right = matrix.diag() / matrix.sum(1)
    axes.set_yticks(range(10), [f"{digit}   ({share:.1%})" for digit, share in enumerate(right.tolist())])
    axes.set_xticks(range(10))
    axes.tick_params(length=0)
    axes.set(xlabel="read as", ylabel="right digit (share read rightly)")
    axes.set_title(f"{int(matrix.trace()):,} of {len(labels):,} test images read rightly")
    drawing.colorbar(image, ax=axes, shrink=0.6, label="mistakes")
    return drawing


def wrong_digits(images: Tensor, labels: Tensor, activations: Tensor, most: int = 56) -> Figure:
    """The images that are read wrongly, the most confident mistake first, with the answer and the right digit."""
    wrong = mistakes(labels, activations)
    shown = wrong[:most].tolist()
    columns = 8
    rows = max(1, math.ceil(len(shown) / columns))
    drawing = figure(0.5 + 1.05 * rows)
    for axes in drawing.subplots(rows, columns, squeeze=False).flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("0.85")
    for axes, index in zip(drawing.axes, shown, strict=False):
        axes.imshow(images[index].numpy(), cmap="gray_r")
        axes.set_title(f"said {activations[index].argmax()}, is {labels[index]}", fontsize=9, pad=3)
    drawing.suptitle(f"{len(shown)} of {len(wrong)} mistakes on {len(labels):,} test images, the surest first")
    return drawing


def saturation(labels: Tensor, activations: Tensor) -> Figure:
    """How near to 0 and 1 the output activations are: the right output of each image, and the other nine."""
    drawing = figure(3)
    right = one_hot(labels, activations.shape[1], like=activations).bool()
    sides = (("the right output", activations[right], BLUE), ("the other nine", activations[~right], VERMILION))
    for axes, (name, a, colour) in zip(drawing.subplots(1, 2, sharey=True), sides, strict=True):
        axes.hist(a.numpy(), bins=50, range=(0, 1), color=colour, log=True)
        axes.set_title(f"{name}: {saturated(a):.1%} within 0.01 of 0 or 1", fontsize=10)
        axes.set_xlabel("output activation")
    drawing.axes[0].set(ylabel="outputs on the test images", ylim=(0.8, None))
    return drawing


def valley(flat: Tensor, u: Tensor, v: Tensor, cost: Tensor, examples: int) -> Figure:
    """The path (T, 2) of a run over the cost (len(v), len(u)) on a plane through its weights, see `descent.valley`."""
    drawing = figure(3.8)
    axes = drawing.subplots()
    levels = torch.logspace(math.log10(cost.min().item()), math.log10(cost.max().item()), 25).tolist()
    levels[0], levels[-1] = cost.min().item(), cost.max().item()
    filled = axes.contourf(u.numpy(), v.numpy(), cost.numpy(), levels, cmap="cividis", norm=LogNorm())
    axes.plot(*flat.T.numpy(), "o-", color="white", markersize=4, markeredgecolor=BLACK, linewidth=1.5)
    for epoch in {0, 1, 2, 5, 10, len(flat) - 1} & set(range(len(flat))):
        name = "initial weights" if epoch == 0 else f"{epoch} epochs" if epoch == len(flat) - 1 else str(epoch)
        text = axes.annotate(
            name, tuple(flat[epoch].tolist()), (5, 6), textcoords="offset points", color="white", fontsize=9
        )
        text.set_path_effects([withStroke(linewidth=2, foreground=BLACK)])
    axes.set(xlabel="first direction", ylabel="second direction", aspect="equal")
    axes.set_title("The cost on a plane through the weights and biases, and their path by epochs", fontsize=10)
    ticks = [tick for tick in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5) if levels[0] <= tick <= levels[-1]]
    bar = drawing.colorbar(filled, ax=axes, ticks=ticks, label=f"cost on {examples:,} training images", shrink=0.8)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick:g}"))
    bar.ax.yaxis.set_minor_formatter(NullFormatter())
    return drawing


def training_size(sizes: list[int], accuracy: Tensor, shape: str, epochs: int) -> Figure:
    """Test accuracy (sizes, seeds) against the number of training images: each seed, and their mean."""
    drawing = figure(3.5)
    axes = drawing.subplots()
    percent = 100 * accuracy.numpy()
    for seed in range(accuracy.shape[1]):
        axes.plot(sizes, percent[:, seed], "o", color=SKY, markersize=4, zorder=3, label=None if seed else "each seed")
    axes.plot(sizes, percent.mean(1), color=BLUE, label=f"mean of {accuracy.shape[1]} seeds")
    for size, mean in zip(sizes, percent.mean(1), strict=True):
        axes.annotate(f"{mean:.1f}", (size, mean), (6, -10), textcoords="offset points", fontsize=9)
    axes.set_xscale("log")
    axes.margins(x=0.08, y=0.12)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes], minor=False)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="training images", ylabel="test accuracy, %")
    axes.set_title(f"{shape} after {epochs} epochs")
    axes.legend(frameon=False)
    return drawing
