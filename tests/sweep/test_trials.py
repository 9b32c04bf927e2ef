from threading import Event

import pytest

from digits.__main__ import main
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.sweep import trials
from digits.sweep.trials import Setting, fit
from digits.training.callbacks import Interrupted


@pytest.fixture
def loaded(data_dir):
    """The small data, as a sweep loads them once for all its networks."""
    data = MNISTDataModule(data_dir)
    data.setup("fit")
    return data


@pytest.mark.parametrize("setting", [Setting(6, 1.0, 20, "scaled", 1), Setting(12, 3.0, 7, "gaussian", 0)])
def test_a_trial_has_the_bits_of_train_in_its_best_epoch(setting, loaded, tmp_path):
    args = {name: str(value) for name, value in setting._asdict().items()} | {"epochs": "4"}
    words = [word for name, value in args.items() for word in (f"--{name}", value)]
    main(["train", *words, "--run_dir", str(tmp_path / "run"), "--data_dir", str(loaded.data_dir)])
    best = fit(setting, Event(), 4, loaded)
    kept = DigitClassifier.load_from_checkpoint(tmp_path / "run" / "best.ckpt")
    assert best.last == 3 and all(best.weights[name].equal(weights) for name, weights in kept.state_dict().items())
    images, labels = loaded.test
    right = (kept.predict(images)[0] == labels).double().mean().item()
    assert trials.test(setting, Event(), 4, loaded) == right


def test_networks_share_data_that_they_do_not_change_and_see_no_test_image(loaded, tmp_path, monkeypatch):
    score, scored = DigitClassifier.score, []
    monkeypatch.setattr(DigitClassifier, "score", lambda self, stack: scored.append(stack.images) or score(self, stack))
    fit(Setting(6, 1.0, 20, "scaled", 5), Event(), 3, loaded, tmp_path)
    assert len(scored) == 3 and all(images is loaded.validation[0] for images in scored)
    assert (loaded.batch_size, loaded.seed, loaded.trainer) == (10, 0, None)
    assert len(loaded.val_dataloader()) == 2


def test_a_training_is_stopped_within_an_epoch(loaded):
    stop = Event()
    stop.set()
    with pytest.raises(Interrupted):
        fit(Setting(6, 1.0, 20, "scaled"), stop, 10**6, loaded)


def test_the_best_epoch_is_the_first_of_equals_and_who_guesses_is_stopped_after_three(loaded):
    best = fit(Setting(6, 1e-9, 20, "scaled"), Event(), 5, loaded)
    assert (best.epoch, best.last + 1, len(best.weights)) == (0, 3, 4)
