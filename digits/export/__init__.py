"""`python -m digits export`: a trained network outside Python, in a page for the browser or a model for an app."""

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from digits import UserError
from digits.checkpoint import checkpoint_of, load_network, read, validation_accuracy
from digits.files import write_whole
from digits.network import answers, inputs, linears, sizes
from digits.neurons import binary_layer

WEB = files("digits.export") / "web"


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
        UserError: If there is no such checkpoint, the page cannot draw what its network reads, or `out` cannot be
            written.
    """
    checkpoint = checkpoint_of(checkpoint)
    saved = read(checkpoint)
    network = load_network(saved, checkpoint)
    side = saved["hyper_parameters"].get("image_size", 28)
    test = _test_images(data_dir) if side == 28 else None
    facts = _facts(network, saved, test)
    if to == "web":
        if side != 28:
            raise UserError(f"{checkpoint} reads images of {side}x{side}; the page draws digits of 28x28")
        content, said = page(network, facts).encode(), "open it in any browser"
    else:
        from digits.export import onnx as onnx_model  # here, since onnx is optional

        content = onnx_model.model(network, side, facts)
        images = test[0] if test else torch.rand(1_000, side, side, generator=torch.Generator().manual_seed(0))
        onnx_model.check(content, network, images)
        said = f"agrees with PyTorch on {len(images):,} {'test' if test else 'random'} images"
    out = out or Path("digits.html" if to == "web" else "digits.onnx")
    write_whole(out, content)
    print(f"{out}: {facts['shape']}, {len(content) / 1000:,.0f} kB; {said}")


def _test_images(data_dir: Path) -> tuple[Tensor, Tensor] | None:
    """MNIST's test images (10000, 28, 28) uint8 and labels (10000,) int64, if the files are there and whole."""
    from digits import mnist  # here, since torchvision takes seconds to import

    return None if mnist.missing(data_dir) else mnist.load(data_dir, train=False)


def _facts(network: nn.Module, saved: dict[str, Any], test: tuple[Tensor, Tensor] | None) -> dict[str, Any]:
    """What is said of a network where it goes: its layers, how it was trained, and its accuracies 0..1 where known."""
    facts = saved["hyper_parameters"] | saved.get("datamodule_hyper_parameters", {})
    facts |= {"shape": "-".join(map(str, sizes(network))), "epoch": saved.get("epoch")}
    facts |= {"validation_accuracy": validation_accuracy(saved), "test_accuracy": None}
    if test:
        images, labels = test
        said = answers(network(inputs(images, like=linears(network)[0].weight)))
        right = said == (labels if said.dtype == labels.dtype else labels == facts["only_digit"])
        facts["test_accuracy"] = right.double().mean().item()
    return facts


def page(network: nn.Module, facts: dict[str, Any]) -> str:
    """A page (HTML) with the network, its style and its scripts inside, that may load nothing from anywhere."""
    parameters = torch.cat([parameter.flatten() for parameter in network.parameters()])
    bits = binary_layer()
    held = facts | {
        "sizes": sizes(network),
        "parameters": base64.b64encode(parameters.numpy().astype("<f4").tobytes()).decode(),
        "bits": {"weights": bits.weights.tolist(), "biases": bits.biases.tolist()},
    }
    html = (WEB / "page.html").read_text("utf-8")
    html = re.sub(r'<link rel="stylesheet" href="(.+)">', lambda link: f"<style>{_source(link[1])}</style>", html)
    html = re.sub(r'<script src="(.+)">', lambda script: f"<script>{_source(script[1])}", html)
    policy = "default-src 'none'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    for kind in ("style", "script"):
        insides = re.findall(rf"<{kind}>(.*?)</{kind}>", html, re.DOTALL)
        policy += f"; {kind}-src" + "".join(f" 'sha256-{_digest(inside)}'" for inside in insides)
    html = html.replace('Policy" content="', f'Policy" content="{policy}', 1)
    return html.replace('id="network">', 'id="network">' + json.dumps(held).replace("<", "\\u003c"), 1)


def _source(name: str) -> str:
    return (WEB / name).read_text("utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
