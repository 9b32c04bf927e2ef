"""The page's numerics, by Node alone: they are those of PyTorch, of OpenCV, and of Python's line network."""

import base64
import zlib
from functools import partial
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch

from digits import mnist
from digits.backprop import sgd_step
from digits.checkpoint.contents import load_network
from digits.checkpoint.untrusted import read_checkpoint
from digits.handwriting import line_network
from digits.handwriting.cutting import seam
from digits.handwriting.strips import ROWS, Strip
from digits.network import CROSS_ENTROPY, QUADRATIC
from digits.page.html import bundled, constants, rounded
from digits.page.sample import TRAIN, packed, sample
from tests.support.node import NODE, held_in, run

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")

SIZES = 784, 12, 7, 10
SQUARE = np.ones((9, 9), np.uint8)
IMAGE = cv2.GaussianBlur(np.random.default_rng(22).random((61, 83), np.float32), (0, 0), 2)
closing = partial(cv2.morphologyEx, IMAGE, cv2.MORPH_CLOSE, borderType=cv2.BORDER_CONSTANT, borderValue=2)


@pytest.fixture(scope="module")
def held(page_file):
    """What the page of the trained network holds."""
    return held_in(page_file.read_text("utf-8"))


@pytest.mark.mnist
def test_the_network_is_that_of_pytorch(trained, held, mnist_dir):
    """On all test images, with the same rounded weights: the same digit, and activations within 1e-5."""
    images, _ = mnist.load(mnist_dir, train=False)
    expected = rounded(load_network(read_checkpoint(trained), trained))(images.flatten(1) / 255)
    found, digits = run(
        """const pixels = Float32Array.from(held.bytesOf(bytes), (value) => value / 255), found = [];
        const layers = await held.heldLayers();
        for (let i = 0; i < pixels.length; i += 784) {
            found.push(feedforward.outputsOf(layers, pixels.subarray(i, i + 784)));
        }
        return [found, found.map(feedforward.predictionOf)];""",
        held,
        bytes=base64.b64encode(images.numpy().tobytes()).decode(),
    )
    assert len(digits) == 10_000 and digits == expected.argmax(1).tolist()
    assert (torch.tensor(found) - expected).abs().max() <= 1e-5


@pytest.mark.mnist
def test_the_images_in_the_page_are_those_of_mnist(held, mnist_dir):
    images, labels = mnist.load(mnist_dir, train=False)
    found, image, label = run(
        """const all = await held.heldImages(), { image, y } = backprop.exampleOf(all, i);
        return [all.bytes, image, feedforward.predictionOf(y)];""",
        held,
        i=TRAIN + 7,
    )
    chosen = sample(mnist.load(mnist_dir, train=True), (images, labels))
    assert [len(some) for _, some in chosen] == [5_500, 1_000] and bytes(found) == zlib.decompress(
        packed(chosen), wbits=-15
    )
    [at] = np.flatnonzero(((images.flatten(1).numpy() > 127) == image).all(1))
    assert label == labels[at]


@pytest.mark.parametrize(
    "cost, error",
    [(QUADRATIC, "undefined"), (CROSS_ENTROPY, "backprop.crossEntropyDelta")],
    ids=["quadratic", "cross-entropy"],
)
def test_activations_and_a_step_are_those_of_pytorch(cost, error):
    """Of every layer; and BP1 to BP4 on a mini-batch of images of which most pixels are 0."""
    generator = torch.Generator().manual_seed(0)
    weights = [torch.randn(n, m, generator=generator) / m**0.5 for m, n in pairwise(SIZES)]
    biases = [torch.randn(n, generator=generator) for n in SIZES[1:]]
    x = torch.rand(10, 784, generator=generator)
    x *= x > 0.8
    found, after = run(
        f"""const images = x.map((image) => Float32Array.from(image)), all = layers.map(([weights, biases]) => (
            {{ weights: Float32Array.from(weights.flat()), biases: Float32Array.from(biases) }}));
        const found = feedforward.feedforward(all, images), y = backprop.desired;
        backprop.sgdStep(all, images.map((image, i) => ({{ image, y: y(i) }})), 3, {error});
        return [found, all.map(({{ weights, biases }}) => [weights, biases])];""",
        layers=[[w.tolist(), b.tolist()] for w, b in zip(weights, biases, strict=True)],
        x=x.tolist(),
    )
    before, a = weights[0].clone(), x
    for w, b, activations in zip(weights, biases, found[1:], strict=True):
        a = torch.sigmoid(a @ w.T + b)
        assert np.array(activations) == pytest.approx(a.numpy(), abs=1e-6)
    sgd_step(weights, biases, x, torch.eye(10), lr=3.0, cost=cost)
    assert (weights[0] - before).abs().max() > 1e-3
    for (w, b), expected_w, expected_b in zip(after, weights, biases, strict=True):
        assert np.array(w) == pytest.approx(expected_w.flatten().numpy(), abs=1e-5)
        assert np.array(b) == pytest.approx(expected_b.numpy(), abs=1e-5)


