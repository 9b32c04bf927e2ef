"""A trained network as an ONNX model, which ONNX Runtime runs on phones, in browsers and in other languages."""

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from digits.errors import UserError
from digits.network import inputs, predictions, weights_and_biases

if TYPE_CHECKING:
    from digits.model import DigitClassifier

OPSET = 17  # version of the operators; ONNX Runtime has it since 1.12
IR_VERSION = 8  # version of the file format; the one that came with OPSET
CLOSE = 1e-5  # largest difference of an activation from PyTorch's


def model(network: nn.Module, side: int, facts: dict[str, Any]) -> bytes:
    """The content of an .onnx file.

    Input `images` (N, side, side) float32 0..1. Outputs `digit` (N,) int64 and `activations` (N, 10) float32; of a
    detector, `digit` (N,) bool and `activations` (N, 1). Each fact is metadata, its value in JSON.

    Raises UserError if onnx is missing.
    """
    if find_spec("onnx") is None or find_spec("onnxruntime") is None:
        raise UserError("this needs onnx and onnxruntime: pip install -e '.[onnx]'")
    from onnx import checker, helper, numpy_helper, parser

    weights, biases = weights_and_biases(network)
    steps, tensors, a = ["a0 = Flatten(images)"], [], "a0"
    for n, (w, b) in enumerate(zip(weights, biases, strict=True), 1):
        tensors.append(numpy_helper.from_array(w.float().numpy(), f"w{n}"))
        tensors.append(numpy_helper.from_array(b.float().numpy(), f"b{n}"))
        steps.append(f"z{n} = Gemm <transB = 1> ({a}, w{n}, b{n})")
        a = f"a{n}" if n < len(weights) else "activations"
        steps.append(f"{a} = Sigmoid(z{n})")
    if len(biases[-1]) > 1:
        digit = "int64[N] digit"
        steps.append("digit = ArgMax <axis = 1, keepdims = 0> (activations)")
    else:
        digit = "bool[N] digit"
        steps += ["half = Constant <value_float = 0.5> ()", "sure = Greater(activations, half)"]
        steps += ["outputs = Constant <value_ints = [1]> ()", "digit = Squeeze(sure, outputs)"]
    made = parser.parse_model(
        f'<ir_version: {IR_VERSION}, opset_import: ["": {OPSET}], producer_name: "digits">'
        f"digits (float[N, {side}, {side}] images) => ({digit}, float[N, {len(biases[-1])}] activations)"
        f"{{ {' '.join(steps)} }}"
    )
    made.graph.initializer.extend(tensors)
    helper.set_model_props(made, {name: json.dumps(value) for name, value in facts.items()})
    checker.check_model(made, full_check=True)
    return made.SerializeToString()


def traced(model: "DigitClassifier") -> bytes:
    """The content of an .onnx file of a model with any network, by torch.onnx; input and outputs as in `model`.

    Raises UserError if a package is missing.
    """
    if find_spec("onnx") is None or find_spec("onnxscript") is None:
        raise UserError("this needs onnx and onnxscript: pip install -e '.[onnx]'")

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
            a = self.model(images)
            return predictions(a), a

    images = torch.zeros(2, model.image_size, model.image_size, device=model.device)
    program: Any = torch.onnx.export(
        Reader().eval(),
        (images,),
        input_names=["images"],
        output_names=["digit", "activations"],
        dynamic_shapes=({0: torch.export.Dim("N")},),
        verbose=False,
    )
    return program.model_proto.SerializeToString()


@torch.no_grad()
def check(content: bytes, network: nn.Module, images: Tensor) -> None:
    """Compare a model, run in ONNX Runtime on images (N, side, side), uint8 or float 0..1, with its network.

    Raises ArithmeticError if a digit differs, or an activation by more than CLOSE.
    """
    from onnxruntime import InferenceSession

    x = inputs(images, like=weights_and_biases(network)[0][0])
    expected = network(x)
    digit, activations = InferenceSession(content).run(None, {"images": x.view(images.shape).numpy()})
    off = (torch.from_numpy(activations) - expected).abs().max().item()
    others = (torch.from_numpy(digit) != predictions(expected)).sum().item()
    if others or off > CLOSE:
        raise ArithmeticError(f"ONNX Runtime says another digit for {others} images; activations differ by {off:.1e}")
