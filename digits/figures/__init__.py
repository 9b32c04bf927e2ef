"""`python -m digits figures CHECKPOINT`: the pictures that chapter 1 would show of a trained network."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from digits import UserError, checkpoint
from digits.data import MNISTDataModule
from digits.distort import PART, distort
from digits.figures import descent
from digits.files import write_whole
from digits.model import DigitClassifier
from digits.network import linears

COPIES = 20  # of one training image, where the network was trained on distorted ones
EXAMPLES = 2_000  # training images on which the cost of the valley is measured
SIZES = [500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000]
SEEDS, EPOCHS = 3, 30  # of the networks for each of these sizes


def figures(path: Path, out: Path = Path("figures"), data_dir: Path = Path("data")) -> None:
    """Draw what chapter 1 would show of a trained network: its curves, weights, mistakes and more, as PNG.

    Args:
        path: A checkpoint that train.py wrote, such as runs/NAME/best.ckpt.
        out: Folder for the pictures; those of an earlier call are replaced.
        data_dir: Where the MNIST files are, or go.

    Raises:
        UserError: If matplotlib is missing, `path` is no checkpoint of this program or takes images of another size
            than MNIST's, or `out` cannot be written to.
    """
    if find_spec("matplotlib") is None:
        raise UserError("the figures need matplotlib: pip install -e '.[figures]'")
    model, saved = DigitClassifier.load_from_checkpoint(path), checkpoint.read(path)
    size = model.image_size
    if size != 28:
        raise UserError(f"the figures are of MNIST's images of 28 x 28 pixels; those of {path} are {size} x {size}")
    data = MNISTDataModule(data_dir, **saved.get("datamodule_hyper_parameters", {}))
    data.prepare_data()
    data.setup("test")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {out}: {error.strerror}") from error
    for name, figure in drawn(model, path, saved, data):
        if isinstance(figure, str):
            print(f"{name} is not drawn: {figure}")
        else:
            from digits.plotting import png

            write_whole(out / f"{name}.png", png(figure))
            print(out / f"{name}.png", flush=True)


def drawn(
    model: DigitClassifier, path: Path, saved: dict[str, Any], data: MNISTDataModule
) -> Iterator[tuple[str, Any]]:
    """Names of the figures, each with its matplotlib Figure or with the reason why there is none; slow ones last."""
    from digits.figures import chapter as drawings  # here, since matplotlib is optional

    (images, labels), curves = data.test, learning_curves(path.parent)
    yield "neurons", drawings.neurons()
    yield (
        "learning_curves",
        drawings.learning_curves(curves, saved["epoch"]) if curves else f"there is no log of TensorBoard beside {path}",
    )
    if data.distort:
        several = data.training[0][:PART]  # which share their random numbers
        copies = [distort(several, data.distort, data.seed, epoch)[0] for epoch in range(COPIES)]
        yield "distorted", drawings.distorted(torch.stack(copies))
    yield "hidden_weights", drawings.hidden_weights(model.network)
    if len(linears(model.network)) == 2:
        yield "hidden_neurons", drawings.hidden_neurons(model, images, labels)
    else:
        yield "hidden_neurons", f"neurons vote for outputs if there is one hidden layer; this is {model.shape}"
    if model.only_digit is None:
        answers, activations = model.predict(images)
        yield "confusion", drawings.confusion(labels, answers)
        yield "mistakes", drawings.wrong_digits(images, labels, activations)
        yield "saturation", drawings.saturation(labels, activations)
    else:
        for name in ("confusion", "mistakes", "saturation"):
            yield name, f"it compares ten outputs; this is {model.shape}"

    examples, digits = (tensor[:EXAMPLES] for tensor in data.training)
    around = descent.valley(model, trained_again(model, saved, data), examples, digits)
    yield "valley", drawings.valley(*around, len(examples))
    accuracy = descent.accuracy_by_size(model.hparams, data.data_dir, data.batch_size, SIZES, SEEDS, EPOCHS)
    yield "training_size", drawings.training_size(SIZES, accuracy, model.shape, EPOCHS)


def trained_again(model: DigitClassifier, saved: dict[str, Any], data: MNISTDataModule) -> Tensor:
    """All weights and biases (T, model.size) of a run, at first and after each epoch until that of its checkpoint.

    Says so if they do not end on those of `model`, as on another machine or after training in several processes.
    """
    path = descent.descend(DigitClassifier(**model.hparams), data, saved["epoch"] + 1)
    if not torch.equal(path[-1], parameters_to_vector(model.parameters())):
        print("valley: trained again, the network has other weights than this checkpoint; the path is the new one")
    return path


def learning_curves(folder: Path) -> dict[str, tuple[list[int], list[float]]]:
    """Steps and values of each curve in the TensorBoard log of a run, by tag such as `cost/test`; {} without a log."""
    log = EventAccumulator(str(folder)).Reload()
    points = {tag: log.Scalars(tag) for tag in log.Tags()["scalars"]}
    return {tag: ([point.step for point in curve], [point.value for point in curve]) for tag, curve in points.items()}
