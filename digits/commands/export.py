"""Write a network as a web page, an ONNX model or a small checkpoint: `python -m digits export`."""

import io
from pathlib import Path
from typing import Literal

from digits.common.errors import UserError, printable
from digits.common.files import write_atomically


def export(
    *,
    network: str | None = None,
    to: Literal["web", "onnx", "checkpoint"] = "web",
    out: Path | None = None,
    data_dir: Path | None = None,
) -> None:
    """Write a trained network as a web page that reads drawn digits, an ONNX model, or a small checkpoint.

    Example: python -m digits export --network bundled --out digits.html

    Args:
        network: A run folder, a .ckpt file, or bundled. Default: the newest run in runs/, else the bundled network.
        to: web (one HTML file that works offline), onnx (a model for apps) or checkpoint (weights alone, in float16).
        out: File to write. By default digits.html, digits.onnx or digits.ckpt.
        data_dir: Folder for the MNIST files. If they are missing, web downloads them; the others skip the test.
    """
    import torch

    from digits import mnist
    from digits.checkpoint.contents import load_network, without_training
    from digits.checkpoint.selection import TEAM, find_checkpoint, title
    from digits.commands import onnx
    from digits.handwriting.picture import check_output
    from digits.network import classify, sizes
    from digits.page import html
    from digits.page.sample import sample

    saved, checkpoint = find_checkpoint(network)
    model, settings = load_network(saved, checkpoint), saved.settings
    side, only_digit = settings.get("image_size", 28), settings.get("only_digit")
    if to != "checkpoint" and only_digit is not None:
        raise UserError(f"this network only detects the digit {only_digit}; use --to checkpoint, or another --network")
    out = out or Path({"web": "digits.html", "onnx": "digits.onnx", "checkpoint": "digits.ckpt"}[to])
    check_output(out, [checkpoint], [out.suffix.lower()])
    if to == "web":
        if side != 28:
            raise UserError(f"{checkpoint} reads images of {side}x{side}, but the page needs 28x28; use --to onnx")
        mnist.fetch(data_dir)
    test = mnist.load(data_dir, train=False) if side == 28 and not mnist.missing(data_dir) else None

    def accuracy(model: torch.nn.Module) -> float | None:
        """Return the accuracy on the test images, 0..1, or None without test images."""
        if test is None:
            return None
        images, labels = test
        right = classify(model, images) == (labels if only_digit is None else labels == only_digit)
        return right.double().mean().item()

    before, shape = accuracy(model), "-".join(map(str, sizes(model)))
    facts = {"only_digit": only_digit} | settings | saved.data | {"shape": shape, "epoch": saved.epoch}
    facts |= {"validation_accuracy": saved.accuracy, "test_accuracy": before, "context": saved.context}
    if to == "web" and test:
        facts["test_accuracy"] = after = accuracy(html.rounded(model))
        facts["team"] = title(network, checkpoint) == TEAM
        content = html.html(model, facts, sample(mnist.load(data_dir, train=True), test)).encode()
        summary = f"test accuracy {after:.2%} with 8-bit weights, {before:.2%} unrounded; open the page in a browser"
    elif to == "onnx":
        images = test[0] / 255 if test else torch.rand(1_000, side, side, generator=torch.Generator().manual_seed(0))
        content = onnx.model(model, side, **facts)
        onnx.check(content, model, images)
        summary = f"agrees with PyTorch on {len(images):,} {'test' if test else 'random'} images"
    else:
        (small, kept), buffer = without_training(saved, checkpoint), io.BytesIO()
        torch.save(kept, buffer)
        content, summary = buffer.getvalue(), "float16 weights"
        if test:
            summary += f": test accuracy {accuracy(load_network(small, checkpoint)):.2%}, {before:.2%} unrounded"
    write_atomically(out, content)
    print(f"{printable(str(out))}: {shape}, {len(content) / 1000:,.0f} kB; {summary}")
