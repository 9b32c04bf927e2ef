"""Train the network of the book's first chapter to read handwritten digits.

`python train.py --hidden 100` trains 784-100-10 for 30 epochs, with mini-batches of 10 and learning rate 3.0. The
trained network reads 97.9 % of the test images correctly.
"""

from pathlib import Path

from digits.common.libraries import quiet
from digits.training.settings import Settings


def train(settings: Settings = Settings(), *, resume: bool = False, kind: type | None = None) -> Path:  # noqa: B008
    """Train a network, log its curves for TensorBoard, keep its best epoch, and print how to use it.

    Args:
        settings: See `Settings`.
        resume: Continue after the last finished epoch of the run in `settings.run_dir`.
        kind: The class to train: `DigitClassifier` (the default) or your own subclass of it.

    Returns:
        The folder of the run, with `best.ckpt`, `last.ckpt`, `config.yaml` and TensorBoard's events.

    Raises:
        UserError: If MNIST cannot be downloaded, or settings contradict each other or the run's files.
        OSError: If the folder cannot be written.
    """
    with quiet():
        from digits.model import DigitClassifier
        from digits.training.report import report, test  # slow to import: see `digits.__main__`
        from digits.training.runs import hold, new_run, resumed_run
        from digits.training.trainer import build_model_and_data, build_trainer, few_threads

        model, data = build_model_and_data(settings, kind or DigitClassifier)
        data.prepare_data()  # may fail, so do this before anything is written for the run
        run = (resumed_run if resume else new_run)(settings, model, data)
        trainer = build_trainer(run, settings, model, data)
        with hold(run, settings), few_threads(model, data):
            trainer.fit(model, data)
            if (best := run.folder / "best.ckpt").exists():
                report(trainer, test(trainer, model, data, best), data, best)
            else:
                print("\nNo best.ckpt was saved, so no network is tested.")
    return run.folder
