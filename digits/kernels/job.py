"""What a kernel is given."""

from typing import Any, NamedTuple

from torch import Tensor
from torch.optim import Optimizer

Tally = tuple[Tensor, Tensor]  # cost, summed, and the number of right predictions


class Job(NamedTuple):
    """What is to be trained or, without an optimizer, evaluated."""

    model: Any  # a DigitClassifier: it has a `network` and a `cost`, and says whether it is `only_sigmoid`
    images: Tensor  # (N, H, W), uint8 or float 0..1
    targets: Tensor  # (N, outputs) float, 0 or 1
    chosen: Tensor  # int64 indices into them: (K, B) for K mini-batches to train on, (n,) to evaluate
    optimizer: Optimizer | None = None
    processes: int = 1  # of which each trains on its part of every mini-batch

    @property
    def lr_and_decay(self) -> tuple[float, float]:
        """The learning rate, and lambda / n of L2, of an optimizer that is `optim.plain_sgd`."""
        assert self.optimizer is not None
        group = self.optimizer.param_groups[0]  # the weights; the biases have the same rate and no decay
        return group["lr"], group["weight_decay"]
