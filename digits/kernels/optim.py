"""The optimizer whose steps all kernels take, plain SGD with L2, and its schedule."""

import math
from typing import Any

from torch import nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, ReduceLROnPlateau, SequentialLR

from digits.common.errors import UserError

WARM_UP = 0.05  # the share of the epochs in which the learning rate rises; at once, it may saturate every output


def plain_sgd(network: nn.Module, lr: float, decay: float = 0.0) -> SGD:
    """The optimizer whose steps all kernels take; weights, not biases, lose `lr * decay` of themselves a step (L2)."""
    if not decay:
        return SGD(network.parameters(), lr)
    weights, biases = [p for p in network.parameters() if p.ndim > 1], [p for p in network.parameters() if p.ndim <= 1]
    groups: list[dict[str, Any]] = [{"params": weights, "weight_decay": decay}, {"params": biases}]
    return SGD(groups, lr)


def is_plain_sgd(optimizer: Optimizer, network: nn.Module) -> bool:
    """Whether the optimizer is `plain_sgd(network, lr, decay)` of its own lr and decay."""
    if type(optimizer) is not SGD:
        return False
    first = optimizer.param_groups[0]
    groups = plain_sgd(network, first["lr"], first["weight_decay"]).param_groups

    def does(group: dict[str, Any], wanted: dict[str, Any]) -> bool:
        moved = {id(parameter) for parameter in group["params"] if parameter.requires_grad}
        others = wanted.keys() - {"params"}
        return moved == set(map(id, wanted["params"])) and all(group[name] == wanted[name] for name in others)

    return len(optimizer.param_groups) == len(groups) and all(map(does, optimizer.param_groups, groups))


def scheduled(optimizer: Optimizer, trainer: Any) -> Any:
    """The optimizer and, as Lightning wants it, its schedule for all epochs of a Trainer: warm-up and cosine decay.

    The learning rate rises from a tenth of the optimizer's to all of it, then falls along a cosine towards 0, which it
    would reach in the epoch after the last. Raises UserError if the Trainer has no last epoch.
    """
    epochs = trainer.max_epochs
    if epochs is None or epochs < 1:
        raise UserError("--schedule has to know how many epochs there will be")
    rising = math.ceil(WARM_UP * epochs)
    up = LinearLR(optimizer, start_factor=0.1, total_iters=rising)
    down = CosineAnnealingLR(optimizer, max(1, epochs - rising))
    schedule = SequentialLR(optimizer, [up, down], [rising])
    for _ in range(trainer.current_epoch):  # of a run that is resumed
        schedule.step()
    return [optimizer], [schedule]


def refuse_steps(trainer: Any) -> None:
    """Raise UserError for steps that no kernel takes.

    These are those of a second optimizer, and those in the middle of an epoch that would end the training or change a
    learning rate.
    """
    if len(trainer.optimizers) > 1:
        raise UserError("a network is trained by one optimizer; give it a group of parameters for each of yours")
    if trainer.max_steps >= 0:
        raise UserError("--trainer.max_steps: a run ends with an epoch, so say how many with --epochs")
    if any(config.interval != "epoch" or config.frequency != 1 for config in trainer.lr_scheduler_configs):
        raise UserError("a learning rate scheduler is stepped after each epoch; leave out its interval and frequency")


def step_schedulers(model: Any, validation: Any) -> None:
    """Step the schedulers of a LightningModule after an epoch, which Lightning leaves to manual optimization.

    One that waits for a plateau looks at the `validation` accuracy, so its mode is "max".
    """
    for config in model.trainer.lr_scheduler_configs:
        plateau = isinstance(config.scheduler, ReduceLROnPlateau)  # lowers the rate when validation stands still
        model.lr_scheduler_step(config.scheduler, validation if plateau else None)
