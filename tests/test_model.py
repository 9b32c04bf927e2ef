import math

import numpy as np
import pytest
import torch
from PIL import Image

from digits.common.errors import UserError
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.network import CROSS_ENTROPY
from tests.support.checkpoints import saved
from tests.support.training import quick_trainer, same


def some_images(n=5):
    return torch.randint(256, (n, 28, 28), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def test_predict_returns_digits_and_activations():
    model, images = DigitClassifier([30]), some_images()
    digits, activations = model.predict(images)
    assert digits.shape == (5,) and digits.dtype == torch.int64
    assert activations.shape == (5, 10) and not activations.requires_grad
    assert digits.equal(activations.argmax(1))
    torch.testing.assert_close(activations, model.network(images.view(5, 784) / 255), rtol=0, atol=1e-5)
    assert model.predict(images.float() / 255)[1].equal(activations)
    digits, activations = model.predict(images[:0])
    assert digits.shape == (0,) and activations.shape == (0, 10)


def test_predict_reads_arrays_as_it_reads_tensors():
    """This includes arrays of floats and arrays with negative strides."""
    model, images = DigitClassifier([30]), some_images()
    array = images.numpy()
    for same_images in (array, array.astype(np.float64) / 255, array[:, ::-1].copy()[:, ::-1]):
        for ours, theirs in zip(model.predict(same_images), model.predict(images), strict=True):
            torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_predict_reads_a_single_image(mode, recwarn):
    model, picture = DigitClassifier([30]), Image.fromarray(some_images(1)[0].numpy()).convert(mode)
    array = np.asarray(picture.convert("L"))
    for image in (picture, array, torch.tensor(array)):
        digits, activations = model.predict(image)
        assert digits.shape == (1,) and activations.equal(model.predict(torch.tensor(array)[None])[1])
    assert not recwarn.list


@pytest.mark.parametrize(
    "images, error, words",
    [
        (np.array(["a"]), TypeError, "numpy.str_"),
        (torch.zeros(28, 27), ValueError, r"shape .* \(1, 28, 27\)"),
        (torch.zeros(3, 2, 28, 28), ValueError, "shape"),
        (Image.new("RGBA", (28, 28)), ValueError, "mode 1, L or RGB, got RGBA"),
        (torch.zeros(3, 28, 28, dtype=torch.int64), ValueError, "dtype .*int64"),
        (np.full((28, 28), 255.0), ValueError, "0..1"),
        (torch.full((3, 28, 28), math.nan), ValueError, "0..1"),
    ],
)
def test_predict_refuses_invalid_images(images, error, words):
    with pytest.raises(error, match=words) as raised:
        DigitClassifier([30]).predict(images)
    assert "\n" not in str(raised.value)


def test_a_detector_predicts_yes_or_no():
    detected, activations = DigitClassifier([30], only_digit=0).predict(some_images(50))
    assert detected.dtype == torch.bool and activations.shape == (50, 1)
    assert detected.equal(activations[:, 0] > 0.5) and 0 < detected.sum() < 50


def test_predict_names_the_size_that_it_expects():
    model = DigitClassifier([30], image_size=64)
    assert model.predict(torch.zeros(3, 64, 64))[0].shape == (3,)
    with pytest.raises(ValueError, match=r"expected images of shape \(N, 64, 64\), got \(3, 28, 28\)"):
        model.predict(torch.zeros(3, 28, 28))


def test_a_checkpoint_rebuilds_the_model(data_dir, tmp_path):
    settings = {"hidden": [12, 8], "lr": 0.5, "init": "gaussian", "seed": 3, "cost": "cross_entropy", "l2": 0.5}
    settings["only_digit"] = np.int64(3)  # as from an array of labels
    model, trainer = DigitClassifier(**settings), quick_trainer(max_epochs=3)
    trainer.fit(model, MNISTDataModule(data_dir))
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    loaded = DigitClassifier.load_from_checkpoint(tmp_path / "model.ckpt", weights_only=True)
    assert loaded.hparams == model.hparams
    assert loaded.hparams | settings == loaded.hparams
    assert (loaded.cost, loaded.l2) == (CROSS_ENTROPY, 0.5)
    assert same(loaded.state_dict(), model.state_dict())
    assert DigitClassifier.load_from_checkpoint(tmp_path / "model.ckpt", lr=0.1).lr == 0.1


@pytest.mark.parametrize(
    "settings, reason",
    [
        ({"hidden": [40]}, "size mismatch"),
        ({"lr": 1.0}, "settings that no network can be made from: .* missing .* 'hidden'"),
        ({"hidden": [30], "cost": "foo"}, "--cost must be one of"),
    ],
)
def test_a_checkpoint_with_wrong_settings_is_named(settings, reason, tmp_path):
    saved(tmp_path / "a.ckpt", DigitClassifier([30]), hyper_parameters=settings)
    with pytest.raises(UserError, match=f"a.ckpt .*{reason}"):
        DigitClassifier.load_from_checkpoint(tmp_path / "a.ckpt")
