"""Export a network as one HTML file: the page with its style, its scripts and the network inside.

`npm ci && npm run build` in this folder bundles the scripts into dist/.
"""

import base64
import hashlib
import json
from copy import deepcopy
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import torch
from torch import Tensor, nn

from digits.checkpoint.packed import Packed, load, pack, page_bytes, unpack
from digits.handwriting import eye, line_network
from digits.network import predictions, sizes, weights_and_biases
from digits.page.sample import deflated, packed

PAGE = files("digits.page")
MODULES = "picture, background, eye, components, strips, line_network, cutting, normalize, lines, reader, answer"
KINDS = int, float, tuple, list  # types of the constants that the page gets


def html(network: nn.Module, facts: dict[str, Any], images: list[tuple[Tensor, Tensor]]) -> str:
    """Return the page with a network, whose weights are `rounded`, and the `images` of `sample` to train on.

    `facts` describe the network, such as its `shape`, whether it was trained on digits in `context`, and whether it
    reads in a `team` with the line network. The security policy of the page lets it run only its own scripts, and load
    nothing.
    """
    (train, _), (test, labels) = images
    right = (predictions(rounded(network)(test.float())) == labels).double()
    held = facts | {
        "sizes": sizes(network),
        "accuracy": right.mean().item() if len(right) else None,
        "parameters": _text(deflated(page_bytes(_packed(network)))),
        "bytes": 1,  # per weight
        "mnist": {"train": len(train), "test": len(test), "packed": _text(packed(images))},
        "constants": constants(facts["context"]),
        "eye": bundled(eye.BUNDLED),
        "line": bundled(line_network.BUNDLED),
    }
    names = "page.html", "style.css", "dist/page.js", "dist/worker.js"
    page, style, script, worker = ((PAGE / name).read_text("utf-8") for name in names)
    hashes = [f"'sha256-{_text(hashlib.sha256(source.encode()).digest())}'" for source in (style, script)]
    policy = "default-src 'none'; img-src data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'"
    policy += "; style-src {}; script-src {}".format(*hashes)
    content = json.dumps(held).replace("<", "\\u003c")
    counts = {"train_images": f"{len(train):,}", "test_images": f"{len(test):,}"}
    return Template(page).substitute(counts, policy=policy, style=style, script=script, worker=worker, held=content)


def constants(context: bool) -> dict[str, dict[str, Any]]:
    """Return the constants of handwriting/ by module and name, so that the page reads with the same values."""
    constants: dict[str, dict[str, Any]] = {}
    for module in MODULES.split(", "):
        values = vars(import_module(f"digits.handwriting.{module}")).items()
        constants[module] = {name: value for name, value in values if name.isupper() and type(value) in KINDS}
    if not context:
        constants["normalize"]["REST"] = 0.0  # traces of the neighbours are not drawn
    return constants


def rounded(network: nn.Module) -> nn.Module:
    """Return a copy of a network with its weights rounded to 8 bits, as in the page."""
    copy = deepcopy(network)
    for weights, (rounded_weights, _) in zip(weights_and_biases(copy)[0], unpack(_packed(network)), strict=True):
        weights.copy_(torch.from_numpy(rounded_weights.T))
    return copy


def _packed(network: nn.Module) -> list[Packed]:
    return pack([(w.numpy().T, b.numpy()) for w, b in zip(*weights_and_biases(network), strict=True)])


def bundled(file: Path) -> dict[str, Any]:
    """Return a bundled network for pictures: the sizes (inputs, neurons) of its layers, and its parameters as text."""
    layers = load(file)
    return {"sizes": [layer.counts.shape for layer in layers], "packed": _text(page_bytes(layers))}


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
