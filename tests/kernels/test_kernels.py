import math
import os
import subprocess
import sys
from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import get_args

import numba
import numpy as np
import pytest
import torch
from torch import nn

from digits import kernels
from digits.common.checks import CostName, KernelName
from digits.common.errors import UserError
from digits.kernels import KERNELS, Job, choose_kernel, cpu, vectors
from digits.model import DigitClassifier, plain_sgd
from digits.network import (
    COSTS,
    QUADRATIC,
    correct,
    inputs,
    linears,
    sigmoid_network,
    weights_and_biases,
)
from tests.support.book import book_cost, book_step, sigmoid
from tests.support.jobs import job, model_of

ROOT, SGD = Path(__file__).parents[2], torch.optim.SGD
COMPILED = [name for name, cost in COSTS.items() if cost in kernels.COMPILED]


def problem(sizes, images=200, seed=0):
    """A network and images like digits, four fifths of them 0, the first one blank, the second full."""
    generator = torch.Generator().manual_seed(seed)
    side = int(sizes[0] ** 0.5)
    ink = torch.rand(images, side, side, generator=generator) < 0.2
    pixels = (torch.randint(1, 256, ink.shape, generator=generator) * ink).to(torch.uint8)
    pixels[:2] = torch.tensor([0, 255])[: len(pixels), None, None]
    labels = torch.randint(sizes[-1] + 1, (images,), generator=generator)
    targets = torch.eye(sizes[-1] + 1, sizes[-1])[labels]  # a row of 0, of no digit, for the highest label
    return sigmoid_network(sizes, seed=seed), pixels, targets


SHAPES = [784, 30, 10], [784, 10], [100, 13, 7, 5, 10], [64, 8, 1]
WIDTHS = *range(8, 8 * vectors.MOST + 1, 8), 8 * vectors.MOST + 1, 250, 2  # every number of registers, several blocks
DECAYS = 1e-4, 0.1, 1 / 3, 0.5, 2.0  # of 1 / 3 x 3.0 nothing is left
CASES = [  # layer sizes, images, batch size, learning rate and decay
    *((sizes, 200, batch_size, 0.2, 0.01) for sizes, batch_size in product(SHAPES, (1, 10, 50))),
    *(([64, width - 1, width, 10], 20, 5, 0.1, 0.02) for width in WIDTHS),
    *((SHAPES[0], 10, 10, 3.0, decay) for decay in DECAYS),
]


@pytest.mark.parametrize("sizes, count, batch_size, lr, decay", CASES)
@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy"])
def test_every_kernel_takes_the_steps_of_the_book(cost, sizes, count, batch_size, lr, decay):
    """The tally is the cost and the correct predictions before each step. The book's steps are in float64."""
    _, images, targets = problem(sizes, count)
    settings = {"only_digit": 0 if sizes[-1] == 1 else None, "image_size": math.isqrt(sizes[0]), "cost": cost}
    model = DigitClassifier(sizes[1:-1], **settings)
    for layer in linears(model.network):
        layer.bias.data = torch.linspace(-1, 1, layer.out_features)  # biases must not decay
    weights, biases = ([p.double().numpy().copy() for p in column] for column in weights_and_biases(model))
    chosen = torch.randperm(count, generator=torch.Generator().manual_seed(1)).view(-1, batch_size)
    expected_cost, expected_right = 0.0, 0
    for mini_batch in chosen:
        a, y = images[mini_batch].flatten(1).double().numpy() / 255, targets[mini_batch].double().numpy()
        x = a
        for w, b in zip(weights, biases, strict=True):
            a = sigmoid(a @ w.T + b)
        expected_cost += book_cost(a, y, cost)
        expected_right += correct(torch.from_numpy(a), torch.from_numpy(y)).item()
        book_step(weights, biases, x, y, lr, cost, decay)
    for kernel in KERNELS.values():
        exact = kernel.name != "numba"
        trained = deepcopy(model).double() if exact else deepcopy(model)
        optimizer = plain_sgd(trained.network, lr, decay)
        tally = kernel.steps(Job(trained, images, targets.to(trained.network[0].weight.dtype), chosen, optimizer))
        assert tally[0].item() == pytest.approx(expected_cost, rel=1e-5) and tally[1] == expected_right
        assert [number.ndim for number in tally] == [0, 0]
        for ours, expected in zip(weights_and_biases(trained), (weights, biases), strict=True):
            for p, q in zip(ours, expected, strict=True):
                np.testing.assert_allclose(p.numpy(), q, rtol=0 if exact else 1e-5, atol=1e-12 if exact else 1e-6)


