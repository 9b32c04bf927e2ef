import sys
from types import SimpleNamespace

import numpy as np
import pytest

from digits.figures.live import LiveCurve
from digits.kernels.stacks import StackedClassifier, StackedMNIST
from digits.training.trainer import quiet_trainer


def test_the_curve_grows_by_a_point_an_epoch(data_dir, monkeypatch):
    shown = []  # what a notebook would show: a new picture, and those that take its place
    handle = SimpleNamespace(update=lambda figure: shown.append(("update", figure)))
    ipython = SimpleNamespace(display=lambda figure, display_id: shown.append((display_id, figure)) or handle)
    monkeypatch.setitem(sys.modules, "IPython.display", ipython)
    curve, model, data = LiveCurve(), StackedClassifier([8]), StackedMNIST(data_dir)
    quiet_trainer(3, curve).fit(model, data)
    assert shown == [(True, curve.figure), ("update", curve.figure), ("update", curve.figure)]
    images, labels = data.test
    assert curve.accuracy[-1] == pytest.approx(100 * (model.predict(images)[0] == labels).double().mean().item())
    [line] = curve.axes.lines
    assert np.allclose(line.get_xydata(), list(enumerate(curve.accuracy, 1))) and len(curve.accuracy) == 3
    assert curve.axes.get_title() == f"784-8-10 at learning rate 3: {curve.accuracy[-1]:.1f} %"
