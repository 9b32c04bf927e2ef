import os
import random
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from tests.campaigns import __main__, hostile, machine
from tests.campaigns.attacks import EITHER, Attack
from tests.support.tiers import nightly, slow


@pytest.mark.parametrize(
    "name, count, outcomes",
    [
        nightly("hostile", 30, r"clear error"),
        slow("mutations", 200, r"damaged data: clear error|damaged checkpoint: clear error"),
        nightly("pictures", 60, r"clear error|digits"),
        nightly("kills", 2, r"same bits"),
        nightly("machine", 20, r"clear error"),
    ],
)
def test_short_form(name, count, outcomes):
    """In a process of its own, for its peak memory. Of what must happen often, there is enough."""
    command = [sys.executable, "-m", "tests.campaigns", name, "--count", str(count), "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{count} of {count} as they should be" in done.stdout
    lines = re.findall(r"^ *(\d+) (.+)$", done.stdout.replace(f"{count} of ", ""), re.M)
    assert sum(int(times) for times, what in lines if re.search(outcomes, what)) > 0.4 * count


def test_what_is_wrong_shows_in_the_exit_status(tmp_path, monkeypatch, capsys):
    attack = nullcontext(lambda said, rng: said)
    module = SimpleNamespace(COUNT=2, LIMIT=60, TABLE=["fine", "WRONG: worse"], ready=lambda folder: attack)
    monkeypatch.setitem(sys.modules, "tests.campaigns.pictures", module)
    monkeypatch.setattr(sys, "argv", ["campaigns", "pictures"])
    with pytest.raises(SystemExit) as stop:
        __main__.main()
    assert stop.value.code == 1 and "1 of 2 as they should be" in capsys.readouterr().out


@pytest.mark.parametrize(
    "bad, said",
    [
        (lambda: os.system("true"), "starts a program"),
        (lambda: Path("new").touch(), "touches home/new"),
        (lambda: Path("../outside/letter").write_text("x"), "touches outside/letter"),
        (lambda: Path("1.png").unlink(), "touches home/1.png"),
        (lambda: 1 / 0, "a traceback"),
        (lambda: sys.exit(2), "an error without a line"),
        (lambda: print("much\x1b", file=sys.stderr), "a line too long, or not printable"),
        (lambda: b"x" * 1_300_000_000, "takes 1."),
        (lambda: os.kill(os.getpid(), 9), "is killed by signal 9"),
        (lambda: None, None),
    ],
)
def test_a_hostile_case_sees_what_goes_wrong(bad, said, tmp_path, monkeypatch):
    for name in ("home/runs/attacked/last.ckpt", "home/1.png", "outside/letter"):
        (tmp_path / "template" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "template" / name).touch()
    monkeypatch.setattr(hostile, "main", lambda words: bad())
    attack = Attack("checkpoint: none", EITHER, ("predict",), lambda case: None)
    outcome = hostile.one(tmp_path, {}, attack, random.Random(0))
    assert outcome.startswith(f"WRONG: checkpoint: none, predict: {said}" if said else "checkpoint: used")


@pytest.mark.parametrize(
    "what, bad, said",
    [
        ("disk: ENOSPC once", lambda: Path("out/1.png").touch(), "a traceback: OSError: [Errno 28]"),
        ("disk: EFBIG", lambda: Path("out/.1.part").touch(), "leaves .1.part"),
        ("folder: moved", lambda: Path("out/1.png").touch(), "a traceback: FileNotFoundError"),
        ("folder: no working folder", lambda: Path("new").touch(), "a traceback: FileNotFoundError"),
        ("output: full", lambda: print("much", flush=True), "a traceback: OSError: [Errno 28]"),
        ("output: full", lambda: Image.new("L", (8, 8)).save("out/1.png"), "done, though nobody sees it"),
        ("mute: full", lambda: print("much", file=sys.stderr), "a traceback: OSError: [Errno 28]"),
        ("mute: closed", lambda: sys.stderr.flush(), "a traceback: AttributeError"),
        ("input: closed", lambda: Path("new").touch(), "touches home/new"),
        ("input: closed", lambda: Path("out/1.png").write_bytes(b"half"), "leaves half of out/1.png"),
        ("input: closed", lambda: None, "done without 1.png"),
        ("input: closed", lambda: sys.exit(2), "an error without a line"),
        ("input: closed", lambda: print("a line\n" * 4, file=sys.stderr), "5 lines"),
    ],
)
def test_a_case_of_the_machine_sees_what_goes_wrong(what, bad, said, tmp_path, monkeypatch):
    (tmp_path / "template" / "home" / "out").mkdir(parents=True)
    monkeypatch.setattr(hostile, "main", lambda words: bad())
    known = {"annotate one": machine.Good(1, {"1.png"}, 5000, [])}
    outcome = machine.one(tmp_path, known, (what, dict(machine.TABLE)[what]), random.Random(0))
    assert outcome.startswith(f"WRONG: {what}, annotate one: {said}")
