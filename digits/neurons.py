"""The neurons of chapter 1, one at a time: perceptrons, logic gates made of them, sigmoid neurons, a layer of bits.

A perceptron and a sigmoid neuron have the same weighted input z = w x + b. The output of a perceptron is a step
function of z, that of a sigmoid neuron a smooth function. So a small change of w and b changes the sigmoid neuron's
output only a little. This lets a network learn.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Neuron:
    """Neurons side by side on the same inputs, with floating weights (neurons, inputs) and biases (neurons,).

    A call with inputs (..., inputs) returns outputs (..., neurons), of the dtype of the weights.
    """

    weights: Tensor
    biases: Tensor

    def z(self, x: Tensor) -> Tensor:
        """Return the weighted inputs (..., neurons) for inputs (..., inputs) of any dtype."""
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
    """Return NAND (...), 0.0 or 1.0, of bits x and y (...) of any dtype. NANDs can form any logic function."""
    return NAND(torch.stack([x, y], -1)).squeeze(-1)


def half_adder(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sum x XOR y and the carry x AND y of bits x and y (...), from five NANDs as in chapter 1."""
    both = nand(x, y)
    return nand(nand(x, both), nand(both, y)), nand(both, both)


def output_changes(neuron: SigmoidNeuron, x: Tensor, dw: Tensor, db: Tensor) -> tuple[Tensor, Tensor]:
    """Return the actual changes (..., neurons) of the outputs, and the changes that the derivatives predict.

    For x (inputs,) and changes dw (..., neurons, inputs) and db (..., neurons), chapter 1's equation 5 predicts
    sum_j d output/dw_j Δw_j + d output/db Δb = sigma'(z) (sum_j x_j Δw_j + Δb). Halving dw and db leaves a quarter of
    the error. Perceptrons have no such rule: a small change flips the output or does nothing.
    """
    a = neuron(x)
    slope = a * (1 - a)  # sigma'(z)
    return SigmoidNeuron(neuron.weights + dw, neuron.biases + db)(x) - a, slope * (dw @ x + db)


def bits_of(digits: Tensor) -> Tensor:
    """Return the bits (..., 4), 0.0 or 1.0, of digits (...) int64, 0..9: eights, fours, twos, ones."""
    places = torch.tensor([8, 4, 2, 1], device=digits.device)
    return (digits.unsqueeze(-1) & places).ne(0).to(torch.get_default_dtype())


def binary_layer(bias: float = -0.4) -> Perceptron:
    """Return four perceptrons that turn a network's outputs (..., 10) into the bits (..., 4) of its digit (chapter 1).

    The weight from an output to a bit is 1 if the output's digit has the bit, else 0. Say the correct output is at
    least 0.99 and the others are at most 0.01. Then z - bias is at least 0.99 for each bit that the digit has. For
    other bits it is at most 0.05, because five odd digits share the ones bit. So any bias between -0.99 and -0.05
    works. A trained network's outputs are not always so clear: for 784-100-10, biases from -0.3 to -0.6 make the
    fewest mistakes on the validation images.
    """
    return Perceptron(bits_of(torch.arange(10)).mT, torch.full((4,), bias))
