"""Lightning's Trainer as this project sets it."""

from typing import Any

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback

DEFAULTS: dict[str, Any] = {
    "devices": 1,
    "num_sanity_val_steps": 0,
    "enable_model_summary": False,
    "enable_progress_bar": False,  # EpochLines draws one
    "log_every_n_steps": 1,  # nothing is logged by the step; this only keeps Lightning from warning about it
}


def quiet_trainer(epochs: int, callback: Callback, **settings: Any) -> Trainer:
    """Lightning's Trainer as the train verb sets it, on the CPU in one process, without lines, checkpoints or logs."""
    quiet = DEFAULTS | {"accelerator": "cpu", "logger": False, "enable_checkpointing": False}
    return Trainer(max_epochs=epochs, callbacks=[callback], **quiet | settings)
