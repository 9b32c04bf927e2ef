"""DigitClassifier: the sigmoid network, its training and its use, as a LightningModule."""

import math
from pathlib import Path
from textwrap import shorten
from typing import Any, Self

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from digits.checkpoint import contents, untrusted
from digits.common.checks import arguments, checked
from digits.common.errors import UserError
from digits.common.images import Images, to_tensor
from digits.network import COSTS, correct, inputs, is_sigmoid, one_hot, predictions, sigmoid_network, sizes

WARM_UP = 0.05  # share of the epochs in which the learning rate rises; the full rate at once may saturate every output
Batch = tuple[Tensor, Tensor] | list[Tensor]  # images and labels


class DigitClassifier(LightningModule):
    """The book's network: one input per pixel, hidden layers, and ten outputs. The largest output names the digit.

    With `only_digit`, the network is a detector. Its one output learns 1 for that digit and 0 for all others. An output
    above 0.5 means that the digit is detected.

    Batches are pairs of images and labels. Images are (N, 28, 28), (N, 1, 28, 28) or (N, 784), uint8 0..255 or float
    0..1, with light strokes on dark. Labels are (N,) int64, or one-hot (N, 10). A one-hot row of zeros means that an
    image shows no digit.

    Args:
        hidden: Neurons in each hidden layer; [100] gives the book's 784-100-10.
        lr: Learning rate.
        init: `scaled` or `gaussian`; see `digits.network.sigmoid_network`.
        seed: Seed for the initial weights and biases.
        only_digit: The digit to detect, 0 to 9, or None to tell all ten apart.
        image_size: Height and width of the images, in pixels; 64 gives the 4,096 inputs of the book's example.
        schedule: Whether the learning rate warms up to `lr` and then decays along a cosine. By default it is constant.
        cost: A name in `digits.network.COSTS`; `quadratic` is C = 1/(2n) sum ||y - a||^2.
        l2: The book's lambda, which adds lambda/(2n) sum w^2 to the cost, but not to the logged cost. n is the number
            of training images in an epoch.

    Raises:
        UserError: If an argument is out of range.
    """

    def __init__(
        self,
        hidden: list[int],
        lr: float = 3.0,
        init: str = "scaled",
        seed: int = 0,
        only_digit: int | None = None,
        image_size: int = 28,
        schedule: bool = False,
        cost: str = "quadratic",
        l2: float = 0.0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)  # with the arguments of a subclass, too
        self.hparams.update(settings := checked(self.hparams))
        self.lr, self.only_digit, self.image_size = settings["lr"], settings["only_digit"], settings["image_size"]
        self.schedule, self.cost, self.l2 = settings["schedule"], COSTS[settings["cost"]], settings["l2"]
        layers = [self.image_size**2, *settings["hidden"], 10 if self.only_digit is None else 1]
        self.network = sigmoid_network(layers, settings["init"], settings["seed"])

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs (N, 10), or (N, 1) from a detector. Raises ValueError for integers other than uint8."""
        return self.network(inputs(images, like=next(self.parameters())))

    def targets(self, labels: Tensor) -> Tensor:
        """Return the desired outputs (N, 10), or (N, 1) for a detector, for labels (N,) int64 or one-hot (N, 10)."""
        y = labels if labels.ndim == 2 else one_hot(labels)
        return y if self.only_digit is None else y[:, self.only_digit, None].contiguous()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        return self._step("training", batch)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step("validation", batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._step("test", batch)

    def predict_step(self, batch: Batch | Tensor, batch_idx: int) -> tuple[Tensor, Tensor]:
        """Return what `predict` returns for the images of a batch. The batch may lack labels."""
        return self.predict(batch if isinstance(batch, Tensor) else batch[0])

    def _step(self, split: str, batch: Batch) -> Tensor:
        images, labels = batch
        a = self(images)
        a = a.to(torch.promote_types(a.dtype, torch.float32))  # a sum of bfloat16 would be too coarse
        y = self.targets(labels).to(a)
        cost = self.cost.value(a, y)
        self.log_means(split, cost.detach(), correct(a, y), len(y))
        return cost / len(y)

    def log_means(self, split: str, cost: Tensor, right: Tensor, images: int) -> None:
        """Log accuracy and cost per epoch, given the sum of the cost and the correct predictions of some images."""
        means = {f"accuracy/{split}": right / images, f"cost/{split}": cost / images}
        self.log_dict(means, on_step=False, on_epoch=True, batch_size=images, sync_dist=True, add_dataloader_idx=False)

    def on_validation_epoch_end(self) -> None:
        self.log("step", float(self.current_epoch), sync_dist=True)  # loggers take `step` for their x axis

    on_test_epoch_end = on_validation_epoch_end

    def on_train_epoch_end(self) -> None:
        """Raise UserError if the weights are no longer finite."""
        self.on_validation_epoch_end()
        if not all(parameter.isfinite().all() for parameter in self.parameters()):
            raise UserError(f"training diverged in epoch {self.current_epoch}; try --lr below {self.lr:g}")

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return plain SGD, with L2 and a schedule if they are set."""
        optimizer = plain_sgd(self, self.lr, self.l2 / self._training_images() if self.l2 else 0.0)
        if not self.schedule:
            return optimizer
        done, epochs = self.current_epoch, self.trainer.max_epochs or 0
        if epochs < 1:
            raise UserError("--schedule needs a number of epochs: set --epochs")
        return [optimizer], [LambdaLR(optimizer, lambda epoch: warm_up_and_cosine(done + epoch, epochs))]

    def _training_images(self) -> int:
        _ = self.trainer.estimated_stepping_batches  # makes the Trainer load its training data
        try:
            return len(self.trainer.train_dataloader.dataset)  # type: ignore[union-attr]
        except (AttributeError, TypeError) as error:
            raise UserError("--l2 needs the number of training images: train with a DataLoader") from error

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the format version, the planned number of epochs, and whether all neurons are sigmoid."""
        checkpoint |= {"digits_version": contents.VERSION, "sigmoid": self.only_sigmoid}
        checkpoint["max_epochs"] = self.trainer.max_epochs

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]
        cls, checkpoint_path: str | Path, map_location: Any = "cpu", *, weights_only: bool = True, **settings: Any
    ) -> Self:
        """Load the network in a checkpoint onto a device. `settings`, such as `lr`, override the saved settings.

        The file cannot run code: `weights_only` is always True. It may also be a JSON file of the book's network2.py.
        Raises UserError as `untrusted.read_checkpoint` does, and if the file contradicts itself.
        """
        saved = untrusted.read_checkpoint(checkpoint_path)
        kept = {name: value for name, value in saved.settings.items() if name in arguments(cls)}
        try:
            model = cls(**kept | settings)
        except (UserError, TypeError, ValueError) as error:
            reason = shorten(str(error), 200)
            raise UserError(f"{checkpoint_path} has settings that no network can be made from: {reason}") from error
        contents.restore(model, saved, checkpoint_path)
        return model.to(map_location)

    @property
    def shape(self) -> str:
        """The layer sizes as the book writes them, such as 784-100-10; for any other network, the name of the class."""
        layers = sizes(self.network)
        return "-".join(map(str, layers)) if layers[:1] == [self.image_size**2] else type(self).__name__

    @property
    def only_sigmoid(self) -> bool:
        """Whether all layers are Linear and Sigmoid, applied to the pixels, and no subclass replaces `forward`."""
        return is_sigmoid(self.network) and type(self).forward is DigitClassifier.forward

    @torch.no_grad()
    def predict(self, images: Images) -> tuple[Tensor, Tensor]:
        """Read the digit in each image. A detector tells only whether an image shows the detector's digit.

        Args:
            images: A tensor on any device or a NumPy array, of a shape and dtype as in a batch. A single image may also
                be (28, 28) or a PIL image.

        Returns:
            The digits (N,) int64 and the ten output activations (N, 10), each 0..1 (they need not sum to 1). A detector
            returns whether each image shows the digit (N,) bool, and the output activations (N, 1).

        Raises:
            TypeError, ValueError: As `images.to_tensor` does.
        """
        x, training = to_tensor(images, self.image_size), self.training
        activations = self.eval()(x)  # `eval` switches off dropout, if there is any
        self.train(training)
        return predictions(activations), activations


def plain_sgd(network: nn.Module, lr: float, decay: float = 0.0) -> SGD:
    """Return plain SGD; in each step, weights (not biases) shrink by `lr * decay` of themselves (L2)."""
    if not decay:
        return SGD(network.parameters(), lr)
    weights, biases = [p for p in network.parameters() if p.ndim > 1], [p for p in network.parameters() if p.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": weights, "weight_decay": decay}, {"params": biases}]
    return SGD(groups, lr)


def warm_up_and_cosine(epoch: int, epochs: int) -> float:
    """Return the share of the learning rate in an epoch (the first is 0) by linear warm-up and cosine decay.

    The share rises from 0.1 to 1, and then falls along a cosine, which would reach 0 in the epoch after the last.
    """
    rising = math.ceil(WARM_UP * epochs)
    if epoch < rising:
        return 0.1 + 0.9 * epoch / rising
    return (1 + math.cos(math.pi * (epoch - rising) / max(1, epochs - rising))) / 2
