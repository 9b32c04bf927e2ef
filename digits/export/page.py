"""A trained network as one HTML file: the page of web/, with its style, its scripts and the network inside."""

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import Any

import torch
from torch import nn

from digits.network import sizes
from digits.neurons import binary_layer

WEB = files("digits.export") / "web"


def html(network: nn.Module, facts: dict[str, Any]) -> str:
    """The page with a network inside. Its security policy lets it run its own scripts and load nothing."""
    parameters = torch.cat([parameter.flatten() for parameter in network.parameters()])
    bits = binary_layer()
    held = facts | {
        "sizes": sizes(network),
        "parameters": base64.b64encode(parameters.numpy().astype("<f4").tobytes()).decode(),
        "bits": {"weights": bits.weights.tolist(), "biases": bits.biases.tolist()},
    }
    page = _source("page.html")
    page = re.sub(r'<link rel="stylesheet" href="(.+)">', lambda link: f"<style>{_source(link[1])}</style>", page)
    page = re.sub(r'<script src="(.+)">', lambda script: f"<script>{_source(script[1])}", page)
    policy = "default-src 'none'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    for kind in ("style", "script"):
        insides = re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        policy += f"; {kind}-src" + "".join(f" 'sha256-{_digest(inside)}'" for inside in insides)
    page = page.replace('Policy" content="', f'Policy" content="{policy}', 1)
    return page.replace('id="network">', 'id="network">' + json.dumps(held).replace("<", "\\u003c"), 1)


def _source(name: str) -> str:
    return (WEB / name).read_text("utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
