"""Train the network of the book's first chapter to read handwritten digits.

`python train.py --hidden 100` trains 784-100-10 for 30 epochs of mini-batches of 10 at learning rate 3.0: it then reads
97.8 % of the test digits.
"""

import errno
import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jsonargparse.typing import NonNegativeInt, PositiveInt
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from digits import UserError, checkpoint
from digits.cli import Parser, Rate, Strength, one_line_errors, quiet
from digits.data import MNISTDataModule
from digits.files import write_whole
from digits.kernels import Kernel
from digits.model import DigitClassifier
from digits.network import Init
from digits.training import pictures
from digits.training.callbacks import EpochLines, Interrupted, StopOnSignal, WholeFiles
from digits.training.runs import CONFIG, last_good, make_new, newest_run
from digits.training.trainer import DEFAULTS

TRAINER_DEFAULTS = DEFAULTS | {"accelerator": "cuda" if torch.cuda.is_available() else "cpu"}


def train(
    hidden: list[PositiveInt] = [30],  # noqa: B006
    only_digit: int | None = None,
    train_size: int | None = None,
    epochs: PositiveInt = 30,
    batch_size: PositiveInt = 10,
    lr: Rate = 3.0,
    schedule: PositiveInt | None = None,
    distort: Strength = 0.0,
    init: Init = "scaled",
    seed: NonNegativeInt = 0,
    data_dir: Path = Path("data"),
    run_dir: Path | None = None,
    kernel: Kernel = "auto",
    trainer: dict[str, Any] | None = None,
    resume: bool = False,
    config: str = "",
) -> Path:
    """Train a network, follow it in TensorBoard, keep its best epoch and say how to use it.

    Args:
        hidden: Neurons in each hidden layer: 100, or 100 30 for two layers.
        only_digit: Train a detector of this digit, with one output neuron, instead of a network that tells all ten.
        train_size: Train on the first so many of the 50,000 training images; by default on all.
        epochs: How often the network sees every training image.
        batch_size: Images in a mini-batch.
        lr: Learning rate.
        schedule: Raise the learning rate to `lr` and lower it to almost 0 in so many epochs; by default it stays.
        distort: Train on distorted copies of the images, others in every epoch; 1 is as strong as in best.yaml.
        init: Initial weights, scaled to the inputs of a neuron, or gaussian as in the book's first chapter.
        seed: Decides the initial weights and the order of the images.
        data_dir: Where the MNIST files are, or go.
        run_dir: A new folder for this run; by default one in runs/, named after its settings.
        kernel: How to train: compiled by numba, in torch operations, with autograd, or the fastest that applies.
        trainer: Settings of Lightning's Trainer; max_epochs goes before `epochs`.
        resume: Go on from the last finished epoch in `run_dir`.
        config: These settings as YAML, kept in the folder of the run so that it can be resumed.

    Returns:
        The folder of the run, with `best.ckpt`, `last.ckpt`, `config.yaml` and TensorBoard's events.
    """
    say = rank_zero_only(print)
    if init == "gaussian":
        say(
            "gaussian init: weights this large saturate some output neurons from the start, and a digit whose neuron\n"
            "is saturated may never be learned: rare with 30 hidden neurons, usual with 100. `scaled` avoids it."
        )
    data = MNISTDataModule(data_dir, batch_size, seed, train_size, distort)
    data.prepare_data()  # before anything is written for this run
    model = DigitClassifier(hidden, lr, init, seed, kernel, only_digit, schedule=schedule)
    name = f"{model.shape}_lr{lr:g}_batch{batch_size}_seed{seed}" + (f"_{init}" if init != "scaled" else "")
    name += f"_schedule{schedule}" if schedule is not None else ""
    name += f"_distort{distort:g}" if distort else ""
    name += f"_only{only_digit}" if only_digit is not None else ""
    name += f"_train{train_size}" if train_size is not None else ""
    folder = run_dir or Path("runs", f"{name}_{datetime.now():%Y%m%d-%H%M%S.%f}"[:-4])
    keep = partial(ModelCheckpoint, folder, save_on_train_epoch_end=True, enable_version_counter=False)
    best = keep("best", monitor="accuracy/validation", mode="max")
    last = keep("last")  # not `save_last` of the other, which saves nothing after an epoch that is not the best
    path, saved = last_good(folder) if resume else (None, {})
    start = 0
    if path:
        start = saved["epoch"] + 1
        say(f"Going on with {folder} after epoch {saved['epoch']}")
        kept = dict(DigitClassifier.load_from_checkpoint(path).hparams)  # what an old file lacks has its default
        kept |= dict(MNISTDataModule(**saved["datamodule_hyper_parameters"]).hparams)
        for key, value in (dict(model.hparams) | dict(data.hparams)).items():
            if kept.get(key) != value:
                raise UserError(
                    f"a resumed run keeps its settings: --{key} is {kept.get(key)} in {folder}, not {value}"
                )
    try:
        lightning = build_trainer(folder, [best, last], epochs, trainer or {}, start)
        if not resume and lightning.is_global_zero:
            make_new(folder)
            write_whole(folder / CONFIG, config.encode())
        lightning.fit(model, data, ckpt_path=path)
    except MisconfigurationException as error:
        raise UserError("--trainer: " + " ".join(str(error).split())) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        raise UserError(f"cannot write to {folder}: {error.strerror}") from error
    except Interrupted as interrupted:
        say(f"\nStopped in epoch {lightning.current_epoch}. Go on with: python train.py --resume {folder}")
        sys.exit(128 + interrupted.signum)
    if best.best_model_path:
        lightning.test(datamodule=data, ckpt_path=best.best_model_path, verbose=False)
        report(lightning, best)
    else:
        say("\nNo epoch was validated, so none could be chosen.")
    return folder


