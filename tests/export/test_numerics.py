"""The page's numerics, by Node alone: they are those of PyTorch, and of Python's lattice."""

import numpy as np
import pytest
import torch

from digits.backprop import sgd_step
from digits.handwriting.lattice import Candidate, best_paths, confidence
from digits.network import CROSS_ENTROPY, QUADRATIC
from digits.neurons import binary_layer
from tests.support.node import NODE, run

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")

SIZES = 784, 12, 7, 10
LAYERS = """const all = layers.map(([weights, biases]) => (
    { weights: Float32Array.from(weights.flat()), biases: Float32Array.from(biases) }));"""


def parameters():
    """Weights (n, inputs) and biases (n,) of each layer, and ten images (10, 784) of which most pixels are 0."""
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(n, m, generator=generator) / m**0.5 for m, n in zip(SIZES, SIZES[1:], strict=False)]
    biases = [torch.randn(n, generator=generator) for n in SIZES[1:]]
    x = torch.rand(10, 784, generator=generator)
    return weights, biases, x * (x > 0.8)


def as_layers(weights, biases):
    return [[w.tolist(), b.tolist()] for w, b in zip(weights, biases, strict=True)]


def test_activations_of_every_layer():
    weights, biases, x = parameters()
    found = run(
        LAYERS + "return network.feedforward(all, images.map((image) => Float32Array.from(image)));",
        layers=as_layers(weights, biases),
        images=x.tolist(),
    )
    for w, b, activations in zip(weights, biases, found[1:], strict=True):
        x = torch.sigmoid(x @ w.T + b)
        assert np.array(activations) == pytest.approx(x.numpy(), abs=1e-6)


@pytest.mark.parametrize(
    "cost, error",
    [(QUADRATIC, "undefined"), (CROSS_ENTROPY, "backpropagation.crossEntropyDelta")],
    ids=["quadratic", "cross-entropy"],
)
def test_a_step_is_that_of_pytorch(cost, error):
    """BP1 to BP4 on a mini-batch, in a network of two hidden layers."""
    weights, biases, x = parameters()
    script = f"""const batch = images.map((image, i) => (
            {{ image: Float32Array.from(image), y: backpropagation.desired(i) }}));
        backpropagation.sgdStep(all, batch, 3, {error});
        return all.map(({{ weights, biases }}) => [weights, biases]);"""
    after = run(LAYERS + script, layers=as_layers(weights, biases), images=x.tolist())
    before = weights[0].clone()
    sgd_step(weights, biases, x, torch.eye(10), lr=3.0, cost=cost)
    assert (weights[0] - before).abs().max() > 1e-3
    for (w, b), expected_w, expected_b in zip(after, weights, biases, strict=True):
        assert np.array(w) == pytest.approx(expected_w.flatten().numpy(), abs=1e-5)
        assert np.array(b) == pytest.approx(expected_b.numpy(), abs=1e-5)


def test_images_of_one_bit_and_grey_ones():
    rng = np.random.default_rng(0)
    grey, labels = rng.integers(256, size=(3, 784), dtype=np.uint8), [4, 0, 9]
    bits = np.packbits(grey > 127, axis=1)
    for pixels, expected, kind in ((bits, 1.0 * (grey > 127), False), (grey, grey / 255, True)):
        found = run(
            "const mnist = { bytes: Uint8Array.from(bytes), train: 2, test: 1, grey };"
            "return [0, 1, 2].map((i) => backpropagation.exampleOf(mnist, i));",
            bytes=[*labels, *pixels.ravel().tolist()],
            grey=kind,
        )
        assert np.array([one["image"] for one in found]) == pytest.approx(expected, abs=1e-6)
        assert np.argmax([one["y"] for one in found], 1).tolist() == labels


def test_bits_are_those_of_the_binary_layer():
    a, layer = torch.rand(500, 10, generator=torch.Generator().manual_seed(1)), binary_layer()
    bits = run(
        "return rows.map((row) => network.binaryLayer({ weights, biases }, Float32Array.from(row)));",
        rows=a.tolist(),
        weights=layer.weights.tolist(),
        biases=layer.biases.tolist(),
    )
    assert bits == layer(a).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_paths_through_a_lattice(seed):
    """Of random candidates the same paths, log-likelihoods and confidence as in Python."""
    rng = np.random.default_rng(seed)
    nodes, edges = int(rng.integers(2, 8)), []
    for first in range(nodes):
        for last in range(first + 1, min(first + 3, nodes) + 1):
            size, broken = rng.uniform(0.1, 1.8, 2).tolist(), (int(rng.integers(3)), *rng.uniform(0, 0.5, 2).tolist())
            edges.append(Candidate(first, last, *size, *broken, clipped=bool(rng.random() < 0.2)))
    outputs = rng.random((len(edges), 10), np.float32) ** 4
    expected = best_paths(edges, outputs)
    ours = [
        {name: getattr(one, name) for name in ("first", "last", "width", "height", "breaks", "clipped")}
        for one in edges
    ]
    found = run(
        """const outputs = rows.map((row) => Float32Array.from(row));
        return lattice.bestPaths(edges, outputs).map((path) => (
            { ...path, sure: lattice.confidence(edges, outputs, path.steps) }));""",
        edges=ours,
        rows=outputs.tolist(),
    )
    assert [[tuple(step) for step in one["steps"]] for one in found] == [list(path) for path, _ in expected]
    assert [one["score"] for one in found] == pytest.approx([score for _, score in expected], abs=1e-4)
    assert [one["sure"] for one in found] == pytest.approx(
        [confidence(edges, outputs, p) for p, _ in expected], abs=1e-5
    )
