"""Export a network as an ONNX model, which ONNX Runtime runs on phones, in browsers and from other languages."""

import json
import warnings
from copy import deepcopy
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from digits.common.errors import UserError, install
from digits.network import predictions

CLOSE = 1e-5  # largest allowed difference from the activations in PyTorch


class Predictor(nn.Module):
    """Map images (N, side, side) float32 0..1 to digits (N,) int64 and output activations (N, 10)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        a = self.network(images.flatten(1))
        return predictions(a), a


def model(network: nn.Module, side: int = 28, /, **facts: Any) -> bytes:
    """Return the content of an .onnx file: a `Predictor` with input `images` and outputs `digit` and `activations`.

    `network` maps pixels (N, side * side) to activations, and is exported in evaluation mode, without dropout. Each
    of the `facts` becomes metadata, its value in JSON. Raises UserError if a package is missing.
    """
    if any(find_spec(package) is None for package in ("onnx", "onnxscript", "onnxruntime")):
        raise UserError(f"ONNX export needs onnx, onnxscript and onnxruntime: {install('onnx')}")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*treespec, LeafSpec")  # torch's exporter calls its own deprecated function
        program: Any = torch.onnx.export(
            Predictor(deepcopy(network)).eval(),
            (torch.zeros(2, side, side, device=next(network.parameters()).device),),
            input_names=["images"],
            output_names=["digit", "activations"],
            dynamic_shapes=({0: torch.export.Dim("N")},),
            opset_version=18,
            verbose=False,
        )
    for part in (program.model.graph, *program.model.graph):  # torch writes paths of this machine there
        part.metadata_props.clear()
    program.model.metadata_props.update({name: json.dumps(value) for name, value in facts.items()})
    return program.model_proto.SerializeToString()


@torch.no_grad()
def check(content: bytes, network: nn.Module, images: Tensor) -> None:
    """Run an ONNX model in ONNX Runtime on images (N, side, side) float32 0..1, and compare it with its network.

    Raises ArithmeticError if any digit differs, or if an activation differs by more than CLOSE.
    """
    from onnxruntime import InferenceSession

    digits, activations = Predictor(network)(images)
    outputs = InferenceSession(content).run(None, {"images": images.numpy()})
    onnx_digits, onnx_activations = map(torch.from_numpy, outputs)
    wrong, off = (onnx_digits != digits).sum().item(), (onnx_activations - activations).abs().max().item()
    if wrong or off > CLOSE:
        raise ArithmeticError(f"ONNX Runtime reads {wrong} images differently; activations differ by up to {off:.1e}")
