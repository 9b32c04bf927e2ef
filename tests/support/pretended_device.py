"""A pretended device: CPU kernels behind tensors that claim to be elsewhere, as those of a GPU are.

While it is watched, whatever a GPU would refuse or wait for raises `Misuse`: tensors of two devices in one
operation, and an array that is sent there twice; in a step, whatever is sent there, and every operation for whose
result the CPU would wait.
"""

import hashlib
from collections import Counter
from contextlib import contextmanager

import pytest
import torch
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

from digits.model import DigitClassifier

DEVICE = torch.device("meta")  # of torch's own, the one without numbers: what was not seen here has none
STEPS = "training_step", "validation_step", "test_step"
WAITING = {"_local_scalar_dense", "equal", "nonzero", "masked_select", "_unique2", "unique_dim", "bincount"}
SMALL = 200  # bytes that may be sent again, such as a list of ten numbers


class Misuse(AssertionError):
    """Something that a GPU would refuse, or wait for."""


class Pretended(torch.Tensor):
    """A tensor on the pretended device; `held` has its numbers."""

    @staticmethod
    def __new__(cls, held):
        layout = {"strides": held.stride(), "storage_offset": held.storage_offset(), "dtype": held.dtype}
        made = torch.Tensor._make_wrapper_subclass(cls, held.size(), device=DEVICE, **layout)
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise Misuse(f"{function} where nobody watches, as in another thread")

    def __reduce_ex__(self, protocol):  # into a file
        return self.held.__reduce_ex__(protocol)

    def __repr__(self):
        return f"Pretended({self.held})"

    def new_tensor(self, data):
        return torch.tensor(data, dtype=self.dtype, device=DEVICE)

    def tolist(self):
        return self.cpu().tolist()  # which is seen


class Generator(torch.Generator):
    """The random numbers of the CPU, for any device."""

    def __new__(cls, device="cpu"):
        made = super().__new__(cls)
        made.claimed = torch.device(device)
        return made

    device = property(lambda self: self.claimed)


def launches(function):
    """Whether a GPU would be sent a kernel: not for another view of the same numbers, nor for room for new ones."""
    aliases = [result.alias_info for result in function._schema.returns]
    is_view = any(alias and not alias.is_write for alias in aliases)
    return not is_view and function.overloadpacket.__name__ not in ("empty", "empty_like", "empty_strided", "new_empty")


class Watch(TorchDispatchMode):
    """Runs every operation on the CPU; raises Misuse, and counts what would be launches."""

    def __init__(self):
        super().__init__()
        self.in_step = False
        self.steps, self.launches, self.sent = Counter(), 0, set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name, kwargs = function.overloadpacket.__name__, kwargs or {}
        with self:
            parts = function.decompose(*args, **kwargs)  # inference mode shows what is made of others whole
        if parts is not NotImplemented:
            return parts
        tensors = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, torch.Tensor)]
        there = any(isinstance(tensor, Pretended) for tensor in tensors)
        made_there = torch.device(kwargs["device"]) == DEVICE if kwargs.get("device") is not None else there
        if name == "_to_copy":
            self.check_copy(args[0], made_there)
        elif name == "copy_":
            self.check_copy(args[1], isinstance(args[0], Pretended))
        elif there:
            self.check(name, args, tensors)
        self.launches += made_there and launches(function)
        numbers, how = tree_map_only(Pretended, lambda tensor: tensor.held, (args, kwargs))
        if how.get("device") is not None:
            how["device"] = torch.device("cpu")
        result = function(*numbers, **how)
        if function._schema.is_mutable and isinstance(result, torch.Tensor):
            return kwargs.get("out", args[0])
        return tree_map_only(torch.Tensor, Pretended, result) if made_there else result

    def check(self, name, args, tensors):
        if any(not isinstance(tensor, Pretended) and tensor.ndim for tensor in tensors):  # one number may be anywhere
            raise Misuse(f"tensors on two devices in {name}")
        indices = args[1] if name.startswith("index") and isinstance(args[1], list | tuple) else []
        by_mask = any(isinstance(index, torch.Tensor) and index.dtype == torch.bool for index in indices)
        if self.in_step and (name in WAITING or by_mask):
            raise Misuse(f"a step waits for {'a mask in ' * by_mask}{name}")

    def check_copy(self, source, to_there):
        from_there = isinstance(source, Pretended)
        if from_there == to_there:
            return
        if self.in_step and (from_there or source.ndim):  # Lightning sends a number for each mean that it logs
            raise Misuse(f"a step waits for a copy {'from' if from_there else 'to'} the device")
        if to_there and source.nbytes > SMALL:
            array = hashlib.sha256(source.detach().contiguous().numpy()).digest()
            if array in self.sent:
                raise Misuse(f"{tuple(source.shape)} is sent again")
            self.sent.add(array)

    def step(self, name, function):
        """One of STEPS, in which nothing may wait."""

        def watched(*args):
            self.in_step = True
            self.steps[name] += 1
            try:
                return function(*args)
            finally:
                self.in_step = False

        return watched


class Accelerator(CPUAccelerator):
    """As Lightning sees the pretended device."""

    def setup_device(self, device):
        pass


@contextmanager
def watched():
    """The pretended device, and what Lightning's Trainer needs to train there."""
    tensor = torch.tensor
    with pytest.MonkeyPatch.context() as patch, Watch() as watch:
        for name in STEPS:
            patch.setattr(DigitClassifier, name, watch.step(name, getattr(DigitClassifier, name)))
        patch.setattr(torch, "Generator", Generator)
        patch.setattr(torch, "tensor", lambda data, device=None, **how: tensor(data, **how).to(device or "cpu"))
        patch.setattr(torch.__future__, "_overwrite_module_params_on_conversion", True)  # there is another kind of them
        yield watch


def elsewhere():
    """Settings of Lightning's Trainer for the pretended device."""
    return {"accelerator": "auto", "strategy": SingleDeviceStrategy(DEVICE, accelerator=Accelerator())}
