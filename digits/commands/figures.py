"""Draw the figures of chapters 1 and 5 for a trained network: `python -m digits figures`."""

from itertools import chain
from pathlib import Path

from digits.common.errors import UserError, install, printable
from digits.common.files import write_atomically

LARGEST_LOG = 5_000_000  # bytes, enough for 10,000 epochs; reading them takes a few seconds
CURVES = {f"{kind}/{split}" for kind in ("accuracy", "cost") for split in ("training", "validation", "test")}


def figures(*, network: str | None = None, out: Path = Path("figures"), data_dir: Path | None = None) -> None:
    """Draw the figures of Nielsen's book for a trained network, as PNG: its curves, weights, mistakes and more.

    Example: python -m digits figures --network bundled

    Args:
        network: A run folder, a .ckpt file, or bundled. Default: the newest run in runs/, else the bundled network.
        out: Folder for the figures. Existing figures are replaced.
        data_dir: Folder for the MNIST files. Default: data/ if MNIST is there, else the user's cache.
    """
    try:
        from digits.figures import chapter  # needs matplotlib, which is optional
        from digits.figures.style import png
    except ImportError as error:
        raise UserError(f"the figures need {error.name}: {install('figures')}") from error
    from digits.checkpoint.selection import find_checkpoint
    from digits.kernels.stacks import StackedMNIST
    from digits.model import DigitClassifier

    saved, path = find_checkpoint(network)
    model = DigitClassifier.load_from_checkpoint(path)
    if model.image_size != 28:
        raise UserError(f"{path} reads images of a size other than 28x28; choose another --network")
    if not saved.epochs:
        raise UserError(f"{path} does not say how long its network was trained; choose another --network")
    data = StackedMNIST(data_dir, **saved.data)
    data.prepare_data()
    data.setup("test")
    curves = logged_curves(path.parent)
    out.mkdir(parents=True, exist_ok=True)
    planned = max(saved.max_epochs or 0, saved.epochs)
    for name, figure in chapter.figures(model, data, saved.epochs - 1, planned, curves):
        if isinstance(figure, str):
            print(f"not drawn: {name} ({figure})")
        else:
            write_atomically(out / f"{name}.png", png(figure))
            print(printable(str(out / f"{name}.png")), flush=True)


def logged_curves(run: Path) -> dict[str, dict[int, float]]:
    """Return the CURVES in a run's TensorBoard log: values by epoch for each tag, such as `cost/test`.

    Raises UserError if the log is damaged or too large.
    """
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    paths, curves = sorted(run.glob("*tfevents*")), dict[str, dict[int, float]]()
    remedy = "move these files away to draw the other figures"
    if sum(path.stat().st_size for path in paths) > LARGEST_LOG:
        raise UserError(f"the files {run}/events* have more than {LARGEST_LOG:,} bytes; {remedy}")
    try:
        for event in chain.from_iterable(LegacyEventFileLoader(str(path)).Load() for path in paths):
            for value in event.summary.value:
                if value.tag in CURVES:
                    curves.setdefault(value.tag, {})[event.step] = value.simple_value
    except OSError:
        raise
    except Exception as error:  # a damaged file may raise anything
        raise UserError(f"the files {run}/events* are damaged; {remedy}") from error
    return curves
