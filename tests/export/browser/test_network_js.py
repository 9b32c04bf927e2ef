"""The page computes what PyTorch computes."""

import base64

import pytest
import torch

from digits import mnist
from digits.checkpoint.contents import load_network
from digits.checkpoint.untrusted import read
from digits.export.page import rounded

pytestmark = pytest.mark.mnist


def test_the_network_is_that_of_pytorch(trained, page_file, visit, mnist_dir):
    """On all test images, with the same rounded weights: the same digit, and activations within 1e-5."""
    images, _ = mnist.load(mnist_dir, train=False)
    expected = rounded(load_network(read(trained), trained))(images.flatten(1) / 255)
    page = visit(page_file)
    activations, answers = page.evaluate(
        """(bytes) => { const pixels = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)), all = [], answers = [];
        for (let i = 0; i < pixels.length; i += 784) {
            const image = Float32Array.from(pixels.subarray(i, i + 784), (v) => v / 255);
            all.push(digits.network.outputsOf(digits.state.network.layers, image));
            answers.push(digits.network.predictionOf(all.at(-1)));
        }
        return [all.map((a) => [...a]), answers]; }""",
        base64.b64encode(images.numpy().tobytes()).decode(),
    )
    assert len(answers) == 10_000 and answers == expected.argmax(1).tolist()
    assert (torch.tensor(activations) - expected).abs().max() <= 1e-5