def build_trainer(
    folder: Path, checkpoints: list[ModelCheckpoint], epochs: int, settings: dict[str, Any], start: int
) -> Trainer:
    """Lightning's Trainer with the settings of the user over ours; `start` is the first epoch that it will train."""
    settings = TRAINER_DEFAULTS | {name: value for name, value in settings.items() if value is not None}
    settings.setdefault("max_epochs", epochs)
    logger = TensorBoardLogger(folder, name="", version="", default_hp_metric=False, purge_step=start)
    settings.setdefault("logger", logger)
    if str(settings.get("precision", 32)) not in ("32", "32-true", "64", "64-true"):
        raise UserError("--trainer.precision: this network is trained in 32-true or 64-true")
    users, plugins = settings.pop("callbacks", []), settings.pop("plugins", [])
    callbacks = [*(users if isinstance(users, list) else [users]), EpochLines(), StopOnSignal()]
    plugins = [*(plugins if isinstance(plugins, list) else [plugins]), WholeFiles()]
    if settings.get("enable_checkpointing", True):
        callbacks += checkpoints
    try:
        return Trainer(callbacks=callbacks, plugins=plugins, **settings)
    except (ValueError, ModuleNotFoundError) as error:
        raise UserError("--trainer: " + " ".join(str(error).split())) from error


@rank_zero_only
def report(trainer: Any, best: Any) -> None:
    """Say what the run came to, where it is and how to use it; show it beside others in TensorBoard's HPARAMS tab."""
    test, validation = trainer.callback_metrics["accuracy/test"].item(), best.best_model_score.item()
    model, path = trainer.lightning_module, Path(best.best_model_path)
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    epoch = checkpoint.read(path)["epoch"]
    settings = {name: value for name, value in model.hparams.items() if name not in ("kernel", "image_size")}
    settings |= {"hidden": model.shape, "batch_size": trainer.datamodule.batch_size, "epochs": int(trainer.max_epochs)}
    settings |= {"train_size": len(trainer.datamodule.training[1]), "distort": trainer.datamodule.distort}
    for logger in trainer.loggers:
        logger.log_hyperparams(settings, {"best/validation": validation, "best/test": test}, step=epoch)
        if isinstance(logger, TensorBoardLogger):
            pictures.show(logger.experiment, model, epoch, *trainer.datamodule.test)
        logger.finalize("success")  # or they may never reach the disk
    print(f"\nTest accuracy {test:.2%}, of epoch {epoch}, which validation chose (with {validation:.2%})")
    if model.only_digit is not None:
        labels = trainer.datamodule.test[1]
        there = int((labels == model.only_digit).sum())
        misses, alarms = (int(trainer.callback_metrics[f"{kind}/test"]) for kind in ("misses", "false_alarms"))
        print(
            f"Misses      {misses} of {there} pictures of a {model.only_digit} (recall {1 - misses / there:.2%}), "
            f"false alarms {alarms} of {len(labels) - there} others"
        )
    print(
        f"Checkpoint  {path}\n"
        f"Curves      tensorboard --logdir {path.parent.parent}\n"
        f"Python      DigitClassifier.load_from_checkpoint({str(path)!r}).predict(images)"
    )


def main(args: list[str] | None = None) -> None:
    """Train with the settings of the command line, over those of --config, over the defaults of `train`."""
    parser = Parser(prog="train.py", description=__doc__)
    parser.add_argument("--config", action="config", help="YAML file with any of these settings.")
    parser.add_function_arguments(train, skip={"trainer", "resume", "config"})
    parser.add_class_arguments(Trainer, "trainer", instantiate=False)
    parser.set_defaults({f"trainer.{name}": value for name, value in TRAINER_DEFAULTS.items()})
    parser.add_argument("--resume", nargs="?", const="", metavar="RUN", help="Go on with RUN, or with the newest run.")
    quiet()
    with one_line_errors(parser.prog):
        settings = parser.parse_args(args)
        resume = settings.resume is not None
        if resume:
            run = Path(settings.resume) if settings.resume else newest_run()
            if not (run / CONFIG).is_file():
                raise UserError(f"there is no run to resume in {run}: it has no {CONFIG}")
            given = sys.argv[1:] if args is None else args
            settings = parser.parse_args(["--config", str(run / CONFIG), *given, "--run_dir", str(run)])
        del settings["resume"], settings["config"]
        config = parser.dump(settings, skip_validation=True, skip_unset=True)
        train(**parser.instantiate(settings).as_dict(), resume=resume, config=config)


if __name__ == "__main__":
    main()
