"""The machine fails while a verb writes: the disk is full, read-only or broken, the folder is gone, output goes nowhere.

Each case is a verb on small files, in a forked process, to whose n-th thing written something happens; how many things a
verb writes is counted in a good run. It is WRONG if the verb ends in a traceback, in no line or in many; hangs; leaves
half of a file, or changes what it may not; or says that all is well though what was asked for is not there, whole. A
training and a sweep end as if nothing had happened when they go on.
"""

import errno
import os
import random
import resource
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from PIL import Image
from torch import Tensor

from digits.sweep import search
from tests.campaigns.attacks import EITHER, Attack
from tests.campaigns.hostile import VERBS as HOSTILE
from tests.campaigns.hostile import Ending, fault, ready, run, snapshot, touched
from tests.support.training import same, weights

COUNT, LIMIT = 200, 120
LINES = 3  # of errors, at most
NOBODY = 12345  # a user without a name
FULL = errno.ENOSPC, errno.EDQUOT  # with which a file can be removed
ERRORS = *FULL, errno.EIO, errno.EROFS, errno.EACCES
WRITES = "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink"  # audit events
RUN = ["--network", "runs/sibling"]
VERBS = {  # what is run, and the folder into which it writes
    "train": (["train", "--hidden", "5", "--epochs", "3", "--lr", "1", "--run_dir", "out"], "out"),
    "resume": (HOSTILE["resume"][0], "runs/attacked"),
    "annotate one": (["predict", *RUN, "--single", "1.png", "--annotate", "out/1.png"], "out"),
    "annotate": (["predict", *RUN, "--single", "pictures", "--annotate", "out"], "out"),
    "misread": (["evaluate", *RUN, "--single", "pictures", "--wrong", "out/wrong.png"], "out"),
    "page": (["export", *RUN, "--out", "out/page.html"], "out"),
    "checkpoint": (["export", *RUN, "--to", "checkpoint", "--out", "out/small.ckpt"], "out"),
    "figures": (["figures", *RUN, "--out", "out"], "out"),
    "sweep": (["sweep", "--hidden", "3", "4", "--epochs", "1"], "runs/sweep_784-3,4-10_epochs1"),
}
AGAIN = {"train": ["train", "--resume", "out"], "resume": VERBS["resume"][0], "sweep": VERBS["sweep"][0]}


class Good(NamedTuple):
    """What an undisturbed run of a verb writes: so many things, files of up to so many bytes, these, and weights."""

    writes: int
    largest: int
    names: set[str]
    ends: list[dict[str, Tensor]]


class Case(NamedTuple):
    """A working folder; the folder in it that is written to, and where that may be moved; n; how long files may be."""

    home: Path
    out: Path
    away: Path
    nth: int
    most: int


Fault = Callable[[Case], None]


def at_write(case: Case, happen: Callable[[int, str, str], None]) -> None:
    """Before each thing that is written in the working folder or the cache: happen(0, event, path) for the n-th."""
    number, places = count(1 - case.nth), (str(case.home), str(Path("digits").resolve()))

    def watch(event: str, arguments: tuple) -> None:
        opened = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (opened or event in WRITES) and isinstance(arguments[0], str | bytes | os.PathLike):
            path = os.path.join(places[0], os.fsdecode(arguments[0]))
            if path.startswith(places):
                happen(next(number), event, path)

    sys.addaudithook(watch)


def disk(code: int, lasting: bool) -> Fault:
    def happen(number: int, event: str, path: str) -> None:
        if (number == 0 or lasting and number > 0) and not (code in FULL and event == "os.remove"):
            raise OSError(code, os.strerror(code), path)

    return lambda case: at_write(case, happen)


def moved(then: Callable[[Case], object]) -> Fault:
    def harm(case: Case) -> None:
        def happen(number: int, event: str, path: str) -> None:
            if number == 0:
                with suppress(FileNotFoundError):
                    case.out.rename(case.away)
                    then(case)

        at_write(case, happen)

    return harm


def short_files(case: Case) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (case.most, case.most))


def full(stream: int) -> Fault:
    return lambda case: os.dup2(os.open("/dev/full", os.O_WRONLY), stream)


def closed(*streams: int) -> Fault:
    def harm(case: Case) -> None:
        for stream in streams:
            name = ("stdin", "stdout", "stderr")[stream]
            getattr(sys, name).close()
            setattr(sys, name, None)

    return harm


def nobody(case: Case) -> None:
    os.environ.pop("HOME", None)
    os.setresuid(NOBODY, 0, 0)  # which still may read Python's files


def no_working_folder(case: Case) -> None:
    def happen(number: int, event: str, path: str) -> None:
        if number == 0:
            (case.home / "gone").mkdir()
            os.chdir(case.home / "gone")
            (case.home / "gone").rmdir()

    at_write(case, happen)


FAULTS: list[tuple[str, Fault]] = [
    (f"disk: {errno.errorcode[code]} {'from then on' if lasting else 'once'}", disk(code, lasting))
    for code in ERRORS
    for lasting in (False, True)
]
FAULTS += [("disk: EFBIG", short_files)] * 4
FAULTS += [
    ("folder: moved", moved(lambda case: None)),
    ("folder: now a link", moved(lambda case: case.out.symlink_to(case.away))),
    ("folder: now a file", moved(lambda case: case.out.write_text("a file"))),
    ("folder: no working folder", no_working_folder),
] * 2
FAULTS += [
    ("output: full", full(1)),
    ("errors: full", full(2)),
    ("input: closed", closed(0)),
    ("output: closed", closed(1)),
    ("errors: closed", closed(2)),
    ("all streams: closed", closed(0, 1, 2)),
]
if os.geteuid() == 0:
    FAULTS.append(("user: without a name or a home", nobody))


