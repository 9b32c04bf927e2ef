import io
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digits.mnist import load as load_mnist
from digits.model import DigitClassifier
from digits.plots.network import confusion, first_mistakes, first_weights
from digits.training.report import show
from tests.support.fitted import fit, load


def logged(run):
    """The images in the log of a run, by tag, with their steps."""
    events = EventAccumulator(str(run)).Reload()
    shown = {}
    for tag in events.Tags()["images"]:
        [event] = events.Images(tag)
        shown[tag] = event.step, np.array(Image.open(io.BytesIO(event.encoded_image_string)))
    return shown


def test_tensorboard_shows_the_best_epoch(data_dir, tmp_path):
    fit(tmp_path / "run", data_dir, "--hidden", 12, "--epochs", 4, "--lr", 1, "--batch_size", 30, "--seed", 2)
    model, epoch = load(tmp_path / "run")
    images, labels = load_mnist(data_dir, train=False)
    digits, activations = model.predict(images)
    shown = logged(tmp_path / "run")
    assert {step for step, _ in shown.values()} == {epoch}
    wanted = {
        "weights of the first layer": first_weights(model.network),
        "confusion": confusion(labels, digits),
        "mistakes": first_mistakes(images, labels, activations),
    }
    assert shown.keys() == wanted.keys()
    for tag, picture in wanted.items():
        assert picture.width == 700
        assert np.array_equal(shown[tag][1], picture)
    files = sorted((tmp_path / "run").glob("*tfevents*"))
    files[-1].rename(files[-1].with_name(f"a{files[-1].name}"))  # now it is read first
    assert len(files) > 1 and logged(tmp_path / "run").keys() == wanted.keys()


def test_of_a_detector_there_are_only_the_weights():
    shown = []
    board = SimpleNamespace(add_image=lambda name, *_, **__: shown.append(name))
    show(board, DigitClassifier([5], only_digit=3), 0, torch.zeros(3, 28, 28, dtype=torch.uint8), torch.arange(3))
    assert shown == ["weights of the first layer"]