def test_activations_are_right_to_a_few_units_in_the_last_place():
    """By the quadratic cost, with targets of 0: half the sum of their squares."""
    network, images, _ = problem([4, 8], images=1)
    network[0].weight.data.zero_()
    for z in torch.linspace(-40, 90, 8_000).view(-1, 8):
        network[0].bias.data = z
        cost, _ = cpu.evaluate(job(network, images, torch.zeros(1, 8), torch.arange(1)))
        assert cost.item() == pytest.approx(z.double().sigmoid().square().sum().item() / 2, rel=1e-6)


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("bias", [-120.0, -95.0, -88.5, 95.0, -math.inf, math.nan])
def test_outputs_that_are_saturated_or_no_numbers_cost_what_they_do_in_torch(bias, name):
    network, images, targets = problem([784, 10])
    network[0].bias.data[3] = bias
    a = network(inputs(images, like=network[0].weight))
    cost, _ = cpu.evaluate(job(network, images, targets, torch.arange(200), cost=COSTS[name]))
    torch.testing.assert_close(cost, COSTS[name].value(a, targets), rtol=1e-5, atol=0, equal_nan=True)


def test_strange_strides_and_nothing_chosen():
    network, images, targets = problem([784, 30, 10])
    wanted = cpu.evaluate(job(network, images, targets, torch.arange(0, 200, 2)))
    sparse = targets.repeat_interleave(2, 1)[:, ::2], torch.arange(200)[::2]
    transposed = images.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert cpu.evaluate(job(network, transposed, *sparse)) == wanted
    assert cpu.evaluate(job(network, images, targets, torch.arange(0))) == (0, 0)


@pytest.mark.parametrize("chosen", [[[3, 200]], [[-1, 3]]])
def test_images_that_are_not_there_are_an_error(chosen):
    with pytest.raises(IndexError, match="there are 200"):
        cpu.steps(job(*problem([784, 30, 10]), torch.tensor(chosen)))


def test_decay_is_exact_where_nothing_else_moves_a_weight():
    """A million steps of 1e-6 each: the weights of a pixel that is always 0 become exp(-1) of what they were."""
    network, images, targets = problem([100, 3, 10], images=10)
    images[:, 0, 0] = 0
    before = network[0].weight[:, 0].detach().clone()
    chosen = torch.arange(10).repeat(100_000)[:, None]
    cpu.steps(job(network, images, targets, chosen, 0.001, decay=0.001))
    torch.testing.assert_close(network[0].weight[:, 0].detach(), before * math.exp(-1), rtol=3e-6, atol=0)


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("outputs", [10, 1])
def test_every_kernel_evaluates_as_the_network_itself(name, outputs):
    _, images, targets = problem([784, 30, outputs])
    model = DigitClassifier([30], only_digit=None if outputs == 10 else 0, cost=name)
    chosen = torch.arange(0, 200, 3)
    a, y = model.network(inputs(images[chosen], like=model.network[0].weight)), targets[chosen]
    for kernel in kernels.KERNELS.values():
        cost, right = kernel.evaluate(Job(model, images, targets, chosen))
        assert right == correct(a, y) and 0 < right < len(chosen)
        assert cost.item() == pytest.approx(COSTS[name].value(a, y).item(), rel=1e-5)


def test_images_that_change_in_place_are_seen_again():
    network, images, targets = problem([784, 30, 10])
    before = cpu.evaluate(job(network, images, targets, torch.arange(200)))
    images.copy_(images.flip(0))
    targets.copy_(targets.flip(0))
    after = cpu.evaluate(job(network, images, targets, torch.arange(200)))
    assert after[0].item() == pytest.approx(before[0].item(), rel=1e-6)
    images.zero_()
    assert cpu.evaluate(job(network, images, targets, torch.arange(200)))[0].item() != after[0].item()


def chosen_kernel(wanted, network, images, optimizer=None, cost=QUADRATIC):
    """The name of the kernel that is chosen."""
    targets, chosen = torch.zeros(len(images), 10), torch.zeros(1, 1, dtype=torch.int64)
    return choose_kernel(wanted, Job(model_of(network, cost), images, targets, chosen, optimizer)).name


@pytest.mark.parametrize("decay", [0.0, 1e-4])
def test_numba_where_it_applies(decay):
    network, images, _ = problem([784, 30, 10])
    optimizer = plain_sgd(network, 1.0, decay)
    assert chosen_kernel("auto", network, images, optimizer) == "numba"
    assert chosen_kernel("torch", network, images, optimizer) == "torch"
    assert chosen_kernel("autograd", network, images, optimizer) == "autograd"


def layers(*sizes, bias=True, kind=nn.Sigmoid):
    pairs = [(nn.Linear(m, n, bias), kind()) for m, n in sizes]
    return nn.Sequential(*(layer for pair in pairs for layer in pair))


NETWORK, IMAGES, _ = problem([784, 30, 10])
FIRST, LAST = ([*layer.parameters()] for layer in linears(NETWORK))
FROZEN = layers((784, 30), (30, 10))
FROZEN[0].weight.requires_grad_(False)
DECAYING_LAST = SGD([{"params": LAST[:1], "weight_decay": 1e-4}, {"params": FIRST + LAST[1:]}], 1.0)
ALL = "plain SGD on all weights and biases"


