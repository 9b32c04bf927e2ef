import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from digits import mnist
from digits.checkpoint.contents import load_network
from digits.checkpoint.untrusted import read_checkpoint
from digits.commands import onnx as onnx_model
from digits.model import DigitClassifier
from tests.support.checkpoints import saved
from tests.support.node import held_in

ROOT = Path(__file__).parents[2]
SCORE = {"monitor": "accuracy/validation", "current_score": torch.tensor(0.75)}
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture
def export(tmp_path, monkeypatch, verb):
    """Return a function that runs `digits export --network` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # MNIST may be in the user's cache
    return partial(verb, "export", "--network")


@pytest.mark.parametrize(
    "settings, shape",
    [({"hidden": [20, 9, 5]}, "784-20-9-5-10"), ({"hidden": []}, "784-10")]
    + [({"hidden": [16], "image_size": 64}, "4096-16-10")],
)
def test_an_onnx_model_has_the_documented_inputs_and_outputs(settings, shape, export, tmp_path):
    model = DigitClassifier(**settings)
    code, out, _ = export(saved(tmp_path / "net.ckpt", model), "--to", "onnx", "--out", "my.onnx")
    assert code == 0 and shape in out and "1,000 random images" in out
    exported, side = onnx.load("my.onnx"), settings.get("image_size", 28)
    assert [(exported.opset_import[0].domain, exported.opset_import[0].version), exported.ir_version] == [("", 18), 10]
    assert str(ROOT).encode() not in Path("my.onnx").read_bytes()  # no paths of source files
    session = onnxruntime.InferenceSession("my.onnx")
    assert [(end.name, end.type, end.shape) for end in [*session.get_inputs(), *session.get_outputs()]] == [
        ("images", "tensor(float)", ["N", side, side]),
        ("digit", "tensor(int64)", ["N"]),
        ("activations", "tensor(float)", ["N", 10]),
    ]
    for n in (1, 7):
        images = torch.rand(n, side, side)
        digit, activations = session.run(None, {"images": images.numpy()})
        expected, a = model.predict(images)
        assert np.array_equal(digit, expected.numpy())
        assert np.abs(activations - a.numpy()).max() <= 1e-5


def test_a_model_that_disagrees_is_not_written(export, tmp_path, monkeypatch):
    path = saved(tmp_path / "net.ckpt", DigitClassifier([30]))
    another = onnx_model.model(DigitClassifier([30], seed=1).network)
    monkeypatch.setattr(onnx_model, "model", lambda *args, **facts: another)
    with pytest.raises(ArithmeticError, match="images differently"):
        export(path, "--to", "onnx")
    assert [file.name for file in tmp_path.iterdir()] == ["net.ckpt"]


def test_an_export_holds_the_settings_and_accuracy_of_the_network(export, tmp_path, data_dir):
    """It is tested on MNIST's test images, if there are any, else compared on random images."""
    model, data = DigitClassifier([30], lr=2.0, seed=4), {"batch_size": 20, "seed": 4, "train_size": None}
    more = {"callbacks": {"ModelCheckpoint": SCORE}, "epoch": 11, "datamodule_hyper_parameters": data}
    mine = {"network": "mine", "side": 3, "facts": [1]}  # settings of a user's own network
    path = saved(tmp_path / "net.ckpt", model, **more, hyper_parameters=model.hparams | mine)
    expected = {"shape": "784-30-10", "lr": 2.0, "seed": 4, "batch_size": 20, "epoch": 11, "validation_accuracy": 0.75}
    expected |= mine
    images, labels = mnist.load(data_dir, train=False)
    accuracy = (model.predict(images)[0] == labels).double().mean().item()
    for measured, words, tested_on in ((None, [], "1,000 random"), (accuracy, ["--data_dir", data_dir], "100 test")):
        _, out, _ = export(path, "--to", "onnx", *words)
        metadata = onnxruntime.InferenceSession("digits.onnx").get_modelmeta().custom_metadata_map
        facts = {name: json.loads(value) for name, value in metadata.items()}
        assert facts.items() >= (expected | {"test_accuracy": measured}).items()
        assert f"agrees with PyTorch on {tested_on} images" in out
    assert export(path, "--data_dir", data_dir)[0] == 0
    held = held_in((tmp_path / "digits.html").read_text("utf-8"))
    assert held.items() >= expected.items() and held["sizes"] == [784, 30, 10]


def test_a_detector_can_only_become_a_small_checkpoint(export, data_dir, tmp_path):
    model = DigitClassifier([5], only_digit=3)
    path = saved(tmp_path / "net.ckpt", model)
    for to in ("web", "onnx"):
        code, _, [line] = export(path, "--to", to, "--data_dir", data_dir)
        assert code == 2 and "only detects the digit 3; use --to checkpoint" in line
    assert [*tmp_path.iterdir()] == [path]
    _, out, _ = export(path, "--to", "checkpoint", "--data_dir", data_dir)
    images, labels = mnist.load(data_dir, train=False)
    assert f"{(model.predict(images)[0] == (labels == 3)).double().mean():.2%} unrounded" in out
    assert DigitClassifier.load_from_checkpoint("digits.ckpt").only_digit == 3


