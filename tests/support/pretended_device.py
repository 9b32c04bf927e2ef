"""A pretended device: CPU kernels behind tensors that claim to be elsewhere, as those of a GPU are.

While it is watched, tensors of two devices in one operation raise `Misuse`, since a GPU would refuse them.
"""

from contextlib import contextmanager

import pytest
import torch
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

DEVICE = torch.device("meta")  # of torch's own, the one without numbers: what was not seen here has none


class Misuse(AssertionError):
    """Something that a GPU would refuse."""


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

    def new_tensor(self, data):
        return torch.tensor(data, dtype=self.dtype, device=DEVICE)

    def tolist(self):
        return self.held.tolist()


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

    launches = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name, kwargs = function.overloadpacket.__name__, kwargs or {}
        with self:
            parts = function.decompose(*args, **kwargs)  # inference mode shows what is made of others whole
        if parts is not NotImplemented:
            return parts
        tensors = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, torch.Tensor)]
        there = any(isinstance(tensor, Pretended) for tensor in tensors)
        elsewhere = any(not isinstance(tensor, Pretended) and tensor.ndim for tensor in tensors)  # not a single number
        if there and elsewhere and name not in ("_to_copy", "copy_"):
            raise Misuse(f"tensors on two devices in {name}")
        made_there = torch.device(kwargs["device"]) == DEVICE if kwargs.get("device") is not None else there
        self.launches += made_there and launches(function)
        numbers, how = tree_map_only(Pretended, lambda tensor: tensor.held, (args, kwargs))
        if how.get("device") is not None:
            how["device"] = torch.device("cpu")
        result = function(*numbers, **how)
        if function._schema.is_mutable and isinstance(result, torch.Tensor):
            return kwargs.get("out", args[0])
        return tree_map_only(torch.Tensor, Pretended, result) if made_there else result


class Accelerator(CPUAccelerator):
    """As Lightning sees the pretended device."""

    def setup_device(self, device):
        pass


@contextmanager
def watched():
    """The pretended device, and what Lightning's Trainer needs to train there."""
    tensor = torch.tensor
    with pytest.MonkeyPatch.context() as patch, Watch() as watch:
        patch.setattr(torch, "Generator", Generator)
        patch.setattr(torch, "tensor", lambda data, device=None, **how: tensor(data, **how).to(device or "cpu"))
        patch.setattr(torch.__future__, "_overwrite_module_params_on_conversion", True)  # there is another kind of them
        yield watch


def elsewhere():
    """Settings of Lightning's Trainer for the pretended device."""
    return {"accelerator": "auto", "strategy": SingleDeviceStrategy(DEVICE, accelerator=Accelerator())}
