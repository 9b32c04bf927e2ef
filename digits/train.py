"""Train the network of the book's first chapter to read handwritten digits.

`python train.py --hidden 100` trains 784-100-10 for 30 epochs of mini-batches of 10 at learning rate 3.0: its accuracy
on the test digits is then 97.9 %.
"""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from digits.cli import ONCE, Epochs, Int, NotNegative, PositiveInt, Rate, Seed, Strength, import_elsewhere
from digits.settings import CostName, Init, KernelName
from digits.training.command import TrainerSettings
from digits.training.command import understand as understand  # for `digits.cli.run`


def train(
    *,
    hidden: Annotated[list[PositiveInt], ONCE] = [30],  # noqa: B006
    epochs: Epochs = 30,
    batch_size: PositiveInt = 10,
    lr: Rate = 3.0,
    schedule: bool = False,
    init: Init = "scaled",
    seed: Seed = 0,
    distort: Strength = 0.0,
    allographs: bool = False,
    negatives: Strength = 0.0,
    train_size: Int | None = None,
    only_digit: Int | None = None,
    kernel: KernelName = "auto",
    cost: CostName = "quadratic",
    l2: NotNegative = 0.0,
    early_stop: PositiveInt | None = None,
    data_dir: Path | None = None,
    run_dir: Path | None = None,
    trainer: Annotated[TrainerSettings | None, Parameter(show=False)] = None,
    resume: Annotated[bool, Parameter(parse=False)] = False,
    kind: Annotated[type | None, Parameter(parse=False)] = None,
) -> Path:
    """Train a network, follow it in TensorBoard, keep its best epoch and say how to use it.

    Args:
        hidden: Neurons of hidden layers, such as 100 30.
        epochs: How often it sees every training image.
        batch_size: Images in a mini-batch.
        lr: Learning rate.
        schedule: Let lr warm up, then decay.
        init: Initial weights; gaussian is the book's first chapter's.
        seed: Decides initial weights, order and augmentation.
        distort: How strongly to distort the images.
        allographs: Write some in other ways.
        negatives: Images without a digit per training image.
        train_size: Train on the first so many of 60,000 images; all leave none to validate, and keep the last epoch.
        only_digit: Train a detector of this digit, with one output.
        kernel: How to train; numba is compiled, torch the book's equations, autograd for any network; auto the fastest.
        cost: What to make small.
        l2: The book's lambda, for small weights.
        early_stop: End after so many epochs of no higher accuracy.
        data_dir: Where the MNIST files are, or go; by default data, if they are there, else the user's cache.
        run_dir: A new folder for this run; else one in runs/.
        trainer: Settings of Lightning's Trainer; its max_epochs overrides `epochs`.
        resume: Go on from the last finished epoch in `run_dir`, if one is named.
        kind: What to train: a class of your own that is derived from `DigitClassifier`; else that.

    Returns:
        The folder of the run, with `best.ckpt`, `last.ckpt`, `config.yaml` and TensorBoard's events.

    Raises:
        UserError: If MNIST cannot be had, or a setting is out of range.
        OSError: If the folder cannot be written to.
    """
    settings = dict(locals())  # here, where only the arguments are local
    import_elsewhere()
    from digits.checkpoint.untrusted import read  # as the work begins, like every verb: see `digits.__main__`
    from digits.data import MNISTDataModule
    from digits.model import DigitClassifier
    from digits.training import runs
    from digits.training.report import report
    from digits.training.trainer import build_trainer, fastest_device

    data = MNISTDataModule(
        data_dir, batch_size, seed, train_size, distort=distort, allographs=allographs, negatives=negatives
    )
    data.prepare_data()  # before anything is written for this run
    model = (kind or DigitClassifier)(
        hidden, lr, init, seed, kernel=kernel, only_digit=only_digit, schedule=schedule, cost=cost, l2=l2
    )
    run = runs.resumed(run_dir, model, data, settings) if resume and run_dir else runs.new(run_dir, model, data)
    device = (trainer or {}).get("accelerator") or fastest_device(model, batch_size)
    lightning = build_trainer(run, epochs, {**(trainer or {}), "accelerator": device}, early_stop, data.validates)
    with run.under_way(settings):
        lightning.fit(model, data)
        folder = lightning.strategy.broadcast(run.folder)  # each process has named it by its own clock
        if (best := folder / "best.ckpt").exists():
            model.load_state_dict((saved := read(best)).weights)
            lightning.test(model, data, verbose=False)
            report(lightning, saved, best)
        elif lightning.is_global_zero:
            print("\nNo epoch was validated, so none could be chosen.")
    return folder