@pytest.mark.parametrize(
    "changes, kernel, reason",
    [
        ({"network": layers((784, 30), (30, 10)).double()}, "torch", "float32"),
        ({"images": IMAGES / 255}, "torch", "uint8"),
        ({"images": torch.zeros(1, 257, 256, dtype=torch.uint8)}, "torch", "256 x 256"),
        ({"images": IMAGES.to("meta")}, "torch", "not on the CPU"),
        ({"network": layers((784, 30), (40, 10))}, "torch", "do not match"),
        ({"cost": QUADRATIC._replace(value=torch.dist)}, "torch", f"the costs {', '.join(COMPILED)}$"),
        ({"network": layers((784, 30), (30, 10), kind=nn.Tanh)}, "autograd", "Linear and Sigmoid"),
        ({"network": layers((784, 30), (30, 10), bias=False)}, "autograd", "no biases"),
        ({"network": FROZEN}, "autograd", ALL),
        ({"optimizer": SGD(FIRST + LAST, 1.0, momentum=0.9)}, "autograd", ALL),
        ({"optimizer": SGD(LAST, 1.0)}, "autograd", ALL),
        ({"optimizer": SGD([{"params": FIRST, "lr": 0.1}, {"params": LAST}], 1.0)}, "autograd", ALL),
        ({"optimizer": SGD(FIRST + LAST, 1.0, weight_decay=1e-4)}, "autograd", ALL),
        ({"optimizer": DECAYING_LAST}, "autograd", ALL),
    ],
)
def test_not_where_it_does_not(changes, kernel, reason):
    job = {"network": NETWORK, "images": IMAGES} | changes
    job.setdefault("optimizer", SGD(job["network"].parameters(), 1.0))
    assert chosen_kernel("auto", **job) == kernel
    with pytest.raises(UserError, match=f"--kernel numba.*{reason}"):
        chosen_kernel("numba", **job)


def test_kernels_and_costs_are_those_that_can_be_named():
    assert get_args(KernelName) == ("auto", *KERNELS) and get_args(CostName) == tuple(COSTS)


@pytest.fixture
def compiled_before(tmp_path, monkeypatch):
    """Say whether a function that is called is found compiled in a folder of this test."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))

    def compiled_before():
        compiled = cpu.compiled(square)
        assert compiled(3) == 9
        return compiled.stats.cache_hits.total()

    assert [compiled_before(), compiled_before()] == [0, 1]
    return compiled_before


def square(x):
    return x * x


def test_code_is_compiled_again_when_the_vectors_that_it_is_made_of_change(compiled_before, tmp_path, monkeypatch):
    monkeypatch.setattr(vectors, "__file__", str(tmp_path / "vectors.py"))
    for content in ("1", "22"):  # of another time and size
        Path(vectors.__file__).write_text(content)
        assert [compiled_before(), compiled_before()] == [0, 1]


def test_compiled_code_that_is_damaged_or_cannot_be_kept_is_compiled_again(compiled_before, tmp_path):
    [path] = tmp_path.glob("*/*.nbi")
    path.write_bytes(b"")
    assert [compiled_before(), compiled_before()] == [0, 1]
    path.unlink()
    path.mkdir()  # which can be neither read nor replaced
    assert [compiled_before(), compiled_before()] == [0, 0]


def test_code_is_compiled_where_no_folder_can_keep_it(monkeypatch):
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    # This one finds none. Older versions of numba have no such setting, and always find a folder here.
    monkeypatch.setattr(numba.config, "CACHE_LOCATOR_CLASSES", "IPythonCacheLocator", raising=False)
    assert cpu.compiled(square)(3) == 9


TWO_LOOPS = """
import sys
import numpy as np
from digits.kernels.cpu import compiled
from digits.kernels.vectors import add_outer, add_rows, at
@compiled
def rows(w, v, h):
    add_rows(at(w, 0, 0), w.shape[1], None, at(v, 0), 1, len(w), at(h, 0), w.shape[1])
@compiled
def outer(w, v, h):
    add_outer(at(w, 0, 0), w.shape[1], None, at(v, 0), 1, len(w), at(h, 0), w.shape[1])
@compiled
def both(w, v, h):
    rows(w, v, h)
    outer(w, v, h)
w, v, h = np.ones((2, 8), np.float32), np.ones(2, np.float32), np.ones(8, np.float32)
globals()[sys.argv[1]](w, v, h)
print(w[0, 0], h[0])
"""


@pytest.mark.nightly
def test_loops_that_several_processes_have_compiled_are_not_taken_for_each_other(tmp_path):
    path = tmp_path / "two_loops.py"
    path.write_text(TWO_LOOPS)
    command, places = [sys.executable, path], os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = [
        subprocess.run([*command, name], env=places, capture_output=True, text=True, check=True).stdout
        for name in ("rows", "outer", "both")
    ]
    assert done == ["1.0 3.0\n", "2.0 1.0\n", "4.0 3.0\n"]
