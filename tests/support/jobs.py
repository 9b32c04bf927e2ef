"""Jobs for the kernels, from a network without a DigitClassifier around it."""

from types import SimpleNamespace

from digits.kernels import Job
from digits.model import plain_sgd
from digits.network import QUADRATIC, is_sigmoid


def model_of(network, cost):
    """What kernels ask of a DigitClassifier."""
    asked = {"only_sigmoid": is_sigmoid(network), "modules": network.modules, "parameters": network.parameters}
    return SimpleNamespace(network=network, cost=cost, **asked)


def job(network, images, targets, chosen, lr=1.0, cost=QUADRATIC, decay=0.0):
    return Job(model_of(network, cost), images, targets, chosen, plain_sgd(network, lr, decay))
