import re
from pathlib import Path

import numpy as np
import pytest
import torch

from digits.kernels import KERNELS
from digits.network import COSTS, sigmoid_network, weights_and_biases
from tests.support.book import book_cost, book_step, sigmoid
from tests.support.jobs import job


@pytest.mark.parametrize("sizes", [[784, 10], [784, 30, 10], [20, 15, 10], [12, 9, 7, 5, 4], [6, 5, 1], [3, 1]])
@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("l2", [0.0, 5.0])
def test_a_stack_takes_the_same_steps_as_the_book(sizes, name, l2):
    """The cost and the correct predictions are those before each step."""
    network, generator = sigmoid_network(sizes, seed=1).double(), torch.Generator().manual_seed(2)
    images = torch.rand(40, 1, sizes[0], generator=generator, dtype=torch.float64)
    images[images < 0.5] = 0
    labels = torch.randint(sizes[-1] + 1, (40,), generator=generator)  # the highest label means no digit
    targets = torch.eye(sizes[-1] + 1, sizes[-1], dtype=torch.float64)[labels]
    chosen = torch.randperm(40, generator=generator)[:30].view(6, 5)

    weights, biases = ([p.numpy().copy() for p in column] for column in weights_and_biases(network))
    start, book, book_right = [w.copy() for w in weights], 0.0, 0
    for mini_batch in chosen:
        x, y = images[mini_batch, 0].numpy(), targets[mini_batch].numpy()
        a = x
        for w, b in zip(weights, biases, strict=True):
            a = sigmoid(a @ w.T + b)
        same = a.argmax(1) == y.argmax(1) if sizes[-1] > 1 else a[:, 0] > 0.5
        book, book_right = book + book_cost(a, y, name), book_right + np.where(y.any(1), same, (a <= 0.5).all(1)).sum()
        book_step(weights, biases, x, y, 0.3, name, l2, n=200)

    cost, right = KERNELS["torch"].steps(job(network, images, targets, chosen, 0.3, COSTS[name], l2 / 200))
    assert cost.item() == pytest.approx(book, rel=1e-12) and right.item() == book_right
    assert cost.ndim == right.ndim == 0
    for ours, expected in zip(weights_and_biases(network), (weights, biases), strict=True):
        for p, q in zip(ours, expected, strict=True):
            np.testing.assert_allclose(p.numpy(), q, rtol=0, atol=1e-12)
    assert all(np.abs(w - s).max() > 1e-4 for w, s in zip(weights, start, strict=True))


def test_the_gradient_check_in_chapter_2_passes(capsys):
    """Backpropagation gives the same slope as a small change of the weight."""
    page = (Path(__file__).parents[1] / "docs" / "chapter2.md").read_text("utf-8")
    exec(re.search(r"```python\n(.*?)```", page, re.S)[1], {})
    slope, nudged = capsys.readouterr().out.split()
    assert slope == nudged and abs(float(slope)) > 1e-4
