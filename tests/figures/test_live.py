import sys
from types import SimpleNamespace

import numpy as np
import pytest

from digits.data import MNISTDataModule
from digits.figures.live import LiveCurve
from digits.model import DigitClassifier
from digits.training.trainer import quiet_trainer


@pytest.fixture
def display(monkeypatch):
    """What a notebook would show: each new picture, and each that takes its place."""
    shown = []
    handle = SimpleNamespace(update=lambda figure: shown.append(("update", figure)))

    def display(figure, display_id):
        assert display_id is True
        shown.append(("new", figure))
        return handle

    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    return shown


def test_the_curve_grows_by_a_point_an_epoch(data_dir, display):
    curve, model, data = LiveCurve(), DigitClassifier([8]), MNISTDataModule(data_dir)
    quiet_trainer(3, curve).fit(model, data)
    assert display == [("new", curve.figure), ("update", curve.figure), ("update", curve.figure)]
    assert len(curve.accuracy) == 3
    images, labels = data.test
    assert curve.accuracy[-1] == pytest.approx(100 * (model.predict(images)[0] == labels).double().mean().item())
    [line] = curve.axes.lines
    assert np.allclose(line.get_xydata(), list(enumerate(curve.accuracy, 1)))
    assert curve.axes.get_title() == f"784-8-10 at learning rate 3: {curve.accuracy[-1]:.1f} %"
