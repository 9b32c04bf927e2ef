import optuna
import pytest
import torch
from lightning.pytorch.loggers import TensorBoardLogger

from digits.__main__ import main
from digits.data import MNISTDataModule
from digits.model import DigitClassifier
from digits.sweep import trials
from digits.sweep.trials import Best, Setting, fit
from digits.training.callbacks import Interrupted
from tests.support.training import same_weights


@pytest.fixture
def loaded(data_dir):
    """The small data, as a sweep loads them once for all its networks."""
    data = MNISTDataModule(data_dir)
    data.setup("fit")
    return data


@pytest.mark.parametrize("setting", [Setting(6, 1.0, 20, "scaled", 1), Setting(12, 0.3, 7, "gaussian", 0)])
def test_a_trial_has_the_bits_of_train_in_its_last_and_its_best_epoch(setting, loaded, tmp_path):
    args = {name: str(value) for name, value in setting._asdict().items()} | {"epochs": "4"}
    words = [word for name, value in args.items() for word in (f"--{name}", value)]
    main(["train", *words, "--run_dir", str(tmp_path / "run"), "--data_dir", str(loaded.data_dir)])
    best = Best([])
    last = fit(setting, 4, loaded, best)
    assert same_weights(last, DigitClassifier.load_from_checkpoint(tmp_path / "run" / "last.ckpt"))
    kept = DigitClassifier.load_from_checkpoint(tmp_path / "run" / "best.ckpt")
    assert all(torch.equal(best.weights[name], weights) for name, weights in kept.state_dict().items())
    _, right = kept.score(*loaded.test, torch.arange(len(loaded.test[1])))
    assert trials.test(setting, 4, loaded, []) == right.item() / len(loaded.test[1])


def test_training_leaves_the_images_of_the_test_set_alone(loaded, tmp_path, monkeypatch):
    score, scored = DigitClassifier.score, []

    def remember(self, images, labels, chosen):
        scored.append(images)
        return score(self, images, labels, chosen)

    monkeypatch.setattr(DigitClassifier, "score", remember)
    fit(Setting(6, 1.0, 20, "scaled"), 3, loaded, Best([]), TensorBoardLogger(tmp_path, "", ""))
    assert len(scored) == 3 and all(images is loaded.validation[0] for images in scored)


def test_networks_do_not_change_the_data_that_they_share(loaded):
    fit(Setting(6, 1.0, 20, "scaled", 5), 1, loaded, Best([]))
    assert (loaded.batch_size, loaded.seed, loaded.trainer) == (10, 0, None)
    assert len(loaded.val_dataloader()) == 2


def test_a_signal_ends_the_training_within_an_epoch(loaded):
    with pytest.raises(Interrupted):
        fit(Setting(6, 1.0, 20, "scaled"), 10**6, loaded, best := Best([15]))
    assert best.epoch == -1


def test_the_best_epoch_is_the_first_of_equals_and_the_last_is_where_it_is_told_to_stop(loaded):
    trial = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(lower=1, n_warmup_steps=2)).ask()
    best = Best([], trial)
    fit(Setting(6, 1e-9, 20, "scaled"), 9, loaded, best)
    assert (best.epoch, len(best.weights)) == (0, 4)
