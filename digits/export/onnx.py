"""A trained network as an ONNX model, which ONNX Runtime runs on phones, in browsers and in other languages."""

import json
from copy import deepcopy
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from digits.common.errors import UserError, install
from digits.network import predictions

CLOSE = 1e-5  # largest difference of an activation from PyTorch's


class Predictor(nn.Module):
    """Images (N, side, side) float32 0..1 to digits (N,) int64 and the activations (N, 10) of a network's outputs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        a = self.network(images.flatten(1))
        return predictions(a), a


def model(network: nn.Module, side: int = 28, /, **facts: Any) -> bytes:
    """The content of an .onnx file: input `images`, outputs `digit` and `activations` as of `Predictor`, any N.

    `network` takes the pixels (N, side * side), and is exported as it evaluates, without dropout. Each fact, of any
    name, becomes metadata, its value in JSON.

    Raises UserError if a package is missing.
    """
    if any(find_spec(package) is None for package in ("onnx", "onnxscript", "onnxruntime")):
        raise UserError(f"this needs onnx, onnxscript and onnxruntime: {install('onnx')}")
    program: Any = torch.onnx.export(
        Predictor(deepcopy(network)).eval(),
        (torch.zeros(2, side, side, device=next(network.parameters()).device),),
        input_names=["images"],
        output_names=["digit", "activations"],
        dynamic_shapes=({0: torch.export.Dim("N")},),
        opset_version=18,
        verbose=False,
    )
    for part in (program.model.graph, *program.model.graph):  # torch notes there where the code lay on this computer
        part.metadata_props.clear()
    program.model.metadata_props.update({name: json.dumps(value) for name, value in facts.items()})
    return program.model_proto.SerializeToString()


@torch.no_grad()
def check(content: bytes, network: nn.Module, images: Tensor) -> None:
    """Compare an ONNX model, run in ONNX Runtime on images (N, side, side) float32 0..1, with its network.

    Raises ArithmeticError if a digit differs, or an activation by more than CLOSE.
    """
    from onnxruntime import InferenceSession

    digits, activations = Predictor(network)(images)
    theirs = [torch.from_numpy(array) for array in InferenceSession(content).run(None, {"images": images.numpy()})]
    wrong, off = (theirs[0] != digits).sum().item(), (theirs[1] - activations).abs().max().item()
    if wrong or off > CLOSE:
        raise ArithmeticError(f"ONNX Runtime says another digit for {wrong} images; activations differ by {off:.1e}")