def whole(path: Path) -> bool:
    """Whether a reader takes a file for whole."""
    try:
        if path.suffix == ".png":
            Image.open(path).load()
        elif path.suffix == ".ckpt":
            weights(path)
        elif path.suffix == ".yaml":
            yaml.safe_load(path.read_text())
        return path.suffix != ".html" or path.read_text().endswith("</html>\n")
    except Exception:
        return False


def outputs(folder: Path) -> set[str]:
    """The files in a folder that are asked for."""
    kept = ".png", ".ckpt", ".yaml", ".html"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in kept}


def ends(run: Path) -> list[dict[str, Tensor]]:
    """The weights of a run's checkpoints, if there are any."""
    return [weights(path) for name in ("last", "best") if (path := run / f"{name}.ckpt").exists()]


def attacks(folder: Path, seed: int):
    with ready(folder), pytest.MonkeyPatch.context() as patch:
        for name, seconds in (("BEAT", 1), ("GRACE", 5), ("POLL", 0.1), ("AWAY", 2)):
            patch.setattr(search, name, seconds)
        home = folder / "template" / "home"
        (home / "out").mkdir()
        shutil.copy(home / "1.png", home / "pictures" / "2.png")
        good = {verb: good_run(verb, folder) for verb in VERBS}
        yield None
        order = list(FAULTS)
        random.Random(seed).shuffle(order)
        for number in count():
            rng = random.Random(f"{seed}/{number}")
            verb = rng.choice(list(VERBS))
            outcome = one(*order[number % len(order)], verb, folder, rng, good[verb])
            yield f"{outcome} (case {number})" if outcome.startswith("WRONG") else outcome


def good_run(verb: str, folder: Path) -> Good:
    case = made(verb, folder, 0, 0)
    tally = os.open(folder / "tally", os.O_CREAT | os.O_WRONLY)
    ending = run(
        VERBS[verb][0], case.home, folder / "said", harm=lambda: at_write(case, lambda *_: os.write(tally, b"."))
    )
    assert ending.status == 0, ending
    files = [path for path in case.out.rglob("*") if path.is_file()]
    good = Good(os.fstat(tally).st_size, max(path.stat().st_size for path in files), outputs(case.out), ends(case.out))
    os.close(tally)
    (folder / "tally").unlink()
    shutil.rmtree(folder / "case")
    return good


def made(verb: str, folder: Path, nth: int, most: int) -> Case:
    home = Path(shutil.copytree(folder / "template", folder / "case")) / "home"
    out = home / VERBS[verb][1]
    return Case(home, out, out.with_name(f"{out.name}.away"), nth, most)


def one(what: str, harm: Fault, verb: str, folder: Path, rng: random.Random, good: Good) -> str:
    """Run a verb in which something happens, and say what came of it."""
    most = int(1000 * (good.largest / 1000) ** rng.random())
    case = made(verb, folder, rng.randint(1, good.writes), most)
    before = snapshot(folder / "case")
    ending = run(VERBS[verb][0], case.home, folder / "said", harm=lambda: harm(case))
    if ending.status and what.startswith(("errors", "all")):
        ending = ending._replace(errors=ending.errors or "a line that cannot be seen")
    ending = ending._replace(seconds=0)  # it may compile
    wrong = strange(what, verb, case, ending, good, before) or further(verb, folder, case, good)
    shutil.rmtree(folder / "case")
    if wrong:
        return f"WRONG: {what}, {verb}: {wrong}"
    return f"{what.split(':')[0]}: {'clear error' if ending.status else 'done'}"


def strange(what: str, verb: str, case: Case, ending: Ending, good: Good, before: dict[str, tuple]) -> str | None:
    """What is wrong with the ending of a verb, and with what it has left."""
    if wrong := fault(Attack(what, EITHER, (), lambda case: None), verb, ending):
        return wrong
    if len(lines := ending.errors.splitlines()) > LINES:
        return f"{len(lines)} lines: {lines[-1][-150:]}"
    may = "runs" if verb == "sweep" else VERBS[verb][1]
    if others := touched(before, snapshot(case.home.parent), may):
        return f"touches {', '.join(others)[:200]}"
    if what.startswith(("disk: ENOSPC", "disk: EDQUOT", "disk: EFBIG")) and (left := [*case.home.rglob("*.part")]):
        return f"leaves {left[0].name}"
    if halves := [path for path in case.home.rglob("*") if path.is_file() and not whole(path)]:
        return f"leaves half of {halves[0].relative_to(case.home)}"
    if ending.status == 0 and not any(good.names <= outputs(place) for place in (case.out, case.away)):
        return f"done without {', '.join(good.names - outputs(case.out))[:200]}"
    if ending.status == 0 and what == "output: full":
        return "done, though nobody has read it"
    return None


def further(verb: str, folder: Path, case: Case, good: Good) -> str | None:
    """What is wrong when a training or a sweep goes on, in its folder."""
    if verb not in AGAIN:
        return None
    if case.away.exists():
        if case.out.is_dir() and not case.out.is_symlink():
            shutil.rmtree(case.out)
        case.out.unlink(missing_ok=True)
        case.away.rename(case.out)
    begun = (case.out / "last.ckpt").exists()
    ending = run(AGAIN[verb], case.home, folder / "said")
    if wrong := fault(Attack(verb, EITHER, (), lambda case: None), verb, ending):
        return f"then {wrong}"
    if verb == "train" and not begun and ending.status == 2:
        return None
    if ending.status:
        return f"does not go on: {ending.errors[-200:]}"
    if [*case.out.rglob("*.part")]:
        return "leaves a *.part for good"
    if verb == "sweep":
        return None if (case.out / "winner.yaml").exists() else "goes on to no winner"
    return None if all(map(same, ends(case.out), good.ends)) else "other weights"
