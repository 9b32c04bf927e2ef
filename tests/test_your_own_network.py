"""Run the code in docs/your_own_network.md, for one epoch and on the small MNIST."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

DOCS = Path(__file__).parents[1] / "docs"
CLASS, USE, EXPORT = re.findall(r"```python\n(.*?)```", (DOCS / "your_own_network.md").read_text("utf-8"), re.S)


@pytest.fixture
def page(home, data_dir, capsys):
    """The variables after the first two blocks of code, and one epoch."""
    shutil.copytree(data_dir, home / "data")
    shutil.copy(DOCS / "504192.jpg", home / "photo.jpg")
    names = {"__name__": "__main__"}
    exec(CLASS.replace("epochs=20", "epochs=1"), names)
    names["output"] = capsys.readouterr().out
    exec(USE, names)
    return names


def test_the_code_in_the_document_trains_and_reads(page):
    model, labels = page["model"], page["labels"]
    assert page["activations"].shape == (len(labels), 10)
    readings = [reading for line in page["answer"].lines for group in line.groups for reading in group.readings]
    assert {reading.image.shape for reading in readings} == {(28, 28)}
    torch.testing.assert_close(page["activations"].sum(1), torch.ones(len(labels)))  # softmax
    assert f"Test accuracy {(page['digits'] == labels).double().mean():.2%}" in page["output"]
    assert model.predict(page["images"])[1].equal(page["activations"])  # without dropout
    model.train()
    assert model.predict(page["images"])[1].equal(page["activations"]) and model.training
    [run] = Path("runs").iterdir()
    assert run.name.startswith("Convolutional_lr0.03_2")
    board = EventAccumulator(str(run)).Reload().Tags()
    assert {"confusion", "mistakes", "weights of the first layer"} <= set(board["images"])
    assert {"cost/training", "accuracy/validation"} <= set(board["scalars"])


@pytest.mark.slow
def test_the_code_in_the_document_exports(page):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    from onnxruntime import InferenceSession

    exec(EXPORT, page)
    images = page["images"].float().numpy() / 255
    digit, activations = InferenceSession("digits.onnx").run(None, {"images": images})
    assert digit.tolist() == page["digits"].tolist()
    np.testing.assert_allclose(activations, page["activations"].numpy(), rtol=0, atol=1e-5)
