"""Checkpoints of networks that nobody trained."""

import torch

from digits.checkpoint.contents import VERSION
from digits.model import DigitClassifier
from digits.training.callbacks import AtomicFiles


def saved(path, model, **more):
    """Save a model, with what else its checkpoint shall hold; returns the path."""
    content = {"digits_version": VERSION, "state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    AtomicFiles().save_checkpoint(content | more, path)
    return path


def saved_sure(path, **settings):
    """Save a network of 12 hidden neurons that is sure of a 4 in every picture, or of a detector's digit."""
    model = DigitClassifier([12], **settings)
    with torch.no_grad():
        model.network[2].bias -= 6
        model.network[2].bias[0 if model.only_digit is not None else 4] += 20
    return saved(path, model)
