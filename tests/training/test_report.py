import io

import numpy as np
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digits.mnist import load as load_mnist
from digits.training.plots import confusion, first_mistakes, first_weights
from tests.support.fitted import fit, load


def logged(run):
    """Return the images in the log of a run, by tag, with their steps."""
    events = EventAccumulator(str(run)).Reload()
    board = {}
    for tag in events.Tags()["images"]:
        [event] = events.Images(tag)
        board[tag] = event.step, np.array(Image.open(io.BytesIO(event.encoded_image_string)))
    return board


def test_tensorboard_shows_the_best_epoch(data_dir, tmp_path):
    fit(tmp_path / "run", data_dir, "--hidden", 12, "--epochs", 4, "--lr", 1, "--batch_size", 30, "--seed", 2)
    model, epoch = load(tmp_path / "run")
    images, labels = load_mnist(data_dir, train=False)
    digits, activations = model.predict(images)
    board = logged(tmp_path / "run")
    assert {step for step, _ in board.values()} == {epoch}
    expected = {"weights of the first layer": first_weights(model.network), "confusion": confusion(labels, digits)}
    expected["mistakes"] = first_mistakes(images, labels, activations)
    assert board.keys() == expected.keys()
    assert all(np.array_equal(board[tag][1], picture) for tag, picture in expected.items())
    files = sorted((tmp_path / "run").glob("*tfevents*"))
    files[-1].rename(files[-1].with_name(f"a{files[-1].name}"))  # now TensorBoard reads it first
    assert len(files) > 1 and logged(tmp_path / "run").keys() == expected.keys()
