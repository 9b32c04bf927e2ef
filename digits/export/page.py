"""A trained network as one HTML file: the page of web/, with its style, its scripts and the network inside.

The scripts in dist/ are those in src/, bundled: `npm ci && npm run build` in web/.
"""

import base64
import hashlib
import json
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from torch import Tensor, nn

from digits.export.sample import deflated, packed
from digits.handwriting import (
    answer,
    background,
    components,
    cutting,
    eye,
    line_network,
    lines,
    normalize,
    picture,
    reader,
    strips,
)
from digits.network import predictions, sizes, weights_and_biases
from digits.neurons import binary_layer

WEB = files("digits.export") / "web"
KINDS = int, float, tuple, list  # of constants
STEPS = 127  # of a neuron: the largest int8

# The steps and biases (neurons,) float32 of a layer's neurons, and its weights (neurons, inputs) int8 in these steps.
Layer = tuple[np.ndarray, np.ndarray, np.ndarray]


def html(network: nn.Module, facts: dict[str, Any], images: list[tuple[Tensor, Tensor]]) -> str:
    """The page that holds a network, its weights rounded as by `rounded`, and the images of `sample` to learn from.

    `facts` are what is known of the network, such as its `shape`, and whether it reads in `context` (`find_lines`).
    The page's security policy lets it run its own scripts, one of them as a worker, and load nothing.
    """
    bits = binary_layer()
    (train, _), (test, labels) = images
    right = (predictions(rounded(network)(test.float())) == labels).double()
    held = facts | {
        "sizes": sizes(network),
        "accuracy": right.mean().item() if len(right) else None,
        "parameters": _text(deflated(_packed(_steps_and_counts(network)))),
        "bytes": 1,  # a weight
        "bits": {"weights": bits.weights.tolist(), "biases": bits.biases.tolist()},
        "mnist": {"train": len(train), "test": len(test), "packed": _text(packed(images))},
        "constants": constants(facts["context"]),
        "eye": at_hand(eye.BUNDLED),
        "line": at_hand(line_network.BUNDLED),
    }
    style, script, worker = ((WEB / one).read_text("utf-8") for one in ("style.css", "dist/page.js", "dist/worker.js"))
    hashes = [f"'sha256-{_text(hashlib.sha256(source.encode()).digest())}'" for source in (style, script)]
    policy = "default-src 'none'; img-src data: blob:; worker-src blob:; base-uri 'none'; form-action 'none'"
    policy += "; style-src {}; script-src {}".format(*hashes)
    template = Template((WEB / "page.html").read_text("utf-8"))
    return template.substitute(
        policy=policy, style=style, script=script, worker=worker, held=json.dumps(held).replace("<", "\\u003c")
    )


def constants(context: bool) -> dict[str, dict[str, Any]]:
    """All constants that handwriting is read with, in `context` or not, by module and name: the page has each, too."""
    modules = picture, background, eye, components, strips, line_network, cutting, normalize, lines, reader, answer
    known: dict[str, dict[str, Any]] = {
        module.__name__.rpartition(".")[2]: {
            name: value for name, value in vars(module).items() if name.isupper() and type(value) in KINDS
        }
        for module in modules
    }
    if not context:
        known["normalize"]["REST"] = 0.0  # what a digit is cut from is not drawn
    return known


def rounded(network: nn.Module) -> nn.Module:
    """The network as the page has it: each neuron's weights a multiple, up to 127, of a step of its own."""
    rounded = deepcopy(network)
    for weights in weights_and_biases(rounded)[0]:
        steps, whole = _steps(weights)
        weights.copy_(steps * whole)
    return rounded


def _steps(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (neurons, inputs) as steps (neurons, 1), and how many of them, whole numbers of -127 to 127."""
    steps = (weights.abs().amax(1, keepdim=True) / STEPS).clamp(min=1e-30)
    return steps, (weights / steps).round()


def _steps_and_counts(network: nn.Module) -> list[Layer]:
    """Each layer of a network, its weights rounded."""
    layers = []
    for weights, biases in zip(*weights_and_biases(network), strict=True):
        steps, counts = _steps(weights)
        layers.append((steps.flatten().numpy(), biases.numpy(), counts.numpy().astype(np.int8)))
    return layers


def at_hand(file: Path) -> dict[str, Any]:
    """A network for pictures that comes with digits: how many inputs and neurons each layer has, and its parameters."""
    layers = [(steps, biases, weights.T) for steps, biases, weights in eye.packed(file)]
    return {"sizes": [counts.T.shape for *_, counts in layers], "packed": _text(_packed(layers))}


def _packed(layers: list[Layer]) -> bytes:
    """The steps and biases of every layer, then the weights of every layer."""
    floats = [part.astype("<f4").tobytes() for steps, biases, _ in layers for part in (steps, biases)]
    return b"".join([*floats, *(counts.tobytes() for *_, counts in layers)])


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
