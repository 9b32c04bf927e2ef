"""One network of a sweep: as train.py would train it, scored on validation images alone."""

from contextlib import suppress
from copy import copy, deepcopy
from hashlib import sha256
from pathlib import Path
from signal import SIGINT
from threading import Event
from typing import Any, NamedTuple

from lightning.pytorch.callbacks import Callback
from torch import Tensor
from tqdm import tqdm

from digits.checkpoint.contents import VALIDATION
from digits.data import MNISTDataModule
from digits.errors import UserError
from digits.model import DigitClassifier
from digits.settings import Init, Settings
from digits.training.callbacks import GUESSING, EpochCurves, Interrupted
from digits.training.report import columns
from digits.training.trainer import Curves, quiet_trainer

DEFAULTS = vars(Settings()) | {"seeds": 1, "trials": None}


class Setting(NamedTuple):
    """What a sweep varies; the settings of train.py, with one hidden layer."""

    hidden: int
    lr: float
    batch_size: int
    init: Init
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.hidden:6}  {self.lr:9.4g}  {self.batch_size:5}  {self.init:>8}"


Scores = dict[Setting, list[float]]  # accuracies by seed


def named(hidden: list[int], **settings: list[Any]) -> str:
    """What differs from the defaults of train.py, as the name of a folder: 784-15,30-10_lr0.3,3_seed1."""
    name = f"784-{','.join(map(str, hidden))}-10"
    for setting, values in settings.items():
        if values != [DEFAULTS[setting]]:
            listed = ",".join(f"{value}".removesuffix(".0") for value in values)
            name += f"_{listed}" if setting == "init" else f"_{setting}{listed}"
    return name if len(name) < 90 else f"{name[:80]}_{sha256(name.encode()).hexdigest()[:8]}"


class Best(Callback):
    """The epoch that train.py would keep: the first of those with the highest validation accuracy."""

    def __init__(self, stop: Event) -> None:
        self.stop = stop
        self.accuracy, self.epoch, self.last, self.weights = -1.0, -1, -1, dict[str, Tensor]()

    def on_train_batch_end(self, *_: Any) -> None:
        if self.stop.is_set():
            raise Interrupted(SIGINT)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        accuracy, self.last = trainer.callback_metrics[VALIDATION].item(), trainer.current_epoch
        if accuracy > self.accuracy:
            self.accuracy, self.epoch, self.weights = accuracy, self.last, deepcopy(module.state_dict())
        trainer.should_stop = self.last >= 2 and accuracy < GUESSING


def fit(setting: Setting, stop: Event, epochs: int, data: MNISTDataModule, curves: Path | None = None) -> Best:
    """The best epoch of the training that train.py would do on the CPU, bit for bit; its curves go to a folder.

    Raises Interrupted within an epoch when `stop` is set.
    """
    model = DigitClassifier([setting.hidden], setting.lr, setting.init, setting.seed)
    best, both, data = Best(stop), data.val_dataloader, copy(data)
    data.batch_size, data.seed = setting.batch_size, setting.seed
    data.val_dataloader = lambda: both()[:1]  # type: ignore[method-assign]  # no test images
    log = Curves(curves, "", "", default_hp_metric=False) if curves else None
    with suppress(UserError):  # of weights that are no longer finite
        quiet_trainer(epochs, best, EpochCurves(), logger=log or False).fit(model, data)
    if log:
        log.log_hyperparams(columns(model, data, epochs), {"best/validation": best.accuracy}, step=best.epoch)
        log.finalize("success")
    return best


def validate(setting: Setting, stop: Event, epochs: int, data: MNISTDataModule, folder: Path) -> float:
    """Print and return the best validation accuracy of a network; its curves go to a folder in `folder`."""
    curves = folder / named(**{part: [value] for part, value in setting._asdict().items()})
    best = fit(setting, stop, epochs, data, curves)
    stopped = f"  stopped after epoch {best.last}" if best.last + 1 < epochs else ""
    tqdm.write(f"{setting}  {setting.seed:4}  {best.accuracy:10.2%} of epoch {best.epoch}{stopped}")
    return best.accuracy


def test(setting: Setting, stop: Event, epochs: int, data: MNISTDataModule) -> float:
    """Test accuracy of a network in its best epoch; it is trained again, since no trial keeps its weights."""
    model, (images, labels) = DigitClassifier([setting.hidden]), data.test
    model.load_state_dict(fit(setting, stop, epochs, data).weights)
    return (model.predict(images)[0] == labels).double().mean().item()
