import io
import os
import pickle
import zipfile

import pytest
import torch

from digits.checkpoint.contents import VERSION, load_network
from digits.checkpoint.untrusted import read_checkpoint
from digits.common.errors import UserError
from digits.model import DigitClassifier
from tests.support.checkpoints import saved


def good(**changes):
    return {"digits_version": VERSION, "state_dict": {"w": torch.ones(3)}, "hyper_parameters": {"lr": 3.0}} | changes


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("was_here",)


def compressed(path):
    """Torch reads it, but writes none; 1 MB of zeros that were a GB would take a minute to check."""
    torch.save(good(), path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def old_format(path):
    """PyTorch reads it, and ZipFile the empty archive at its end."""
    torch.save(good(), path, _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x", b"")


def nested(path):
    """One entry holds another, so together they are larger than the file. Newer versions of Python refuse this, too."""
    torch.save(good(), path)
    inside = io.BytesIO()
    with zipfile.ZipFile(inside, "w") as archive:
        archive.writestr("a/inner", bytes(100_000))
    [inner] = archive.infolist()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a/outer", inside.getvalue())
        inner.header_offset = archive.getinfo("a/outer").header_offset + 30 + len("a/outer")
        archive.filelist.append(inner)


def flipped(path):
    """A weight has another bit than when its checksum was made."""
    torch.save(good(), path)
    path.write_bytes(path.read_bytes().replace(b"\0\0\x80?", b"\0\0\x81?", 1))  # 1.0


def cut(share):
    def make(path):
        torch.save(good(state_dict={"w": torch.rand(10_000)}), path)
        os.truncate(path, int(share * path.stat().st_size))

    return make


@pytest.mark.parametrize(
    "make, reason",
    [
        (lambda path: path.write_bytes(b"GIF89a" * 100), "damaged"),
        (cut(0), "damaged"),
        (cut(0.999), "damaged"),
        (flipped, "damaged"),
        (compressed, "damaged, or not a checkpoint"),
        (old_format, "damaged, or not a checkpoint"),
        (nested, "damaged, or not a checkpoint"),
        (lambda path: torch.save(good(extra=Hostile()), path), "refused.*perhaps code"),
        (lambda path: path.write_bytes(pickle.dumps(Hostile())), "damaged, or not a checkpoint"),
        (lambda path: torch.save(torch.ones(3), path), "another program"),
        (lambda path: torch.save({"state_dict": {}}, path), "another program"),
        (lambda path: torch.save(good(digits_version=VERSION + 1), path), f"version {VERSION + 1}.*version {VERSION};"),
        (lambda path: torch.save(good(digits_version=VERSION - 1), path), f"version {VERSION - 1}.*version {VERSION};"),
    ],
)
def test_what_is_no_checkpoint_is_named(make, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "a.ckpt")
    with pytest.raises(UserError, match=reason) as error:
        read_checkpoint(tmp_path / "a.ckpt")
    assert "a.ckpt" in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "was_here").exists()


def changed(path, **changes):
    """A checkpoint of 784-12-10 with some of its content changed; a change may be a function of what was there."""
    content = torch.load(saved(path, DigitClassifier([12]), epoch=3), weights_only=True)
    for name, change in changes.items():
        content[name] = change(content.get(name)) if callable(change) else change
    torch.save(content, path)
    return path


def with_tensor(name, make):
    return lambda state: state | {name: make(state[name])}


def shared(depth):
    """Lists of ten times the same list: as many leaves as 10 to the power of the depth, in a few bytes."""
    return [shared(depth - 1)] * 10 if depth else 1


FIRST, LAST = "network.0.weight", "network.2.bias"


NUMBERS, PLAIN = "a plain tensor of real numbers", "is out of range or is not a plain value"
TENSORS = [  # what becomes of the first weights, and the reason
    (lambda w: w * float("nan"), "not finite, or larger than"),
    (lambda w: w * 0 + 3e38, r"not finite, or larger than 1e\+30"),
    (lambda w: w.to(torch.complex64), NUMBERS),
    (lambda w: w.to_sparse(), NUMBERS),
    (lambda w: torch.nested.nested_tensor([w]), "plain"),  # PyTorch 2.15 itself refuses to load it
    (lambda w: w.to("meta"), NUMBERS),
    (lambda w: w.to(torch.int32).view(torch.bits8), NUMBERS),
    (lambda w: torch.ones(1).expand(30_000, 30_000), "larger than the file"),
    (lambda w: 3.0, "more than tensors"),
]
SETTINGS = [
    ({"lr": torch.ones(1)}, f"lr {PLAIN}"),
    ({"lr": float("nan")}, f"lr {PLAIN}"),
    ({"mine": shared(30)}, f"mine {PLAIN}"),
    ({"mine": "x" * 201}, f"mine {PLAIN}"),
    ({"mine": 2**65}, f"mine {PLAIN}"),
    ({"hidden": [1] * 201}, f"hidden {PLAIN}"),
    ({"hidden": [10**6]}, "larger layers than it has weights for"),
    ({"only_digit": "<script>"}, "--only_digit must be a whole number from 0 to 9"),
    ({"cost": "<script>"}, "--cost must be one of"),
    ({"image_size": None}, "--image_size must be a whole number"),
    ({4: 1}, "its settings are not a dictionary with names"),
]


@pytest.mark.parametrize(
    "changes, reason",
    [
        *(({"state_dict": with_tensor(FIRST, make)}, reason) for make, reason in TENSORS),
        *(({"hyper_parameters": {"hidden": [12]} | setting}, reason) for setting, reason in SETTINGS),
        ({"state_dict": list}, "more than tensors"),
        ({"state_dict": lambda state: state | {4: torch.ones(1)}}, "more than tensors"),
        ({"state_dict": lambda state: state | {f"w{n}": state[FIRST] for n in range(9)}}, "larger than the file"),
        ({"hyper_parameters": None}, "its settings are not a dictionary with names"),
        ({"datamodule_hyper_parameters": {"seed": torch.ones(1)}}, f"seed {PLAIN}"),
        ({"epoch": [1, 2]}, "--epoch must be a whole number"),
        ({"epoch": True}, "--epoch must be a whole number"),
    ],
)
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_what_train_does_not_write_is_refused(changes, reason, tmp_path):
    path = changed(tmp_path / "a.ckpt", **changes)
    with pytest.raises(UserError, match=f"a.ckpt is refused: .*{reason}"):
        read_checkpoint(path)


def test_what_is_dropped_is_not_looked_at(tmp_path):
    path = changed(tmp_path / "a.ckpt", callbacks={"x": shared(50)}, loops=shared(50), datamodule_hyper_parameters={})
    assert read_checkpoint(path).epoch == 3 and read_checkpoint(path).accuracy is None


@pytest.mark.parametrize(
    "name, change",
    [
        ("hyper_parameters", {"hidden": [12], "only_digit": 3}),
        ("hyper_parameters", {"hidden": [12], "image_size": 8}),
        ("hyper_parameters", {}),
        ("state_dict", lambda state: state | {name: state[name][:3] for name in ("network.2.weight", LAST)}),
        ("state_dict", lambda state: {name: tensor for name, tensor in state.items() if name != LAST}),
        ("state_dict", lambda state: state | {"network.4.weight": torch.ones(10, 9), "network.4.bias": torch.ones(10)}),
        ("state_dict", lambda state: state | {FIRST: torch.ones(12, 0)}),
        ("state_dict", {}),
    ],
)
def test_what_is_no_network_of_ours_or_contradicts_its_settings_is_not_used(name, change, tmp_path):
    path = changed(tmp_path / "a.ckpt", **{name: change})
    with pytest.raises(UserError, match="a.ckpt does not hold the Linear and Sigmoid layers that its settings"):
        load_network(read_checkpoint(path), path)