@pytest.mark.mnist
def test_the_page_is_one_small_file_and_rounding_costs_no_accuracy(trained, export, tmp_path, mnist_dir):
    code, out, _ = export(trained, "--data_dir", mnist_dir)
    shares = re.search(r"accuracy ([0-9.]+)% with 8-bit weights, ([0-9.]+)% unrounded", out).groups()
    assert code == 0 and float(shares[0]) == pytest.approx(float(shares[1]), abs=0.1)
    html = (tmp_path / "digits.html").read_text("utf-8")
    [policy] = re.findall(r'Content-Security-Policy" content="(.*?)"', html)
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    loads = re.sub(r'<a href="[^"]*"', "", html)  # links load nothing; the figures' images are data URLs
    assert not re.search(r"""(src|href)=["'](?!data:|\${.*?toDataURL)|@import|url\(|https?://(?!www\.w3\.org)""", loads)


@pytest.mark.nightly  # the page in docs is only written at the end of an issue
@pytest.mark.mnist
def test_the_page_in_docs_has_the_bundled_network(export, tmp_path, mnist_dir):
    """To write it: python -m digits export --network bundled --out docs/index.html"""
    assert export("bundled", "--data_dir", mnist_dir)[0] == 0
    exported, kept = (path.read_text("utf-8") for path in (tmp_path / "digits.html", ROOT / "docs" / "index.html"))
    of_exported, of_kept = (held_in(page)["test_accuracy"] for page in (exported, kept))
    accuracy = r'"(test_)?accuracy": [0-9.]+'
    assert of_exported == pytest.approx(of_kept, abs=2e-4)  # processors round differently: one image more or less
    assert re.sub(accuracy, "", exported) == re.sub(accuracy, "", kept)


def test_a_small_checkpoint_holds_the_network_alone(export, tmp_path, data_dir):
    model = DigitClassifier([100], seed=4)
    score = SCORE | {"dirpath": "/home/me"}
    trained = {"epoch": 11, "callbacks": {"ModelCheckpoint": score}, "loops": {"fit": 1}, "optimizer_states": [1]}
    path = saved(tmp_path / "net.ckpt", model, datamodule_hyper_parameters={"distort": 1.0}, **trained)
    code, out, _ = export(path, "--to", "checkpoint", "--data_dir", data_dir)
    assert code == 0 and (tmp_path / "digits.ckpt").stat().st_size < 0.55 * (tmp_path / "net.ckpt").stat().st_size
    before, after = read_checkpoint(path), read_checkpoint("digits.ckpt")
    assert after._replace(weights={}) == before._replace(weights={}) and after.accuracy == 0.75
    content = (tmp_path / "digits.ckpt").read_bytes()
    assert b"/home" not in content and b"optimizer" not in content
    rounded = DigitClassifier.load_from_checkpoint("digits.ckpt")
    for weights in (rounded.network.state_dict(), load_network(after, "digits.ckpt").state_dict()):
        for name, tensor in model.network.state_dict().items():
            assert weights[name].dtype == torch.float32 and torch.equal(weights[name], tensor.half().float())
    images, labels = mnist.load(data_dir, train=False)
    shares = ((net.predict(images)[0] == labels).double().mean() for net in (rounded, model))
    assert "float16 weights: test accuracy {:.2%}, {:.2%} unrounded".format(*shares) in out


@pytest.mark.parametrize(
    "words, reason",
    [
        (["net.ckpt", "--to", "onnx", "--out", "nowhere/digits.onnx"], f"cannot write {Path('nowhere/digits.onnx')}"),
        (["net.ckpt", "--to", "checkpoint", "--out", "net.ckpt"], "net.ckpt is an input and would be overwritten"),
        (["big.ckpt"], "big.ckpt reads images of 64x64, but the page needs 28x28; use --to onnx"),
        (["heavy.ckpt", "--to", "checkpoint"], "heavy.ckpt cannot be rounded to float16: a weight is too large"),
    ],
)
def test_mistakes(words, reason, export, tmp_path, data_dir):
    saved(tmp_path / "net.ckpt", DigitClassifier([3]))
    saved(tmp_path / "big.ckpt", DigitClassifier([3], image_size=64))
    heavy = DigitClassifier([3])
    torch.nn.init.constant_(heavy.network[0].weight, 1e5)
    saved(tmp_path / "heavy.ckpt", heavy)
    before = sorted(tmp_path.iterdir())
    code, _, errors = export(*words, "--data_dir", data_dir)
    assert code == 2 and len(errors) == 1 and reason in errors[0]
    assert sorted(tmp_path.iterdir()) == before
