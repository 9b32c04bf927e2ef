"""`python -m digits export`: a trained network in a page for the browser, a model for an app, a small checkpoint."""

import io
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from digits import mnist
from digits.checkpoint.contents import load_network, validation_accuracy, without_training
from digits.checkpoint.selection import choose
from digits.errors import UserError
from digits.export import onnx, page
from digits.export.sample import sample
from digits.files import write_atomically
from digits.network import inputs, linears, predictions, sizes


def export(
    *,
    network: str | None = None,
    to: Literal["web", "onnx", "checkpoint"] = "web",
    out: Path | None = None,
    data_dir: Path = Path("data"),
) -> None:
    """Carry a trained network into a page on which one draws, a model for ONNX Runtime, or a small file.

    Args:
        network: A run, a checkpoint, or bundled; by default the newest run in runs/, else the bundled network.
        to: web for one file of HTML that works offline, onnx for apps and other programs, checkpoint for a file of the
            network alone, rounded to float16, from which no training can go on.
        out: The file to write; by default digits.html, digits.onnx or digits.ckpt.
        data_dir: Where the MNIST files are. The page gets some of their images, and missing files are downloaded for
            it; otherwise the network is tested on the 10,000 test images if the files are there.

    Raises:
        UserError: If there is no such checkpoint, its images are too large for the page, or `out` cannot be written.
    """
    saved, checkpoint = choose(network)
    model = load_network(saved, checkpoint)
    side = saved["hyper_parameters"].get("image_size", 28)
    if to == "web":
        if side != 28:
            raise UserError(f"{checkpoint} reads images of {side}x{side}; the page draws digits of 28x28")
        mnist.fetch(data_dir)
    there = to == "web" or (side == 28 and not mnist.missing(data_dir))
    test = mnist.load(data_dir, train=False) if there else None
    facts = _facts(model, saved, test)
    if to == "web" and test:
        accuracy = _accuracy(page.rounded(model), facts["only_digit"], *test)
        said = f"weights in 8 bits: {accuracy:.2%} of the test images, {facts['test_accuracy']:.2%} before"
        facts["test_accuracy"] = accuracy
        content = page.html(model, facts, *sample(mnist.load(data_dir, train=True), test)).encode()
        said += "; open it in any browser"
    elif to == "checkpoint":
        small, buffer = without_training(saved, checkpoint), io.BytesIO()
        torch.save(small, buffer)
        content, said = buffer.getvalue(), "weights rounded to float16"
        if test:
            rounded = _accuracy(load_network(small, checkpoint), facts["only_digit"], *test)
            said += f": {rounded:.2%} of the test images, {facts['test_accuracy']:.2%} before"
    else:
        content = onnx.model(model, side, facts)
        images = test[0] if test else torch.rand(1_000, side, side, generator=torch.Generator().manual_seed(0))
        onnx.check(content, model, images)
        said = f"agrees with PyTorch on {len(images):,} {'test' if test else 'random'} images"
    out = out or Path({"web": "digits.html", "onnx": "digits.onnx", "checkpoint": "digits.ckpt"}[to])
    write_atomically(out, content)
    print(f"{out}: {facts['shape']}, {len(content) / 1000:,.0f} kB; {said}")


def _facts(network: nn.Module, saved: dict[str, Any], test: tuple[Tensor, Tensor] | None) -> dict[str, Any]:
    """What goes along with a network: its shape, its settings, and its accuracies 0..1, None where unknown."""
    facts: dict[str, Any] = {"only_digit": None}  # which older checkpoints do not have
    facts |= saved["hyper_parameters"] | saved.get("datamodule_hyper_parameters", {})
    facts |= {"shape": "-".join(map(str, sizes(network))), "epoch": saved.get("epoch")}
    facts |= {"validation_accuracy": validation_accuracy(saved), "test_accuracy": None}
    if test:
        facts["test_accuracy"] = _accuracy(network, facts["only_digit"], *test)
    return facts


def _accuracy(network: nn.Module, only_digit: int | None, images: Tensor, labels: Tensor) -> float:
    """The share of images that are read right, 0..1; of a detector's, that it tells from the others."""
    said = predictions(network(inputs(images, like=linears(network)[0].weight)))
    wanted = labels if only_digit is None else labels == only_digit
    return (said == wanted).double().mean().item()
