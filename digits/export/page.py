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
    page = (WEB / "page.html").read_text("utf-8")
    policy = "default-src 'none'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    policy += "; require-trusted-types-for 'script'; trusted-types 'none'"  # no text becomes an element
    for kind, link in (("style", r'<link rel="stylesheet" href="(.+)">'), ("script", r'<script src="(.+)"></script>')):
        policy += f"; {kind}-src"
        for found in re.finditer(link, page):
            source = (WEB / found[1]).read_text("utf-8")
            page = page.replace(found[0], f"<{kind}>{source}</{kind}>")
            policy += f" 'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
    page = page.replace('Policy" content="', f'Policy" content="{policy}', 1)
    return page.replace('id="network">', 'id="network">' + json.dumps(held).replace("<", "\\u003c"), 1)
