"""Networks of the book's network2.py, as it saves them, and files that are none."""

import json

import numpy as np
import pytest
import torch

from digits.checkpoint.network2 import LARGEST
from digits.common.errors import UserError
from digits.model import DigitClassifier
from tests.support.book import sigmoid


def network2(sizes, cost="CrossEntropyCost"):
    """What the book's `Network.save` writes, as Python objects."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 1 / n**0.5, (m, n)).tolist() for n, m in zip(sizes, sizes[1:], strict=False)]
    biases = [rng.normal(0, 1, (m, 1)).tolist() for m in sizes[1:]]
    return {"sizes": sizes, "weights": weights, "biases": biases, "cost": cost}


def written(tmp_path, saved):
    path = tmp_path / "net.json"
    saved = saved if isinstance(saved, str | bytes) else json.dumps(saved)
    path.write_bytes(saved.encode() if isinstance(saved, str) else saved)
    return path


@pytest.mark.parametrize(
    "sizes, cost, ours",
    [([784, 20, 15, 10], "CrossEntropyCost", "cross_entropy"), ([16, 10], "QuadraticCost", "quadratic")],
)
def test_it_answers_as_the_book_has_it(sizes, cost, ours, tmp_path):
    saved = network2(sizes, cost)
    model = DigitClassifier.load_from_checkpoint(written(tmp_path, saved))
    side = model.image_size
    images = torch.rand(50, side, side)
    wanted = images.flatten(1).double().numpy().T
    for w, b in zip(saved["weights"], saved["biases"], strict=True):
        wanted = sigmoid(np.array(w) @ wanted + np.array(b))
    digits, a = model.predict(images)
    np.testing.assert_allclose(a.numpy(), wanted.T, rtol=0, atol=1e-5)
    assert digits.tolist() == wanted.argmax(0).tolist()
    assert model.shape == "-".join(map(str, sizes)) and model.hparams["cost"] == ours


GOOD = network2([16, 5, 10])


@pytest.mark.parametrize(
    "saved, reason",
    [
        ("[" * 100_000, "recursion"),
        ("{}", "sizes"),
        (b"\xff\xfe\xfd", "decode"),
        (GOOD | {"cost": "CornCost"}, "CornCost"),
        (GOOD | {"sizes": [16, 5, 9]}, "ten outputs"),
        (GOOD | {"sizes": [16, -5, 10]}, "ten outputs"),
        (GOOD | {"sizes": [15, 5, 10]}, "a square image"),
        (GOOD | {"sizes": [16, 10**12, 10]}, "not .1000000000000, 16."),
        (GOOD | {"weights": [[[1.0] * 16] + [[]] * 4, GOOD["weights"][1]]}, "inhomogeneous"),
        (GOOD | {"weights": [[[1e39] * 16] * 5, GOOD["weights"][1]]}, "larger than 1e"),
        (GOOD | {"biases": [[[float("nan")]] * 5, GOOD["biases"][1]]}, "larger than 1e"),
        (GOOD | {"biases": GOOD["biases"][:1]}, "shorter"),
    ],
)
def test_a_file_that_is_none_is_one_line(saved, reason, tmp_path):
    path = written(tmp_path, saved)
    with pytest.raises(UserError, match=f"net.json is not a network saved by network2.py: .*{reason}") as caught:
        DigitClassifier.load_from_checkpoint(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_a_file_is_read_no_further_than_it_may_be(tmp_path):
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(OSError, match="larger than 32,000,000 bytes"):
        DigitClassifier.load_from_checkpoint(tmp_path / "large.json")
