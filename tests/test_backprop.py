import re
from pathlib import Path

import numpy as np
import pytest
import torch

from digits.backprop import sgd_step, sgd_steps
from digits.network import COSTS, QUADRATIC, correct, inputs, one_hot, sigmoid_network, weights_and_biases
from tests.support.book import book_cost, book_step, sigmoid

SHAPES = [[784, 10], [784, 30, 10], [20, 15, 10], [12, 9, 7, 5, 4], [6, 5, 1], [3, 1]]


def problem(sizes, batch_size=8):
    """A float64 network, one mini-batch of inputs, some of them 0, and desired outputs."""
    network = sigmoid_network(sizes, seed=1).double()
    generator = torch.Generator().manual_seed(2)
    x = torch.rand(batch_size, sizes[0], generator=generator, dtype=torch.float64)
    x[x < 0.5] = 0
    labels = torch.randint(sizes[-1] + 1, (batch_size,), generator=generator)  # the highest: no digit
    return network, x, torch.eye(sizes[-1] + 1, sizes[-1], dtype=torch.float64)[labels]


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("l2", [0.0, 5.0])
def test_step_is_that_of_the_book(sizes, cost, l2):
    network, x, y = problem(sizes, batch_size=10)
    y[3] = 0  # of an image that shows no digit
    weights, biases = ([p.numpy().copy() for p in column] for column in weights_and_biases(network))
    start = [w.copy() for w in weights]
    book_step(weights, biases, x.numpy(), y.numpy(), 3.0, cost, l2, n=200)
    sgd_step(*weights_and_biases(network), x, y, 3.0, COSTS[cost], l2 / 200)
    ours = [p for column in weights_and_biases(network) for p in column]
    for p, book in zip(ours, weights + biases, strict=True):
        np.testing.assert_allclose(p.numpy(), book, rtol=0, atol=1e-12)
    assert all(np.abs(w - s).max() > 1e-4 for w, s in zip(weights, start, strict=True))


@pytest.mark.parametrize("name", COSTS)
def test_cost_and_right_answers_are_those_before_the_step(name):
    network, x, y = problem([20, 15, 10], batch_size=50)
    weights, biases = ([p.numpy().copy() for p in column] for column in weights_and_biases(network))
    costs, rights = [], []
    for sample, desired in zip(x.numpy(), y.numpy(), strict=True):
        a = sample
        for w, b in zip(weights, biases, strict=True):
            a = sigmoid(w @ a + b)
        costs.append(book_cost(a, desired, name))
        rights.append(a.argmax() == desired.argmax())
    data = x.view(50, 1, 20), y, torch.arange(50).view(1, 50)  # a stack of one mini-batch, of images of 1 x 20
    cost, right = sgd_steps(*weights_and_biases(network), *data, 3.0, COSTS[name], decay=0.1)
    assert cost.item() == pytest.approx(sum(costs), abs=1e-12)
    assert right.item() == sum(rights)
    assert 0 < sum(rights) < 50
    assert cost.ndim == right.ndim == 0


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_a_stack_is_its_mini_batches_in_order(dtype):
    generator = torch.Generator().manual_seed(3)
    images = torch.randint(256, (30, 28, 28), generator=generator).to(torch.uint8)
    if dtype.is_floating_point:
        images = images.to(dtype) / 255
    targets = one_hot(torch.randint(10, (30,), generator=generator))
    chosen = torch.randperm(30, generator=generator)[:24].view(6, 4)
    one, other = (sigmoid_network([784, 12, 10], seed=4) for _ in range(2))
    cost, right = sgd_steps(*weights_and_biases(one), images, targets, chosen, lr=3.0)
    costs, rights = 0.0, 0
    for mini_batch in chosen:
        x = inputs(images[mini_batch], like=other[0].weight)
        a, y = sgd_step(*weights_and_biases(other), x, targets[mini_batch], lr=3.0), targets[mini_batch]
        costs, rights = costs + QUADRATIC.value(a, y).item(), rights + correct(a, y).item()
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert a.equal(b)
    assert cost.item() == pytest.approx(costs, rel=1e-5)
    assert right.item() == rights


def test_the_check_of_the_page_on_chapter_2(capsys):
    """The slope that backpropagation finds is the one that a nudge of the weight finds."""
    page = (Path(__file__).parents[1] / "docs" / "chapter2.md").read_text("utf-8")
    exec(re.search(r"```python\n(.*?)```", page, re.S)[1], {})
    slope, nudged = capsys.readouterr().out.split()
    assert slope == nudged and abs(float(slope)) > 1e-4
