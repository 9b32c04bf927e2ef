"""Weights in 8 bits: multiples of a step of each neuron's own."""

import numpy as np
import pytest

from digits.checkpoint.packed import load, pack, unpack
from digits.handwriting import eye, line_network
from tools.forge.eye_learning import bundle


def test_a_weight_is_rounded_to_a_127th_of_the_largest_of_its_neuron():
    weights = np.float32([[127, 0, -0.5], [3.4, 0, 0.1], [-2.6, 0, 0.25]])
    ((rounded, biases),) = unpack(pack([(weights, np.float32([1, 2, 3]))]))
    assert rounded[:, 0].tolist() == [127, 3, -3] and rounded[:, 1].tolist() == [0, 0, 0]
    assert np.abs(rounded - weights)[:, 2].max() <= 0.5 * 0.5 / 127 + 1e-6 and biases.tolist() == [1, 2, 3]


@pytest.mark.parametrize("file", [eye.BUNDLED, line_network.BUNDLED])
def test_a_network_that_comes_with_digits_is_packed_again_to_the_same_file(file, tmp_path):
    bundle(unpack(load(file)), tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == file.read_bytes()
