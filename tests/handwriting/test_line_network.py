"""The network that reads along lines, and the search for the likeliest numbers in what it says."""

from collections import defaultdict
from itertools import groupby, product

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from digits.handwriting import line_network
from digits.handwriting.line_network import BLANK, LAYERS, STEP, bundled, numbers, outputs


def test_its_outputs_are_those_of_convolutions():
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


def test_the_bundled_one_is_small_and_sees_no_digit_on_empty_paper():
    assert line_network.BUNDLED.stat().st_size < 500_000
    assert [len(biases) for _, biases in bundled()] == [neurons for neurons, _, _ in LAYERS]
    assert outputs(np.zeros((2, 40, 200), np.float32), bundled()).argmax(1).tolist() == [BLANK] * 100


def by_hand(p, length, digits):
    """The probability of each number: the sum over all alignments, each a symbol for each place."""
    shares = defaultdict(float)
    for symbols in product([*map(int, digits), BLANK], repeat=len(p)):
        number = "".join(str(symbol) for symbol, _ in groupby(symbols) if symbol != BLANK)
        if not length or length[0] <= len(number) <= length[1]:
            shares[number] += p[range(len(p)), symbols].prod()
    return sorted(shares.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("digits", ["0123456789", "157"])
@pytest.mark.parametrize("length", [None, (1, 1), (2, 3)])
def test_the_likeliest_numbers_are_those_of_all_alignments(length, digits, monkeypatch):
    rng = np.random.default_rng(2)
    for spread in (0.1, 1.0):
        p = rng.dirichlet(np.full(11, spread), 4) * 0.99 + 0.01 / 11
        wanted = by_hand(p, length, digits)[: line_network.SHOWN]
        with monkeypatch.context() as patch:
            patch.setattr(line_network, "BEAM", 100_000)
            patch.setattr(line_network, "UNLIKELY", 0)
            likeliest, likelihoods, _ = zip(*numbers(np.log(p), length, digits), strict=True)
        assert [*likeliest] == [number for number, _ in wanted]
        np.testing.assert_allclose(likelihoods, np.log([share for _, share in wanted]))
        if spread < 1:  # the beam, too, is wide enough
            assert numbers(np.log(p), length, digits)[0][0] == wanted[0][0]


def along(count, *peaks):
    """Outputs that say at each of some places a digit, less surely also beside it, and else that there is none."""
    p = np.full((count, 11), 1e-4)
    for place, digit in peaks:
        p[place - 1 : place + 2, digit] = 0.4, 0.9, 0.4
    p[:, BLANK] = 1 - p[:, :BLANK].sum(1)
    return np.log(p)


def test_each_digit_has_its_place_and_the_same_one_twice_needs_a_gap():
    (digits, likelihood, places), *others = numbers(along(60, (8, 5), (20, 0), (31, 0), (34, 4), (58, 1)))
    assert (digits, places) == ("50041", (8, 20, 31, 34, 58))
    assert likelihood > max(less for _, less, _ in others)
    assert numbers(along(30, (10, 7), (11, 7)))[0][0] == "7"
    noise = np.log(np.random.default_rng(3).dirichlet(np.full(11, 0.3), 40))
    for digits, _, places in [*others, *numbers(noise), *numbers(noise, (3, 9))]:
        assert len(places) == len(digits) and all(0 <= place < 60 for place in places)
        assert list(places) == sorted(set(places))


def test_of_what_shows_fewer_digits_than_expected_nothing_is_found():
    assert numbers(along(30, (10, 7)), (1, 1))[0][0] == "7"
    assert numbers(along(6, (3, 7)), (20, 20)) == []
    unlikely = numbers(along(60, (8, 5), (20, 0), (31, 0), (40, 4), (50, 1)), (8, 8))
    assert unlikely and {len(digits) for digits, *_ in unlikely} == {8}  # though shorter ones are far likelier
    assert [digits for digits, *_ in numbers(along(30, (10, 7)), digits="01")] == [""]