def test_the_line_network_is_that_of_python():
    """On a random strip, whose width is odd for the network."""
    planes = np.random.default_rng(0).random((2, ROWS, 206), np.float32)
    held = {"constants": constants(True), "line": bundled(line_network.BUNDLED)}
    found = run(
        """const image = (values) => ({ width: 206, height: values.length / 206, data: Float32Array.from(values) });
        return line_network.outputs({ dark: image(planes[0]), sure: image(planes[1]) });""",
        held,
        planes=planes.reshape(2, -1).tolist(),
    )
    wanted = line_network.outputs(Strip(planes, np.eye(2, 3)).coarse, line_network.bundled())
    assert np.allclose(found, wanted, atol=1e-3) and wanted.shape == (52, 11)


def test_numbers_are_those_of_python():
    """Of random outputs the same numbers, probabilities and places, the same digit often at places side by side."""
    rng = np.random.default_rng(0)
    z = np.where(rng.random((20, 30, 11)) < 0.15, 4, -3).repeat(2, 1) + rng.normal(0, 1, (20, 60, 11))
    logs = z - np.log(np.exp(z).sum(2, keepdims=True))
    script = "return logs.map((log) => line_network.numbers(log.map((p) => Float64Array.from(p))));"
    found = run(script, logs=logs.tolist())
    for numbers, log in zip(found, logs, strict=True):
        wanted, likelihoods, places = zip(*line_network.numbers(log), strict=True)
        assert [number["digits"] for number in numbers] == [*wanted]
        assert [tuple(number["places"]) for number in numbers] == [*places]
        assert [number["likelihood"] for number in numbers] == pytest.approx(likelihoods, abs=1e-9)


def test_seams_are_those_of_python():
    masks = np.random.default_rng(0).random((20, ROWS, 90)) < 0.3
    found = run(
        f"""return masks.map((values) => cutting.seam(
            {{ width: 90, height: {ROWS}, data: Float32Array.from(values.flat()) }}, 20.7, 61.2));""",
        masks=masks.astype(int).tolist(),
    )
    assert found == [seam(mask, 20.7, 61.2).tolist() for mask in masks]


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("resized(image, images.area, 80, 7)", cv2.resize(IMAGE, (80, 7), interpolation=cv2.INTER_AREA)),
        ("resized(image, images.linear, 191, 170)", cv2.resize(IMAGE, (191, 170), interpolation=cv2.INTER_LINEAR)),
        ("resized(image, images.cubic, 166, 122)", cv2.resize(IMAGE, (166, 122), interpolation=cv2.INTER_CUBIC)),
        ("blurred(image, 0.4)", cv2.GaussianBlur(IMAGE, (0, 0), 0.4)),
        ("blurred(image, 70)", cv2.GaussianBlur(IMAGE, (0, 0), 70)),
        ("closing(image, 9)", closing(SQUARE)),
        ("closing(image, 1, 9)", closing(SQUARE[:, :1])),
        (
            "distances(images.mapped(image, (value) => Number(value > 0.5)))",
            cv2.distanceTransform((IMAGE > 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE),
        ),
    ],
    ids=lambda value: value.split("(")[0] if isinstance(value, str) else "",
)
def test_operations_on_images_are_those_of_opencv(call, wanted):
    image = "const image = { width: 83, height: 61, data: Float32Array.from(values) };"
    found = run(f"{image} return images.{call}.data;", values=IMAGE.ravel().tolist())
    assert np.allclose(found, wanted.ravel(), atol=1e-3)
