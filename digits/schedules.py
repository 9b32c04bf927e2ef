"""Schedules: how the learning rate changes in the course of a run."""

import math
from typing import Any

from lightning.pytorch import LightningModule
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, ReduceLROnPlateau, SequentialLR

from digits.checkpoint.untrusted import VALIDATION
from digits.errors import UserError

WARM_UP = 0.05  # the part of a schedule in which the learning rate rises; it may saturate every output at once


def configured(optimizer: Optimizer, schedule: int | None, epochs: int | None) -> Any:
    """What Lightning wants of `configure_optimizers`: the optimizer and, of so many epochs, its schedule.

    Raises UserError if `epochs`, the length of the run, is more than the schedule's, or not known.
    """
    if schedule is None:
        return optimizer
    if epochs is None or not 0 <= epochs <= schedule:
        raise UserError(f"--schedule {schedule} goes with up to {schedule} epochs, not with {epochs}")
    return [optimizer], [rise_and_fall(optimizer, schedule)]


def rise_and_fall(optimizer: Optimizer, epochs: int) -> SequentialLR:
    """The learning rate rises from a tenth of the optimizer's to all of it, then falls along a cosine to almost 0."""
    rising = math.ceil(WARM_UP * epochs)
    up = LinearLR(optimizer, start_factor=0.1, total_iters=rising)
    down = CosineAnnealingLR(optimizer, max(1, epochs - rising))
    return SequentialLR(optimizer, [up, down], [rising])


def by_step(model: LightningModule) -> bool:
    """Whether one of the model's schedulers changes the learning rate after mini-batches, not after epochs."""
    return any(config.interval == "step" for config in model.trainer.lr_scheduler_configs)


def step(model: LightningModule, interval: str, count: int) -> None:
    """Step those that are due after so many steps or epochs, which Lightning leaves to manual optimization."""
    for config in model.trainer.lr_scheduler_configs:
        if config.interval == interval and count % config.frequency == 0:
            plateau = isinstance(config.scheduler, ReduceLROnPlateau)  # lowers the rate when validation stands still
            model.lr_scheduler_step(config.scheduler, model.trainer.callback_metrics[VALIDATION] if plateau else None)
