"""The optimizer of all kernels, plain SGD with L2 regularization, and its learning rate schedule."""

import math
from typing import Any

from torch import nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, ReduceLROnPlateau, SequentialLR

from digits.common.errors import UserError

WARM_UP = 0.05  # share of the epochs in which the learning rate rises; the full rate at once may saturate every output


def plain_sgd(network: nn.Module, lr: float, decay: float = 0.0) -> SGD:
    """Return plain SGD; in each step, weights (not biases) shrink by `lr * decay` of themselves (L2)."""
    if not decay:
        return SGD(network.parameters(), lr)
    weights, biases = [p for p in network.parameters() if p.ndim > 1], [p for p in network.parameters() if p.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": weights, "weight_decay": decay}, {"params": biases}]
    return SGD(groups, lr)


def is_plain_sgd(optimizer: Optimizer, network: nn.Module) -> bool:
    """Whether the optimizer is `plain_sgd(network, lr, decay)` for some lr and decay."""
    if type(optimizer) is not SGD:
        return False
    first = optimizer.param_groups[0]
    groups = plain_sgd(network, first["lr"], first["weight_decay"]).param_groups

    def same(group: dict[str, Any], plain: dict[str, Any]) -> bool:
        trained = {id(parameter) for parameter in group["params"] if parameter.requires_grad}
        options = plain.keys() - {"params"}
        return trained == set(map(id, plain["params"])) and all(group[name] == plain[name] for name in options)

    return len(optimizer.param_groups) == len(groups) and all(map(same, optimizer.param_groups, groups))


def scheduled(optimizer: Optimizer, trainer: Any) -> Any:
    """Return the optimizer with a schedule of linear warm-up and cosine decay, in the form that Lightning expects.

    The learning rate rises from a tenth of the optimizer's rate to the full rate. Then it falls along a cosine, which
    would reach 0 in the epoch after the last. Raises UserError if the Trainer has no last epoch.
    """
    epochs = trainer.max_epochs
    if epochs is None or epochs < 1:
        raise UserError("--schedule needs a number of epochs: set --epochs")
    rising = math.ceil(WARM_UP * epochs)
    up = LinearLR(optimizer, start_factor=0.1, total_iters=rising)
    down = CosineAnnealingLR(optimizer, max(1, epochs - rising))
    schedule = SequentialLR(optimizer, [up, down], [rising])
    for _ in range(trainer.current_epoch):  # when a run is resumed
        schedule.step()
    return [optimizer], [schedule]


def refuse_steps(trainer: Any) -> None:
    """Raise UserError for what no kernel supports: a second optimizer, or a change in the middle of an epoch."""
    if len(trainer.optimizers) > 1:
        raise UserError("only one optimizer is supported; use one with several parameter groups instead")
    if trainer.max_steps >= 0:
        raise UserError("--trainer.max_steps is not supported: a run has whole epochs, so use --epochs")
    if any(config.interval != "epoch" or config.frequency != 1 for config in trainer.lr_scheduler_configs):
        raise UserError("learning rate schedulers step once per epoch; leave out interval and frequency")


def step_schedulers(model: Any, validation: Any) -> None:
    """Step the schedulers of a LightningModule after an epoch: Lightning does not step them in manual optimization.

    ReduceLROnPlateau gets the `validation` accuracy, so its mode should be "max".
    """
    for config in model.trainer.lr_scheduler_configs:
        plateau = isinstance(config.scheduler, ReduceLROnPlateau)
        model.lr_scheduler_step(config.scheduler, validation if plateau else None)
