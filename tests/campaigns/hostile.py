"""A verb is run on what a stranger has made: checkpoints, run folders, configs, MNIST's files and pictures.

Each attack is made in a fresh folder with bystanders: another run, notes, files outside the working folder. The verb
runs in a process of its own, forked from this one. It is WRONG if that ends in a traceback, in no line or in many, or
by a signal; takes over 5 s of CPU time or 1 GB, or hangs; starts a program; or makes, changes or removes anything but
what the verb is to write. A run that is resumed in spite of an attack ends on the weights of one that was not attacked.
"""

import os
import resource
import shutil
import signal
import stat
import sys
import time
import traceback
import warnings
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from math import inf
from pathlib import Path
from threading import RLock
from typing import NamedTuple

import cv2
import pytest
import torch
from tqdm import tqdm

from digits.__main__ import main
from tests.campaigns import attacks as files
from tests.campaigns import checkpoint_attacks, picture_attacks
from tests.campaigns.attacks import EITHER, READ, REFUSED, Case
from tests.support.mnist_files import use_source
from tests.support.small_mnist import use, write_mnist
from tests.support.training import same, weights

COUNT, LIMIT = 1000, 60
SECONDS, HANGS = 5, 30  # of CPU time, and of wall time, after which a process that waits for something is ended
SLOW = {"figures": 15}  # seconds of CPU time of a verb that takes four on a good run
MEMORY = 1_000_000_000  # bytes, above what a process has before it begins
TABLE = [*checkpoint_attacks.TABLE, *files.TABLE, *picture_attacks.TABLE]
RUN, BUNDLED = ["--network", "runs/attacked"], ["--network", "bundled"]
VERBS = {  # what is run, and what it may write
    "resume": (["train", "--resume", "runs/attacked"], "runs/attacked/"),
    "config": (["train", "--config", "runs/attacked/config.yaml"], "runs/784-"),
    "predict": (["predict", "--single", *RUN, "1.png"], None),
    "evaluate": (["evaluate", *RUN], None),
    "export": (["export", *RUN, "--to", "checkpoint", "--out", "out"], "out"),
    "page": (["export", *RUN, "--to", "web", "--out", "out"], "out"),
    "figures": (["figures", *RUN, "--out", "out"], "out"),
    "json": (["predict", "1.png", "--network"], None),
    "picture": (["predict", *BUNDLED], None),
    "single": (["predict", *BUNDLED, "--single"], None),
    "pictures": (["predict", *BUNDLED, "pictures"], None),
    "evaluate pictures": (["evaluate", "pictures", *BUNDLED], None),
    "closed": (["predict", *BUNDLED, "-"], None),
    "endless": (["predict", *BUNDLED, "-"], None),
}
PROGRAMS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.startfile", "pty.spawn")  # audit events


class Ending(NamedTuple):
    """How a verb ended: its status, negative for a signal; what it said on standard error; CPU seconds and bytes."""

    status: int
    errors: str
    seconds: float
    memory: int
    hung: bool


def run(words, home, stdin=os.devnull, wait=HANGS, harm=lambda: None):
    """How a verb ends that is run in `home`, in a forked process, in which `harm` is done first."""
    _, resident, shared, *_ = map(int, Path("/proc/self/statm").read_text().split())
    baseline = (resident - shared) * resource.getpagesize()  # a forked process begins without what is of files
    said = home.parent / "said"  # what it writes to standard error
    if not (pid := os.fork()):
        try:
            _run(words, home, said, stdin, wait, harm)
        finally:
            os._exit(99)
    deadline = time.monotonic() + wait
    while not (ended := os.wait4(pid, os.WNOHANG))[0] and time.monotonic() < deadline:
        time.sleep(0.005)
    hung = not ended[0]
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # also what it has started
    _, status, used = os.wait4(pid, 0) if hung else ended
    seconds, memory = used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 - baseline
    text = said.read_text(errors="replace")
    said.unlink()
    return Ending(os.waitstatus_to_exitcode(status), text, seconds, memory, hung)


def _run(words, home, said, stdin, wait, harm):
    os.setsid()
    os.chdir(home)
    os.environ["PATH"] = str(home.parent / "bin")
    for place, name in ((0, stdin or os.devnull), (1, os.devnull), (2, said)):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), place)
    sys.stdin = open(0) if stdin else None  # noqa: SIM115
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w", 1)  # noqa: SIM115
    for part in Path("runs", "attacked").glob(".*.PID.part"):
        part.rename(part.with_name(part.name.replace("PID", str(os.getpid()))))
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 4 * MEMORY,) * 2)  # spares the machine
    resource.setrlimit(resource.RLIMIT_CPU, (wait, wait))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tqdm.set_lock(RLock())  # not that of all forked processes, with which one that is killed would stop the others
    sys.addaudithook(_forbid_programs)
    status, seen = 0, os.dup(2)
    try:
        harm()
        main(words)
    except SystemExit as stop:
        status = stop.code
    except BaseException:
        os.write(seen, traceback.format_exc().encode(errors="replace"))
        status = 1
    if sys.stdout:
        sys.stdout.flush()  # as Python does in the end, with an error if it fails
    with suppress(OSError, AttributeError):
        sys.stderr.flush()
    os._exit(status)


def _forbid_programs(event, arguments):
    if event.startswith(PROGRAMS):
        os.write(2, f"STARTS A PROGRAM: {event} {arguments[:2]}\n".encode())
        os._exit(98)


