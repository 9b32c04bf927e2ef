"""The neurons of chapter 1 by themselves: perceptrons, logic gates made of them, sigmoid neurons, a layer of bits.

A perceptron and a sigmoid neuron have the same weighted input z = w x + b. A perceptron outputs a step of it, a sigmoid
neuron a smooth curve: a small change of w and b changes its output a little. That is what lets a network learn.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Neuron:
    """Neurons side by side on the same inputs: weights (neurons, inputs), biases (neurons,), floating.

    Called with inputs (..., inputs), they return outputs (..., neurons), of the dtype of the weights.
    """

    weights: Tensor
    biases: Tensor

    def z(self, x: Tensor) -> Tensor:
        """Weighted inputs (..., neurons) for inputs (..., inputs) of any dtype."""
        return x.to(self.weights) @ self.weights.mT + self.biases


class Perceptron(Neuron):
    """Output 1 where z > 0, else 0 (chapter 1, equation 2)."""

    def __call__(self, x: Tensor) -> Tensor:
        return (self.z(x) > 0).to(self.weights.dtype)


class SigmoidNeuron(Neuron):
    """Output 1 / (1 + e^-z), between 0 and 1 (chapter 1, equations 3 and 4)."""

    def __call__(self, x: Tensor) -> Tensor:
        return self.z(x).sigmoid()


AND = Perceptron(torch.tensor([[2.0, 2.0]]), torch.tensor([-3.0]))
OR = Perceptron(torch.tensor([[2.0, 2.0]]), torch.tensor([-1.0]))
NAND = Perceptron(torch.tensor([[-2.0, -2.0]]), torch.tensor([3.0]))  # the weights and bias of the book's example


def nand(x: Tensor, y: Tensor) -> Tensor:
    """NAND (...), 0.0 or 1.0, of bits x and y (...) of any dtype; any logic function can be built from it."""
    return NAND(torch.stack([x, y], -1)).squeeze(-1)


def half_adder(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Sum x XOR y and carry x AND y of bits x and y (...), wired as in chapter 1: five perceptrons, all NAND."""
    both = nand(x, y)
    return nand(nand(x, both), nand(both, y)), nand(both, both)


def output_changes(neuron: SigmoidNeuron, x: Tensor, dw: Tensor, db: Tensor) -> tuple[Tensor, Tensor]:
    """The actual changes (..., neurons) of the outputs, and those that the derivatives predict (chapter 1, equation 5).

    The prediction for an input x (inputs,) is sum_j d output/dw_j Δw_j + d output/db Δb = sigma'(z) (sum_j x_j Δw_j +
    Δb), with dw (..., neurons, inputs) and db (..., neurons). Half the change leaves a quarter of the error. A
    perceptron has no such rule: a small change leaves its output as it is, or flips it.
    """
    a = neuron(x)
    slope = a * (1 - a)  # sigma'(z)
    return SigmoidNeuron(neuron.weights + dw, neuron.biases + db)(x) - a, slope * (dw @ x + db)


def bits_of(digits: Tensor) -> Tensor:
    """The bits (..., 4), 0.0 or 1.0, of digits (...) int64, 0..9: eights, fours, twos, ones."""
    places = torch.tensor([8, 4, 2, 1], device=digits.device)
    return (digits.unsqueeze(-1) & places).ne(0).to(torch.get_default_dtype())


def binary_layer(bias: float = -0.4) -> Perceptron:
    """Four perceptrons that turn the outputs (..., 10) of a network into the bits (..., 4) of its digit (chapter 1).

    The weight from an output to a bit is 1 if its digit has the bit, else 0. If the right output is at least 0.99 and
    the others at most 0.01, z - bias is at least 0.99 where the digit has the bit and else at most 0.05 (the ones: five
    odd digits), so any bias between -0.99 and -0.05 will do. The outputs of a trained network are not always so clear;
    from -0.3 to -0.6 it errs least on the validation images, with 784-100-10.
    """
    return Perceptron(bits_of(torch.arange(10)).mT, torch.full((4,), bias))
