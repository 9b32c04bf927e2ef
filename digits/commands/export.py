"""`python -m digits export`: a trained network in a page for the browser, a model for an app, a small checkpoint."""

import io
from pathlib import Path
from typing import Literal

from digits.common.errors import UserError, printable
from digits.common.files import check_target, write_atomically


def export(
    *,
    network: str | None = None,
    to: Literal["web", "onnx", "checkpoint"] = "web",
    out: Path | None = None,
    data_dir: Path | None = None,
) -> None:
    """Carry a trained network into a page on which one draws, a model for ONNX Runtime, or a small file.

    Args:
        network: A run, a checkpoint, or bundled; by default the newest run in runs/, else the bundled network.
        to: web for one file of HTML that works offline, onnx for apps and other programs, checkpoint for a file of the
            network alone, rounded to float16, from which no training can go on.
        out: The file to write; by default digits.html, digits.onnx or digits.ckpt.
        data_dir: Where the MNIST files are. The page gets some of their images, and missing files are downloaded for
            it; otherwise the network is tested on the 10,000 test images if the files are there.
    """
    import torch

    from digits import mnist
    from digits.checkpoint.contents import load_network, without_training
    from digits.checkpoint.selection import choose
    from digits.export import onnx, page
    from digits.export.sample import sample
    from digits.network import inputs, linears, predictions, sizes

    saved, checkpoint = choose(network)
    model, settings = load_network(saved, checkpoint), saved.settings
    side, only_digit = settings.get("image_size", 28), settings.get("only_digit")
    if to != "checkpoint" and only_digit is not None:
        raise UserError(f"the page and ONNX models read ten digits; this network only detects {only_digit}")
    if to == "web":
        if side != 28:
            raise UserError(f"{checkpoint} reads images of {side}x{side}; the page draws digits of 28x28")
        mnist.fetch(data_dir)
    test = mnist.load(data_dir, train=False) if side == 28 and not mnist.missing(data_dir) else None

    def accuracy(model: torch.nn.Module) -> float | None:
        """The share of the test images that are read right, 0..1; None without them."""
        if test is None:
            return None
        images, labels = test
        digits = predictions(model(inputs(images, like=linears(model)[0].weight)))
        return (digits == (labels if only_digit is None else labels == only_digit)).double().mean().item()

    before, shape = accuracy(model), "-".join(map(str, sizes(model)))
    facts = {"only_digit": only_digit} | settings | saved.data | {"shape": shape, "epoch": saved.epoch}
    facts |= {"validation_accuracy": saved.accuracy, "test_accuracy": before, "context": saved.context}
    if to == "web" and test:
        facts["test_accuracy"] = after = accuracy(page.rounded(model))
        content = page.html(model, facts, sample(mnist.load(data_dir, train=True), test)).encode()
        summary = f"weights in 8 bits: {after:.2%} of the test images, {before:.2%} before; open it in any browser"
    elif to == "onnx":
        images = test[0] / 255 if test else torch.rand(1_000, side, side, generator=torch.Generator().manual_seed(0))
        content = onnx.model(model, side, **facts)
        onnx.check(content, model, images)
        summary = f"agrees with PyTorch on {len(images):,} {'test' if test else 'random'} images"
    else:
        (small, kept), buffer = without_training(saved, checkpoint), io.BytesIO()
        torch.save(kept, buffer)
        content, summary = buffer.getvalue(), "weights rounded to float16"
        if test:
            summary += f": {accuracy(load_network(small, checkpoint)):.2%} of the test images, {before:.2%} before"
    out = out or Path({"web": "digits.html", "onnx": "digits.onnx", "checkpoint": "digits.ckpt"}[to])
    check_target(out, [checkpoint])
    write_atomically(out, content)
    print(f"{printable(str(out))}: {shape}, {len(content) / 1000:,.0f} kB; {summary}")