def snapshot(folder):
    """What is in a folder: of each entry its kind and, but for folders, size, time of change and content."""
    for path in folder.rglob("*"):
        facts = path.lstat()
        kind, rest = stat.S_IFMT(facts.st_mode), (facts.st_size, facts.st_mtime_ns)
        content = path.read_bytes() if kind == stat.S_IFREG else path.readlink() if kind == stat.S_IFLNK else None
        yield str(path.relative_to(folder)), facts.st_mode, *(() if kind == stat.S_IFDIR else (*rest, content))


def watched(words, folder, may, **how):
    """Run a verb in `folder/case/home`: how it ends; what it makes, changes or removes that it may not, in words."""
    before = set(snapshot(folder / "case"))
    ending = run(words, folder / "case" / "home", **how)
    changed = sorted({path for path, *_ in before ^ set(snapshot(folder / "case"))})
    strange = [path for path in changed if not path.startswith((f"home/{may}", "home/data/"))]
    return ending, f"touches {', '.join(strange)[:200]}" if strange else None


def fault(ending, wanted=EITHER, seconds=inf, most=inf):
    """What is wrong with the ending of a verb, which may take so many seconds, and say so many lines."""
    lines = [line for line in ending.errors.splitlines() if not line.startswith("network: ")]
    last = lines[-1][-150:] if lines else ""
    faults = {
        f"starts a program: {last}": ending.status == 98,
        "hangs": ending.hung,
        f"takes {ending.memory / 1e9:.1f} GB": ending.memory > MEMORY,  # which alone can take seconds
        f"takes {ending.seconds:.0f} s": ending.seconds > seconds,
        f"is killed by signal {-ending.status}": ending.status < 0,
        f"a traceback: {last}": "Traceback" in ending.errors,
        f"status {ending.status}": ending.status not in (0, 1, 2),
        "an error without a line": ending.status and not lines,
        "a line too long, or not printable": any(len(line) > 1000 or not line.isprintable() for line in lines),
        f"is refused: {last}": wanted == READ and ending.status,
        "is not refused": wanted == REFUSED and not (ending.status or lines),
        f"{len(lines)} lines: {last}": len(lines) > most,
    }
    return next((what for what, wrong in faults.items() if wrong), None)


def template(folder):
    """A working folder in `folder/home`, with two runs that can go on for an epoch; and what lies outside it."""
    home, attacked = folder / "home", folder / "home" / "runs" / "attacked"
    write_mnist(home / "data" / "MNIST" / "raw")
    good = picture_attacks.saved("PNG", (60, 60))
    contents = {"home/1.png": good, "home/pictures/1_good.png": good, "home/notes.txt": b"notes"}
    contents["home/evil.py"] = b"open('canary', 'w')\nclass Payload: pass\n"
    for name in ("victim.txt", "folder/letter.txt", "folder/last.ckpt", "events.out.tfevents.1"):
        contents[f"outside/{name}"] = b"of somebody"
    for name in ("gs", "npm"):  # seen also where a process of the verb's own starts it
        contents[f"bin/{name}"] = b'#!/bin/sh\n: > "$0.ran"\n'
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755 if name.startswith("bin/") else 0o644)
    settings = ["--hidden", "5", "--epochs", "2", "--lr", "1"]
    first = run(["train", *settings, "--run_dir", "runs/attacked"], home, wait=600)  # may compile
    assert first.status == 0, first
    config = attacked / "config.yaml"
    config.write_text(config.read_text().replace("epochs: 2", "epochs: 3"))
    shutil.copytree(attacked, home / "runs" / "sibling")


@contextmanager
def prepared(folder):
    """All that a verb needs is imported, once, not in each process; MNIST is small; there is a template."""
    torch.set_num_threads(1)  # threads do not survive a fork
    cv2.setNumThreads(1)
    for module in ("predict", "evaluate", "export", "train", "figures.chapter", "sweep"):
        import_module(f"digits.{module}")
    with pytest.MonkeyPatch.context() as patch:
        use(patch, write_mnist(folder / "small"))
        use_source(patch, ".gz")  # no network
        patch.syspath_prepend("")  # as the folder of a script is
        template(folder / "template")
        yield


@contextmanager
def ready(folder):
    with prepared(folder):
        home = shutil.copytree(folder / "template", folder / "good") / "home"
        ending = run(VERBS["resume"][0], home)
        assert ending.status == 0, ending
        yield partial(one, folder, weights(home / "runs" / "attacked" / "last.ckpt"))


def one(folder, good, attack, rng):
    """Make an attack, run a verb, and say what came of it; `good` are the weights of a run that was not attacked."""
    place = folder / "case"
    shutil.copytree(folder / "template", place)
    case = Case(place / "home", place / "outside", rng.choice(attack.verbs), rng)
    with warnings.catch_warnings(action="ignore"):
        named = attack.make(case)
    words, may = VERBS[case.verb]
    stdin = {"closed": None, "endless": "/dev/zero"}.get(case.verb, os.devnull)
    ending, wrong = watched([*words, *([named] if named else [])], folder, may, stdin=stdin)
    wrong = wrong or fault(ending, attack.wanted, SLOW.get(case.verb, SECONDS))
    if not wrong and case.verb == "resume" and ending.status == 0 and attack.what.startswith("checkpoint"):
        wrong = None if same(weights(case.last), good) else "other weights"
    with suppress(FileNotFoundError):
        case.run.chmod(0o700)
    shutil.rmtree(place)
    came = "clear error" if ending.status else "used"
    return f"WRONG: {attack.what}, {case.verb}: {wrong}" if wrong else f"{attack.what.split(':')[0]}: {came}"
