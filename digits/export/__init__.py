"""`python -m digits export`: a trained network outside Python, in a page for the browser or a model for an app."""

from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from digits import UserError, mnist
from digits.checkpoint import checkpoint_of, load_network, read, validation_accuracy
from digits.export import onnx, page
from digits.files import write_whole
from digits.network import answers, inputs, linears, sizes


def export(
    checkpoint: Path | None = None,
    *,
    to: Literal["web", "onnx"] = "web",
    out: Path | None = None,
    data_dir: Path = Path("data"),
) -> None:
    """Carry a trained network into a page on which one draws digits, or into a model for ONNX Runtime.

    Args:
        checkpoint: A checkpoint or the folder of a run, with or without this option's name; by default the newest run.
        to: web for one file of HTML that works offline, onnx for apps and other programs.
        out: The file to write; by default digits.html or digits.onnx.
        data_dir: If MNIST's files are there, the network is tested on the 10,000 test images; they are not fetched.

    Raises:
        UserError: If there is no such checkpoint, its images are too large for the page, or `out` cannot be written.
    """
    checkpoint = checkpoint_of(checkpoint)
    saved = read(checkpoint)
    network = load_network(saved, checkpoint)
    side = saved["hyper_parameters"].get("image_size", 28)
    test = mnist.load(data_dir, train=False) if side == 28 and not mnist.missing(data_dir) else None
    facts = _facts(network, saved, test)
    if to == "web":
        if side != 28:
            raise UserError(f"{checkpoint} reads images of {side}x{side}; the page draws digits of 28x28")
        content, said = page.html(network, facts).encode(), "open it in any browser"
    else:
        content = onnx.model(network, side, facts)
        images = test[0] if test else torch.rand(1_000, side, side, generator=torch.Generator().manual_seed(0))
        onnx.check(content, network, images)
        said = f"agrees with PyTorch on {len(images):,} {'test' if test else 'random'} images"
    out = out or Path("digits.html" if to == "web" else "digits.onnx")
    write_whole(out, content)
    print(f"{out}: {facts['shape']}, {len(content) / 1000:,.0f} kB; {said}")


def _facts(network: nn.Module, saved: dict[str, Any], test: tuple[Tensor, Tensor] | None) -> dict[str, Any]:
    """What goes along with a network: its shape, its settings, and its accuracies 0..1, None where unknown."""
    facts: dict[str, Any] = {"only_digit": None}  # which older checkpoints do not have
    facts |= saved["hyper_parameters"] | saved.get("datamodule_hyper_parameters", {})
    facts |= {"shape": "-".join(map(str, sizes(network))), "epoch": saved.get("epoch")}
    facts |= {"validation_accuracy": validation_accuracy(saved), "test_accuracy": None}
    if test:
        images, labels = test
        said = answers(network(inputs(images, like=linears(network)[0].weight)))
        wanted = labels if facts["only_digit"] is None else labels == facts["only_digit"]
        facts["test_accuracy"] = (said == wanted).double().mean().item()
    return facts
