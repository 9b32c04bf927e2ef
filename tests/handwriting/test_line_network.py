"""The line network, and the search for the likeliest numbers in its outputs."""

from collections import defaultdict
from itertools import groupby, product

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from digits.handwriting import line_network
from digits.handwriting.line_network import BLANK, LAYERS, STEP, bundled, numbers, outputs


def test_its_outputs_equal_those_of_pytorch_convolutions():
    rng, channels, layers = np.random.default_rng(1), 2, []
    planes = rng.random((2, 40, 74), np.float32)
    a = torch.from_numpy(planes)[None]
    for neurons, reach, step in LAYERS:
        weights = rng.normal(0, 0.3, (channels * reach[0] * reach[1], neurons)).astype(np.float32)
        layers.append((weights, rng.normal(0, 0.3, neurons).astype(np.float32)))
        kernel = torch.from_numpy(weights.T.reshape(neurons, channels, *reach).copy())
        padding = 0 if reach[0] == step[0] else reach[0] // 2, reach[1] // 2
        z = conv2d(a, kernel, torch.from_numpy(layers[-1][1]), step, padding)
        a, channels = z.sigmoid(), neurons
    log = outputs(planes, layers)
    assert log.shape == (74 / STEP, 11)
    np.testing.assert_allclose(log, z[0, :, 0].log_softmax(0).T, atol=1e-4)


def test_the_bundled_line_network_sees_no_digit_on_blank_paper():
    assert [len(biases) for _, biases in bundled()] == [neurons for neurons, _, _ in LAYERS]
    assert outputs(np.zeros((2, 40, 200), np.float32), bundled()).argmax(1).tolist() == [BLANK] * 100


def by_brute_force(p, length, digits):
    """Return numbers and their probabilities, summed over all alignments (a symbol for each place), likeliest first."""
    shares = defaultdict(float)
    for symbols in product([*map(int, digits), BLANK], repeat=len(p)):
        number = "".join(str(symbol) for symbol, _ in groupby(symbols) if symbol != BLANK)
        if not length or length[0] <= len(number) <= length[1]:
            shares[number] += p[range(len(p)), symbols].prod()
    return sorted(shares.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("digits", ["0123456789", "157"])
@pytest.mark.parametrize("length", [None, (1, 1), (2, 3)])
def test_beam_search_finds_the_same_numbers_as_brute_force(length, digits, monkeypatch):
    rng = np.random.default_rng(2)
    for spread in (0.1, 1.0):
        p = rng.dirichlet(np.full(11, spread), 4) * 0.99 + 0.01 / 11
        expected = by_brute_force(p, length, digits)[: line_network.SHOWN]
        with monkeypatch.context() as patch:
            patch.setattr(line_network, "BEAM", 100_000)
            patch.setattr(line_network, "UNLIKELY", 0)
            likeliest, likelihoods, _ = zip(*numbers(np.log(p), length, digits), strict=True)
        assert [*likeliest] == [number for number, _ in expected]
        np.testing.assert_allclose(likelihoods, np.log([share for _, share in expected]))
        if spread < 1:  # the usual beam is wide enough
            assert numbers(np.log(p), length, digits)[0][0] == expected[0][0]


def along(count, *peaks):
    """Return outputs at `count` places that show a digit at each peak (place, digit), and no digit elsewhere."""
    p = np.full((count, 11), 1e-4)
    for place, digit in peaks:
        p[place - 1 : place + 2, digit] = 0.4, 0.9, 0.4
    p[:, BLANK] = 1 - p[:, :BLANK].sum(1)
    return np.log(p)


def test_each_digit_has_its_place_and_a_repeated_digit_needs_a_gap():
    (digits, likelihood, places), *others = numbers(along(60, (8, 5), (20, 0), (31, 0), (34, 4), (58, 1)))
    assert (digits, places) == ("50041", (8, 20, 31, 34, 58))
    assert likelihood > max(less for _, less, _ in others)
    assert numbers(along(30, (10, 7), (11, 7)))[0][0] == "7"
    noise = np.log(np.random.default_rng(3).dirichlet(np.full(11, 0.3), 40))
    for digits, _, places in [*others, *numbers(noise), *numbers(noise, (3, 9))]:
        assert len(places) == len(digits) and all(0 <= place < 60 for place in places)
        assert list(places) == sorted(set(places))


def test_only_numbers_of_the_expected_length_and_digits_are_found():
    assert numbers(along(30, (10, 7)), (1, 1))[0][0] == "7"
    assert numbers(along(6, (3, 7)), (20, 20)) == []
    unlikely = numbers(along(60, (8, 5), (20, 0), (31, 0), (40, 4), (50, 1)), (8, 8))
    assert unlikely and {len(digits) for digits, *_ in unlikely} == {8}  # although shorter numbers are far likelier
    assert [digits for digits, *_ in numbers(along(30, (10, 7)), digits="01")] == [""]
