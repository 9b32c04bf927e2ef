import os
import pickle

import pytest
import torch

from digits import UserError
from digits.checkpoint import VERSION, read
from digits.training.callbacks import WholeFiles
from tests.campaigns.mutations import damage_checkpoints, damage_data


def good(**changes):
    return {"digits_version": VERSION, "state_dict": {"w": torch.ones(3)}, "hyper_parameters": {"lr": 3.0}} | changes


def test_what_is_written_is_read(tmp_path):
    WholeFiles().save_checkpoint(good(), tmp_path / "a.ckpt")
    assert read(tmp_path / "a.ckpt")["state_dict"]["w"].equal(torch.ones(3))
    assert [path.name for path in tmp_path.iterdir()] == ["a.ckpt"]


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("was_here",)


def save_pickle(path):
    path.write_bytes(pickle.dumps(Hostile()))


def save_hostile(path):
    torch.save(good(extra=Hostile()), path)


@pytest.mark.parametrize(
    "make, reason",
    [
        (lambda path: None, "no such checkpoint"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.write_bytes(b"GIF89a" * 100), "damaged"),
        (save_hostile, "refused.*perhaps code"),
        (save_pickle, "refused|damaged"),
        (lambda path: torch.save(torch.ones(3), path), "another program"),
        (lambda path: torch.save({"state_dict": {}}, path), "another program"),
        (lambda path: torch.save(good(digits_version=VERSION + 1), path), f"version {VERSION + 1}.*version {VERSION}"),
    ],
)
def test_what_is_no_checkpoint_is_named(make, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "a.ckpt")
    with pytest.raises(UserError, match=reason) as error:
        read(tmp_path / "a.ckpt")
    assert "a.ckpt" in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "was_here").exists()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_checkpoint_is_damaged(share, tmp_path):
    path = tmp_path / "a.ckpt"
    torch.save(good(state_dict={"w": torch.rand(10_000)}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(UserError, match="damaged"):
        read(path)


def test_damaged_files(capfd):
    for damage in (damage_data, damage_checkpoints):
        outcomes = damage(100, seed=1)
        assert outcomes["clear error"] > 20 and outcomes.total() == 100
