"""Malicious files: every subcommand reads them or refuses them in one line.

No code in them runs, nothing changes outside the folder that the subcommand writes to, and memory and time are bounded.
"""

import shutil
import zipfile
from functools import partial

import pytest

pytest.importorskip("resource", reason="Windows has no limits to memory and time")

import torch

from tests.support.damage import CLAIMING, SIZES, deflated, huge
from tests.support.finding import encoded
from tests.support.pens import line
from tests.support.training import same, weights
from tests.support.watched import clear, small_run, watch

NAN = float("nan")


@pytest.fixture
def home(small, tmp_path_factory, tmp_path):
    """A working folder with a run of two epochs and a picture. Beside it are files that must not be touched."""
    shutil.copytree(small_run(small, tmp_path_factory), tmp_path / "home" / "run")
    for name in ("victim.ckpt", "folder/letter"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("of somebody")
    line(1).save(tmp_path / "home" / "1.png")
    return tmp_path / "home"


@pytest.fixture
def watched(home, small):
    """Return a function that runs a subcommand, which may write in `home` only paths that begin with `may`."""

    def run(words, may="nothing"):
        ending = clear(watch(words.replace("DATA", f"--data_dir {small[0]}").split(), home, small[1]))
        assert [path for path in ending.changed if not path.startswith(f"home/{may}")] == []
        return ending

    return run


def bomb(path, says=1_200_000_000):
    """Make a zip bomb: a checkpoint with a compressed tensor of 1.2 GB, whose entry says how large it is."""
    content = torch.load(path, weights_only=True)
    content["state_dict"]["network.0.weight"] = torch.zeros(1_000_003)
    torch.save(content, path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            entry, large = zipfile.ZipInfo(name), len(content) == 4_000_012
            numbers = [n.to_bytes(4, "little") for n in (1_000_003, 300_000_000)]
            content = deflated(1200) if large else content.replace(*numbers)
            archive.writestr(entry, content)
            if large:
                entry.compress_type, entry.compress_size, entry.file_size = zipfile.ZIP_DEFLATED, len(content), says


@pytest.mark.parametrize("says", [1_200_000_000, 1000])
def test_a_zip_bomb_is_refused(says, home, watched):
    """tests/checkpoint/test_untrusted.py has the checkpoints that need no limit of memory."""
    bomb(home / "run" / "best.ckpt", says)
    assert watched("predict 1.png --network run").status == 2


@pytest.mark.parametrize("nonsense", [None, NAN, [[0]]])
def test_the_state_that_lightning_would_restore_is_ignored(nonsense, home, watched):
    """Lightning would delete the files at these paths at the next best epoch."""

    def change(content):
        content |= dict.fromkeys(("loops", "optimizer_states", "lr_schedulers", "pytorch-lightning_version"), nonsense)
        for state in content["callbacks"].values():
            state |= {name: "../folder/.." for name in state if name.endswith("_path")} | {"dirpath": "../folder"}
            state |= dict.fromkeys(("best_model_score", "kth_value", "current_score"), nonsense)
            state |= {"best_k_models": {"../victim.ckpt": 0.0, "../folder": 0.0}}
        return content

    shutil.copytree(home / "run", home / "good")
    for path in home.glob("run/*.ckpt"):
        torch.save(change(torch.load(path, weights_only=True)), path)
    for run in ("good", "run"):
        assert watched(f"train --resume {run} --epochs 5 DATA", may=run).status == 0
    assert same(weights(home / "run" / "last.ckpt"), weights(home / "good" / "last.ckpt"))
    assert same(weights(home / "run" / "best.ckpt"), weights(home / "good" / "best.ckpt"))


JSON, FORM = "predict 1.png --network net.json", "predict 1.png --network bundled --fields form.yaml"
ALIASES = [f"&a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
TEXTS = {
    "deep network": (JSON, "[" * 100_000),
    "network of a huge layer": (JSON, '{"sizes": [784, 9' + "9" * 3000 + ', 10], "cost": "QuadraticCost"}'),
    "network of many lists": (JSON, "[" + "[]," * 3_000_000 + "[]]"),
    "deep form": (FORM, "a: " + "[" * 90_000),
    "aliases": (FORM, f"a:\n  box: [0, 0, 1, [&a0 [1, 1], {', '.join(ALIASES)}]]"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_malicious_json_network_or_form_definition_is_refused(name, home, watched):
    words, text = TEXTS[name]
    (home / words.split()[-1]).write_text(text)
    assert watched(words).status == 2


def pdf(old, new):
    return encoded(line(1), "PDF").replace(old, new)


LAUNCH = b"/Type /Catalog /OpenAction << /S /Launch /F (touch) /Win << /F (touch) /P (canary) >> >>"
PICTURES = {
    **{
        f"{kind} of {w}x{h}": partial(huge, kind, (w, h), 70)
        for kind in CLAIMING
        for w, h in ((7_900, 8_000), SIZES[3])
    },
    "PGM of many comments": lambda: b"P2 20 20 255\n" + b"#\n" * 8_000_000 + b"1 " * 400,
    "PDF that starts a program": lambda: pdf(b"/Type /Catalog", LAUNCH),
    "PDF of a huge page": lambda: pdf(b"/MediaBox [ 0 0", b"/MediaBox [ -99999999 -99999999"),
    "PDF of a huge picture": lambda: pdf(b"/Width 120", b"/Width 99999999"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_malicious_picture_does_not_stop_the_next_picture(name, home, watched):
    bad = home / f"bad.{'pdf' if name.startswith('PDF') else 'png'}"
    bad.write_bytes(PICTURES[name]())
    assert "1.png: 4 " in watched(f"predict {bad.name} 1.png --network bundled --single").output
