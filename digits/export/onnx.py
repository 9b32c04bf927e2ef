"""A trained network as an ONNX model, which ONNX Runtime runs on phones, in browsers and in other languages."""

import json
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from digits import UserError
from digits.network import answers, inputs, linears

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
    from onnx import TensorProto, checker, helper, numpy_helper

    nodes, tensors, last = [helper.make_node("Flatten", ["images"], ["a0"])], [], "a0"
    layers = linears(network)
    for n, layer in enumerate(layers, 1):
        for name, parameter in (("w", layer.weight), ("b", layer.bias)):
            tensors.append(numpy_helper.from_array(parameter.detach().float().numpy(), f"{name}{n}"))
        a = f"a{n}" if n < len(layers) else "activations"
        nodes.append(helper.make_node("Gemm", [last, f"w{n}", f"b{n}"], [f"z{n}"], transB=1))
        nodes.append(helper.make_node("Sigmoid", [f"z{n}"], [a]))
        last = a
    detector = layers[-1].out_features == 1
    if detector:
        tensors.append(helper.make_tensor("half", TensorProto.FLOAT, [], [0.5]))
        tensors.append(helper.make_tensor("all", TensorProto.INT64, [1], [-1]))
        nodes.append(helper.make_node("Greater", ["activations", "half"], ["is"]))
        nodes.append(helper.make_node("Reshape", ["is", "all"], ["digit"]))
    else:
        nodes.append(helper.make_node("ArgMax", ["activations"], ["digit"], axis=1, keepdims=0))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "digits",
        [value("images", TensorProto.FLOAT, ["N", side, side])],
        [
            value("digit", TensorProto.BOOL if detector else TensorProto.INT64, ["N"]),
            value("activations", TensorProto.FLOAT, ["N", layers[-1].out_features]),
        ],
        tensors,
    )
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="digits"
    )
    helper.set_model_props(made, {name: json.dumps(value) for name, value in facts.items()})
    checker.check_model(made, full_check=True)
    return made.SerializeToString()


@torch.no_grad()
def check(content: bytes, network: nn.Module, images: Tensor) -> None:
    """Compare a model, run in ONNX Runtime on images (N, side, side), uint8 or float 0..1, with its network.

    Raises ArithmeticError if a digit differs, or an activation by more than CLOSE.
    """
    from onnxruntime import InferenceSession

    x = inputs(images, like=linears(network)[0].weight)
    expected = network(x)
    digit, activations = InferenceSession(content).run(
        ["digit", "activations"], {"images": x.view(images.shape).numpy()}
    )
    off = (torch.from_numpy(activations) - expected).abs().max().item()
    others = (torch.from_numpy(digit) != answers(expected)).sum().item()
    if others or off > CLOSE:
        raise ArithmeticError(f"ONNX Runtime says another digit for {others} images; activations differ by {off:.1e}")
