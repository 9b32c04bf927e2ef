"""The network by itself: its layers and initial weights, its inputs and outputs."""

import pytest
import torch
from torch import nn

from digits.network import (
    COSTS,
    correct,
    inputs,
    linears,
    one_hot,
    sigmoid_network,
    sizes,
)
from tests.support.book import sigmoid


@pytest.mark.parametrize("layers", [[784, 30, 10], [784, 10], [6, 5, 4, 3, 1]])
def test_a_network_is_a_chain_of_sigmoid_layers(layers):
    network, x = sigmoid_network(layers, "gaussian"), torch.rand(7, layers[0])
    a = x.double().numpy()
    for layer in linears(network):
        a = sigmoid(a @ layer.weight.detach().double().numpy().T + layer.bias.detach().double().numpy())
    assert torch.allclose(network(x).double(), torch.from_numpy(a), atol=1e-5)
    assert sizes(network) == layers
    assert [type(module) for module in network] == [nn.Linear, nn.Sigmoid] * (len(layers) - 1)
    assert sizes(nn.Sequential(nn.Sigmoid())) == []  # no Linear layers


def test_initial_weights_have_the_documented_spread():
    """scaled: N(0, 1 / inputs), the first layer twice as wide, biases 0; gaussian: N(0, 1), biases too."""
    for init, widths in (("scaled", [2 / 784**0.5, 1 / 100**0.5]), ("gaussian", [1, 1])):
        for layer, width in zip(linears(sigmoid_network([784, 100, 500], init)), widths, strict=True):
            assert layer.weight.std().item() == pytest.approx(width, rel=0.02)
            assert abs(layer.weight.mean().item()) < 0.02 * width
            assert layer.bias.std().item() == (0 if init == "scaled" else pytest.approx(1, rel=0.2))


@pytest.mark.parametrize("init", ["scaled", "gaussian"])
def test_initial_weights_depend_on_the_seed_alone(init):
    torch.manual_seed(0)
    state = torch.get_rng_state()
    weights, same, different = (sigmoid_network([20, 5, 3], init, seed)[2].weight for seed in (4, 4, 5))
    assert weights.equal(same) and not weights.equal(different)
    assert torch.get_rng_state().equal(state)  # the global random state is untouched


def test_inputs_are_scaled_to_0_to_1_and_labels_become_one_hot():
    images = torch.randint(256, (5, 28, 28), dtype=torch.uint8)
    for dtype in (torch.float32, torch.float64):
        x = inputs(images, like=torch.zeros(1, dtype=dtype))
        assert (x.shape, x.dtype) == ((5, 784), dtype)
        assert x.equal(images.flatten(1).to(dtype) / 255)
        for same in (images[:, None], images.flatten(1), images.float() / 255):
            assert inputs(same, like=x).allclose(x)
    y = one_hot(torch.tensor([[3, 0], [9, 3]]))
    assert (y.shape, y.dtype) == ((2, 2, 10), torch.float32)
    assert y.argmax(-1).tolist() == [[3, 0], [9, 3]] and (y.sum(-1) == 1).all()


@pytest.mark.parametrize("name", COSTS)
def test_delta_is_the_derivative_of_the_cost(name):
    z = torch.randn(50, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    a, y = z.sigmoid(), torch.eye(10, dtype=torch.float64).repeat(5, 1)
    [derivative] = torch.autograd.grad(COSTS[name].value(a, y), z)
    torch.testing.assert_close(COSTS[name].delta(a, y), derivative)


@pytest.mark.parametrize("name", COSTS)
def test_the_cost_of_nan_is_nan(name):
    a, y = torch.tensor([[0.5, torch.nan]]), torch.tensor([[1.0, 0.0]])
    assert COSTS[name].value(a, y).isnan() and COSTS[name].delta(a, y).isnan().any()


def test_an_example_is_correct_if_the_digit_matches_or_no_output_is_high():
    a, y = torch.tensor([[0.2, 0.1], [0.2, 0.3], [0.5, 0.1], [0.6, 0.1], [0.1, 0.6]]), torch.zeros(5, 2)
    y[:2, 0] = 1
    assert [correct(*example).item() for example in zip(a[:, None], y[:, None], strict=True)] == [1, 0, 1, 0, 0]
    a, y = torch.tensor([0.51, 0.5, 0.49, 0.51, 0.5, 0.0]), torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    assert [correct(a[i].view(1, 1), y[i].view(1, 1)).item() for i in range(6)] == [1, 0, 0, 0, 1, 1]
    assert correct(a[:, None], y[:, None]) == 3
