"""The neurons of chapter 1 and what they build: gates, an adder, a layer that gives the bits of a digit."""

from itertools import product

import pytest
import torch
from torch import Tensor

from digits import neurons
from digits.neurons import AND, NAND, OR, Perceptron, SigmoidNeuron, binary_layer, bits_of, half_adder, output_changes

PAIRS = torch.tensor(list(product([0.0, 1.0], repeat=2)))  # 00 01 10 11


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.bool])
def test_gates_and_the_half_adder_have_the_right_truth_tables(dtype):
    for gate, truth in ((AND, [0, 0, 0, 1]), (OR, [0, 1, 1, 1]), (NAND, [1, 1, 1, 0])):
        assert gate(PAIRS.to(dtype)).tolist() == [[bit] for bit in truth]
    x, y = PAIRS.to(dtype).T
    assert neurons.nand(x, y).tolist() == [1, 1, 1, 0]
    total, carry = half_adder(x, y)
    assert (total.tolist(), carry.tolist()) == ([0, 1, 1, 0], [0, 0, 0, 1])
    assert torch.stack(half_adder(x.view(2, 2), y.view(2, 2))).equal(torch.stack([total, carry]).view(2, 2, 2))


def test_a_perceptron_outputs_0_at_zero():
    perceptron = Perceptron(torch.tensor([[1.0, -1.0]]), torch.tensor([0.0]))
    x = torch.tensor([[0.5, 0.5], [0.5 + 2**-20, 0.5], [0.5, 0.5 + 2**-20], [0.0, 0.0]])
    assert perceptron(x).tolist() == [[0], [1], [0], [0]]


@pytest.mark.parametrize("kind", [Perceptron, SigmoidNeuron])
@pytest.mark.parametrize("batch", [(), (6,), (2, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_neurons_take_batches_of_inputs(kind, batch, dtype):
    w, b, x = random(4, 5).to(dtype), random(4, seed=1).to(dtype), random(*batch, 5, seed=2).to(dtype)
    z = torch.einsum("ij,...j->...i", w, x) + b
    expected = (z > 0).to(dtype) if kind is Perceptron else 1 / (1 + (-z).exp())
    torch.testing.assert_close(kind(w, b)(x), expected)


def test_derivatives_predict_the_change_of_the_outputs():
    """Test 20 neurons with 6 inputs, for three changes of their weights and biases."""
    neuron, x = SigmoidNeuron(random(20, 6, seed=3), random(20, seed=6)), random(6, seed=4)
    dw, db = 0.01 * random(3, 20, 6, seed=5), 0.01 * random(3, 20, seed=7)
    actual, predicted = output_changes(neuron, x, dw, db)
    w, b = neuron.weights.clone().requires_grad_(), neuron.biases.clone().requires_grad_()
    before = SigmoidNeuron(w, b)(x)
    grad_w, grad_b = torch.autograd.grad(before.sum(), (w, b))  # each output depends only on its own weights
    assert torch.allclose(predicted, (grad_w * dw).sum(-1) + grad_b * db, rtol=1e-10, atol=0)
    for step in range(3):
        after = SigmoidNeuron(neuron.weights + dw[step], neuron.biases + db[step])(x)
        assert torch.allclose(actual[step], after - before.detach(), rtol=0, atol=1e-14)


BITS = [[int(bit) for bit in f"{digit:04b}"] for digit in range(10)]


def activations(right: float, wrong: float) -> Tensor:
    return torch.full((10, 10), wrong, dtype=torch.float64).fill_diagonal_(right)


@pytest.mark.parametrize("bias", [-0.06, -0.4, -0.5, -0.9])
def test_the_binary_layer_gives_the_bits_of_clear_outputs(bias):
    layer = binary_layer(bias)
    for right, wrong in product([0.99, 1.0], [0.0, 0.01]):  # the limits of the assumption
        assert layer(activations(right, wrong)).tolist() == BITS == bits_of(torch.arange(10)).tolist()
    assert binary_layer().biases.tolist() == pytest.approx([-0.4] * 4)
    # A bias out of range gives wrong bits.
    assert binary_layer(-0.04)(activations(0.99, 0.01))[0].tolist() == [0, 0, 0, 1]  # five odd digits add up to 0.05
    assert binary_layer(-1.0)(activations(0.99, 0.0)).sum() == 0
