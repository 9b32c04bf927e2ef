import numpy as np
import pytest
import torch
from torch import nn

from digits.backprop import sgd_step, sgd_steps
from digits.network import COSTS, correct, inputs, linears, one_hot, sigmoid_network
from tests.support.book import book_cost, book_step, sigmoid

SHAPES = [[784, 10], [784, 30, 10], [20, 15, 10], [12, 9, 7, 5, 4], [6, 5, 1], [3, 1]]


def problem(sizes, batch_size=8):
    """A float64 network, one mini-batch of inputs, some of them 0, and desired outputs."""
    network = sigmoid_network(sizes, seed=1).double()
    generator = torch.Generator().manual_seed(2)
    x = torch.rand(batch_size, sizes[0], generator=generator, dtype=torch.float64)
    x[x < 0.5] = 0
    labels = torch.randint(sizes[-1] + 1, (batch_size,), generator=generator)
    return (
        network,
        x,
        torch.eye(sizes[-1] + 1, sizes[-1], dtype=torch.float64)[labels],
    )  # the highest: no digit


def layers(network):
    return [layer.weight for layer in linears(network)], [layer.bias for layer in linears(network)]


def arrays(tensors):
    return [tensor.detach().numpy().copy() for tensor in tensors]


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_step_is_that_of_autograd(sizes, cost, decay):
    network, x, y = problem(sizes)
    a = network(x)
    value = (a - y).square() / 2 if cost == "quadratic" else -(y * a.log() + (1 - y) * (1 - a).log())
    l2 = decay / 2 * sum(layer.weight.square().sum() for layer in linears(network))
    (value.sum() / len(x) + l2).backward()
    expected = [(p - 3.0 * p.grad).detach() for p in network.parameters()]
    sgd_step(*layers(network), x, y, 3.0, COSTS[cost], decay)
    for p, wanted in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(p.detach(), wanted, rtol=0, atol=1e-14)


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("l2", [0.0, 5.0])
def test_step_is_that_of_the_book(sizes, cost, l2):
    network, x, y = problem(sizes, batch_size=10)
    y[3] = 0  # of an image that shows no digit
    weights, biases = (arrays(tensors) for tensors in layers(network))
    start = [w.copy() for w in weights]
    book_step(weights, biases, x.numpy(), y.numpy(), 3.0, cost, l2, n=200)
    sgd_step(*layers(network), x, y, 3.0, COSTS[cost], l2 / 200)
    for ours, book in zip([*layers(network)[0], *layers(network)[1]], weights + biases, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), book, rtol=0, atol=1e-12)
    assert all(np.abs(w - s).max() > 1e-4 for w, s in zip(weights, start, strict=True))


def test_step_is_down_the_numerical_gradient():
    network, x, y = problem([5, 4, 3])
    before = [p.detach().clone() for p in network.parameters()]
    sgd_step(*layers(network), x, y, lr=1.0)
    gradients = [old - new.detach() for old, new in zip(before, network.parameters(), strict=True)]

    def cost():
        return ((y - network(x)) ** 2).sum().item() / (2 * len(x))

    with torch.no_grad():
        for p, old in zip(network.parameters(), before, strict=True):
            p.copy_(old)
        for p, gradient in zip(network.parameters(), gradients, strict=True):
            for i in range(p.numel()):
                value = p.view(-1)[i].item()
                p.view(-1)[i] = value + 1e-5
                above = cost()
                p.view(-1)[i] = value - 1e-5
                below = cost()
                p.view(-1)[i] = value
                assert (above - below) / 2e-5 == pytest.approx(gradient.view(-1)[i].item(), abs=1e-9)


@pytest.mark.parametrize("name", COSTS)
def test_cost_and_right_answers_are_those_before_the_step(name):
    network, x, y = problem([20, 15, 10], batch_size=50)
    weights, biases = (arrays(tensors) for tensors in layers(network))
    costs, rights = [], []
    for sample, desired in zip(x.numpy(), y.numpy(), strict=True):
        a = sample
        for w, b in zip(weights, biases, strict=True):
            a = sigmoid(w @ a + b)
        costs.append(book_cost(a, desired, name))
        rights.append(a.argmax() == desired.argmax())
    cost, right = sgd_step(*layers(network), x, y, 3.0, COSTS[name], decay=0.1)
    assert cost.item() == pytest.approx(sum(costs), abs=1e-12)
    assert right.item() == sum(rights)
    assert 0 < sum(rights) < 50
    assert cost.ndim == right.ndim == 0


def test_ten_outputs_learn_five_times_as_fast_as_with_mse_loss():
    network, x, y = problem([20, 15, 10])
    nn.MSELoss()(network(x), y).backward()
    before = [p.detach().clone() for p in network.parameters()]
    sgd_step(*layers(network), x, y, lr=1.0)
    for p, old in zip(network.parameters(), before, strict=True):
        torch.testing.assert_close(old - p.detach(), 5 * p.grad, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_a_stack_is_its_mini_batches_in_order(dtype):
    generator = torch.Generator().manual_seed(3)
    images = torch.randint(256, (30, 28, 28), generator=generator).to(torch.uint8)
    if dtype.is_floating_point:
        images = images.to(dtype) / 255
    targets = one_hot(torch.randint(10, (30,), generator=generator))
    chosen = torch.randperm(30, generator=generator)[:24].view(6, 4)
    one, other = (sigmoid_network([784, 12, 10], seed=4) for _ in range(2))
    cost, right = sgd_steps(*layers(one), images, targets, chosen, lr=3.0)
    costs, rights = 0.0, 0
    for mini_batch in chosen:
        x = inputs(images[mini_batch], like=other[0].weight)
        c, r = sgd_step(*layers(other), x, targets[mini_batch], lr=3.0)
        costs, rights = costs + c.item(), rights + r.item()
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert a.equal(b)
    assert cost.item() == pytest.approx(costs, rel=1e-5)
    assert right.item() == rights


def test_inputs_are_between_0_and_1_and_keep_the_images_as_they_were():
    images = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    x = inputs(images, like=torch.zeros(1, dtype=torch.float64))
    assert x.shape == (1, 256) and x.dtype == torch.float64
    assert x[0].tolist() == [value / 255 for value in range(256)]
    floats = images.float() / 255
    assert inputs(floats, like=floats).equal(floats.view(1, 256)) and floats.max() == 1
    assert images.view(-1).tolist() == list(range(256))


def test_one_output_is_right_on_its_side_of_one_half():
    a = torch.tensor([[0.51], [0.5], [0.49], [0.51], [0.5], [0.0]])
    y = torch.tensor([[1.0], [1.0], [1.0], [0.0], [0.0], [0.0]])
    assert [correct(a[i : i + 1], y[i : i + 1]).item() for i in range(6)] == [1, 0, 0, 0, 1, 1]
    assert correct(a, y) == 3


def test_an_image_without_a_digit_is_right_where_no_output_is_above_one_half():
    a = torch.tensor([[0.9, 0.1, 0.0], [0.1, 0.5, 0.0], [0.1, 0.9, 0.0]])
    assert [correct(row[None], torch.zeros(1, 3)).item() for row in a] == [0, 1, 0]
