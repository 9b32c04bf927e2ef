import io

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digits.mnist import load as load_mnist
from digits.training.pictures import confusion, first_mistakes, first_weights
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
    wanted = {"weights of the first layer": first_weights(model.network), "confusion": confusion(labels, digits)}
    wanted["mistakes"] = first_mistakes(images, labels, activations)
    assert shown.keys() == wanted.keys()
    assert all(np.array_equal(shown[tag][1], picture) for tag, picture in wanted.items())
    files = sorted((tmp_path / "run").glob("*tfevents*"))
    files[-1].rename(files[-1].with_name(f"a{files[-1].name}"))  # now it is read first
    assert len(files) > 1 and logged(tmp_path / "run").keys() == wanted.keys()
