"""`python -m digits figures`: a trained network in the figures that chapters 1 and 5 would show of it."""

from pathlib import Path

from digits.common.errors import UserError, install, printable
from digits.common.files import write_atomically
from digits.common.libraries import import_unconfigured


def figures(*, network: str | None = None, out: Path = Path("figures"), data_dir: Path | None = None) -> None:
    """Draw what the book would show of a trained network: its curves, weights, mistakes and more, as PNG.

    Args:
        network: A run, a checkpoint, or bundled; by default the newest run in runs/, else the bundled network.
        out: Folder for the figures; those of an earlier call are replaced.
        data_dir: Where the MNIST files are, or go; by default data, if they are there, else the user's cache.
    """
    import_unconfigured()
    try:
        from digits.figures import chapter  # needs matplotlib, which is optional
        from digits.figures.style import png
    except ImportError as error:
        raise UserError(f"the figures need {error.name}: {install('figures')}") from error
    from digits.checkpoint.contents import rebuilt
    from digits.checkpoint.selection import choose
    from digits.data import MNISTDataModule
    from digits.model import DigitClassifier

    saved, path = choose(network)
    model = rebuilt(DigitClassifier, saved, path, {})
    if model.image_size != 28:
        raise UserError(f"{path} reads images of another size than 28x28")
    if not saved.epochs:
        raise UserError(f"{path} does not say how long its network was trained, which is done again for the figures")
    data = MNISTDataModule(data_dir, **saved.data)
    data.prepare_data()
    data.setup("test")
    curves = logged_curves(path.parent)
    out.mkdir(parents=True, exist_ok=True)
    planned = max(saved.max_epochs or 0, saved.epochs)
    for name, figure in chapter.figures(model, data, saved.epochs - 1, planned, curves):
        if isinstance(figure, str):
            print(f"{name} is not drawn: {figure}")
        else:
            write_atomically(out / f"{name}.png", png(figure))
            print(printable(str(out / f"{name}.png")), flush=True)


def logged_curves(run: Path) -> dict[str, dict[int, float]]:
    """Return the curves in a run's TensorBoard log: values by epoch, by tag such as `cost/test`; {} without a log.

    Raises UserError if the log is damaged.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    try:
        log = EventAccumulator(str(run)).Reload()
    except OSError:
        raise
    except Exception as error:  # what a damaged file raises may be anything
        raise UserError(f"the curves in {run}/events* are damaged; without these files the rest is drawn") from error
    return {tag: {point.step: point.value for point in log.Scalars(tag)} for tag in log.Tags()["scalars"]}
