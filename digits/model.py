"""DigitClassifier: the sigmoid network, its training and its use, as a LightningModule."""

from pathlib import Path
from typing import Any, Self

import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from digits import kernels
from digits.checkpoint import contents, untrusted
from digits.common.errors import UserError
from digits.common.images import Images, check_shape, to_tensor
from digits.data import Stack
from digits.kernels import Job, Kernel, optim
from digits.network import COSTS, inputs, predictions, sigmoid_network, sizes

BY_EPOCH: Any = {"on_step": False, "on_epoch": True, "sync_dist": True, "add_dataloader_idx": False, "logger": False}


class DigitClassifier(LightningModule):
    """The book's network: one input per pixel, hidden layers, and ten outputs. The largest output names the digit.

    With `only_digit`, the network is a detector. Its one output learns 1 for that digit and 0 for all others. An output
    above 0.5 means that the digit is detected.

    Args:
        hidden: Neurons in each hidden layer; [100] gives the book's 784-100-10.
        lr: Learning rate.
        init: `scaled` or `gaussian`; see `digits.network.sigmoid_network`.
        seed: Seed for the initial weights and biases.
        kernel: The code that trains: `auto`, or a name in `digits.kernels.KERNELS`.
        only_digit: The digit to detect, 0 to 9 (else UserError), or None to tell all ten apart.
        image_size: Height and width of the images, in pixels; 64 gives the 4,096 inputs of the book's example.
        schedule: Whether the learning rate warms up to `lr` and then decays along a cosine. By default it is constant.
        cost: A name in `digits.network.COSTS`; `quadratic` is C = 1/(2n) sum ||y - a||^2.
        l2: The book's lambda, which adds lambda/(2n) sum w^2 to the cost, but not to the logged cost. n is the number
            of training images in an epoch.
    """

    def __init__(
        self,
        hidden: list[int],
        lr: float = 3.0,
        init: str = "scaled",
        seed: int = 0,
        kernel: str = "auto",
        only_digit: int | None = None,
        image_size: int = 28,
        schedule: bool = False,
        cost: str = "quadratic",
        l2: float = 0.0,
    ) -> None:
        super().__init__()
        if only_digit is not None and not 0 <= only_digit <= 9:
            raise UserError(f"--only_digit must be 0 to 9, not {only_digit}")
        hidden, lr, seed, l2, schedule = [int(n) for n in hidden], float(lr), int(seed), float(l2), bool(schedule)
        only_digit, image_size = None if only_digit is None else int(only_digit), int(image_size)
        self.save_hyperparameters(logger=False)
        self.automatic_optimization = False  # a training step works on a whole stack of mini-batches
        self.lr, self.kernel, self.only_digit = lr, kernel, only_digit
        self.image_size, self.schedule, self.cost, self.l2 = image_size, schedule, COSTS[cost], l2
        self.network = sigmoid_network([image_size**2, *hidden, 10 if only_digit is None else 1], init, seed)

    @classmethod
    def load_from_checkpoint(  # type: ignore[override]
        cls, path: str | Path, map_location: Any = "cpu", *, weights_only: bool = True, **settings: Any
    ) -> Self:
        """Load the network in a checkpoint onto a device. `settings`, such as `kernel`, override the saved settings.

        The file cannot run code: `weights_only` is always True. It may also be a JSON file of the book's network2.py.
        Raises UserError as `untrusted.read_checkpoint` does, and if the file contradicts itself.
        """
        return contents.rebuilt(cls, untrusted.read_checkpoint(path), path, settings).to(map_location)

    @property
    def shape(self) -> str:
        """The layer sizes as the book writes them, such as 784-100-10; for any other network, the name of the class."""
        layers = sizes(self.network)
        return "-".join(map(str, layers)) if layers[:1] == [self.image_size**2] else type(self).__name__

    @property
    def only_sigmoid(self) -> bool:
        """Whether all layers are Linear and Sigmoid, applied to the pixels, and no subclass replaces `forward`."""
        return kernels.is_sigmoid(self.network) and type(self).forward is DigitClassifier.forward

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs (N, 10), or (N, 1) from a detector, for images (N, 28, 28), uint8 or float 0..1."""
        return self.network(inputs(images, like=next(self.parameters())))

    def configure_optimizers(self) -> Any:
        """Return plain SGD, with L2 and a schedule if they are set."""
        n = self.trainer.datamodule.count if self.l2 else 1  # type: ignore[attr-defined]
        optimizer = optim.plain_sgd(self, self.lr, self.l2 / n)
        return optim.scheduled(optimizer, self.trainer) if self.schedule else optimizer

    def on_train_start(self) -> None:
        """Raise UserError for what no kernel supports: see `optim.refuse_steps`."""
        optim.refuse_steps(self.trainer)

    def training_step(self, stack: Stack, _: int) -> None:
        """Take a step of SGD for each mini-batch, with `backprop.sgd_step` or another kernel."""
        kernel, job = self.kernel_for(stack)
        cost, right = kernel.train(job)
        progress = self.trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress
        for count in (progress.total, progress.current):  # for `global_step`: Lightning misses the kernels' steps
            count.ready += len(stack.chosen)
            count.completed += len(stack.chosen)
        self._log_means("training", cost, right, stack.chosen.numel())

    def kernel_for(self, stack: Stack, trains: bool = True) -> tuple[Kernel, Job]:
        """Return the kernel and its job for a stack. Raises UserError if no kernel fits, ValueError for wrong sizes."""
        check_shape(stack.images, self.image_size)  # the compiled kernel does not check it
        targets = stack.targets if self.only_digit is None else stack.targets[:, self.only_digit, None].contiguous()
        training = (self.trainer.optimizers[0], self.trainer.world_size) if trains else ()
        job = Job(self, stack.images, targets, stack.chosen, *training)
        return kernels.choose(self.kernel, job), job

    def _log_means(self, split: str, cost: Tensor, right: Tensor, images: int) -> None:
        """Log the means over all images of an epoch; `EpochCurves` draws them.

        `cost` and `right` are sums over this process's share of a stack, and `images` counts the whole stack. After the
        reduction all processes log the same values. Lightning weights each stack by its number of images.
        """
        cost, right = self.trainer.strategy.reduce(torch.stack([cost, right]), reduce_op="sum")
        means = {f"accuracy/{split}": right / images, f"cost/{split}": cost / images}
        self.log_dict(means, batch_size=images, **BY_EPOCH)

    def validation_step(self, stack: Stack, _: int, dataloader_idx: int = 0) -> None:
        """Log cost and accuracy on the validation images and, for the epoch's printed line, on the test images."""
        self._evaluate(("validation", "test")[dataloader_idx], stack)

    def test_step(self, stack: Stack, _: int) -> None:
        self._evaluate("test", stack)

    def _evaluate(self, split: str, stack: Stack) -> None:
        share = stack.chosen.tensor_split(self.trainer.world_size)[self.global_rank]
        kernel, job = self.kernel_for(stack._replace(chosen=share), trains=False)
        self._log_means(split, *kernel.evaluate(job), len(stack.chosen))

    def on_train_epoch_end(self) -> None:
        """Step the schedulers. Raises UserError if the weights are no longer finite."""
        optim.step_schedulers(self, self.trainer.callback_metrics.get(contents.VALIDATION))
        if not all(parameter.isfinite().all() for parameter in self.parameters()):
            raise UserError(f"training diverged in epoch {self.current_epoch}; try --lr below {self.lr:g}")

    def on_save_checkpoint(self, saved: dict[str, Any]) -> None:
        """Save the format version, the planned number of epochs, and whether all neurons are sigmoid."""
        saved |= {"digits_version": contents.VERSION, "sigmoid": self.only_sigmoid}
        saved["max_epochs"] = self.trainer.max_epochs

    @torch.no_grad()
    def predict(self, images: Images) -> tuple[Tensor, Tensor]:
        """Read the digit in each image. A detector tells only whether an image shows the detector's digit.

        Args:
            images: A tensor on any device or a NumPy array, (N, 28, 28) or of another `image_size`, uint8 0..255 or
                float 0..1, with light strokes on dark. A single image may also be a PIL image.

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
