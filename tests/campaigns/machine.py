"""The machine fails while a verb works: a full, read-only or broken disk, a folder that goes away, closed streams.

A verb runs on small files, in a forked process. Most faults are of the n-th thing that it writes; how many these are is
counted in a good run. It is WRONG if the verb ends in a traceback, in no line or in many; hangs; leaves half of a file,
or changes what it may not; or says that all is well though what was asked for is not there. A training or a sweep that
goes on then ends as one that was not disturbed.
"""

import errno
import os
import resource
import shutil
import sys
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import yaml
from PIL import Image

import digits
from tests.campaigns import hostile
from tests.support.training import ends, same, weights

COUNT, LIMIT, HANGS = 200, 200, 60  # seconds; without its cache, a verb compiles
LINES = 3  # of errors, at most
NOBODY = 12345  # a user without a name
FULL = errno.ENOSPC, errno.EDQUOT  # with which a file can be removed
ERRORS = *FULL, errno.EIO, errno.EROFS, errno.EACCES
WRITES = "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink"  # audit events
WRITTEN = ".png", ".ckpt", ".yaml", ".html"  # what is asked for
RUN = ["--network", "runs/sibling"]
VERBS = {  # what is run, and the folder into which it writes
    "train": (["train", "--hidden", "5", "--epochs", "3", "--lr", "1", "--run_dir", "out"], "out"),
    "resume": (["train", "--resume", "runs/attacked"], "runs/attacked"),
    "annotate one": (["predict", *RUN, "--single", "1.png", "--annotate", "out/1.png"], "out"),
    "annotate": (["predict", *RUN, "--single", "pictures", "--annotate", "out"], "out"),
    "misread": (["evaluate", *RUN, "--single", "pictures", "--wrong", "out/wrong.png"], "out"),
    "page": (["export", *RUN, "--out", "out/page.html"], "out"),
    "checkpoint": (["export", *RUN, "--to", "checkpoint", "--out", "out/small.ckpt"], "out"),
    "figures": (["figures", *RUN, "--out", "out"], "out"),
    "sweep": (
        ["sweep", "--hidden", "3", "4", "--epochs", "1"],
        "runs/sweep_hidden3,4_lr3.0_batch_size10_initscaled_seeds1_epochs1",
    ),
}
GO_ON = {"train": ["train", "--resume", "out"], "resume": VERBS["resume"][0], "sweep": VERBS["sweep"][0]}


class Good(NamedTuple):
    """Of a run that is not disturbed: how many things it writes, its files, its largest one, its checkpoints."""

    writes: int
    files: set[str]
    largest: int
    ends: list[dict]


class Case(NamedTuple):
    """A working folder; the folder in it that is written to, and where that may go; n; how long a file may be."""

    home: Path
    out: Path
    away: Path
    nth: int = 0
    most: int = 0


def at_write(happens):
    """Before each thing that is written in the working folder or the cache: happens(case, 0, event, path) at the n-th.

    At those that follow it the number is 1, 2...
    """

    def harm(case):
        number, places = count(1 - case.nth), (str(case.home), str(Path(digits.__file__).parent))

        def watch(event, arguments):
            opened = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if (opened or event in WRITES) and isinstance(arguments[0], str | bytes | os.PathLike):
                path = os.path.join(places[0], os.fsdecode(arguments[0]))
                if path.startswith(places):
                    happens(case, next(number), event, path)

        sys.addaudithook(watch)

    return harm


def refuse(code, lasting, case, number, event, path):
    if (number == 0 or lasting and number > 0) and not (code in FULL and event == "os.remove"):
        raise OSError(code, os.strerror(code), path)


def moves(then, case, number, *_):
    if number == 0:
        with suppress(FileNotFoundError):
            case.out.rename(case.away)
            then(case)


def leave(case, number, *_):
    """Work in a folder that is not there any more."""
    if number == 0:
        (case.home / "gone").mkdir()
        os.chdir(case.home / "gone")
        (case.home / "gone").rmdir()


def close(*streams):
    for name in streams:
        getattr(sys, name).close()
        setattr(sys, name, None)


def fill(stream):
    os.dup2(os.open("/dev/full", os.O_WRONLY), stream)


def nobody(_):
    """A user who has neither a name nor a home, but may still read Python's files."""
    os.environ.pop("HOME", None)
    os.setresuid(NOBODY, 0, 0)


TABLE = [  # in words, and a function of the Case that does the harm
    (f"disk: {errno.errorcode[code]} {'from then on' if lasting else 'once'}", at_write(partial(refuse, code, lasting)))
    for code in ERRORS
    for lasting in (False, True)
]
TABLE += 4 * [("disk: EFBIG", lambda case: resource.setrlimit(resource.RLIMIT_FSIZE, (case.most, case.most)))]
TABLE += 2 * [
    ("folder: moved", at_write(partial(moves, lambda case: None))),
    ("folder: a link now", at_write(partial(moves, lambda case: case.out.symlink_to(case.away)))),
    ("folder: a file now", at_write(partial(moves, lambda case: case.out.write_text("a file")))),
    ("folder: no working folder", at_write(leave)),
]
TABLE += [
    ("output: full", lambda _: fill(1)),
    ("output: closed", lambda _: close("stdout")),
    ("mute: full", lambda _: fill(2)),
    ("mute: closed", lambda _: close("stderr")),
    ("mute: all streams closed", lambda _: close("stdin", "stdout", "stderr")),
    ("input: closed", lambda _: close("stdin")),
]
if os.geteuid() == 0:
    TABLE.append(("user: nobody", nobody))


@contextmanager
def ready(folder):
    with hostile.prepared(folder):
        home = folder / "template" / "home"
        (home / "out").mkdir()
        shutil.copy(home / "1.png", home / "pictures" / "2.png")
        yield partial(one, folder, {verb: good_run(verb, folder) for verb in VERBS})


def case_of(verb, folder, *numbers):
    home = shutil.copytree(folder / "template", folder / "case") / "home"
    out = home / VERBS[verb][1]
    return Case(home, out, out.with_name(f"{out.name}.away"), *numbers)


def good_run(verb, folder):
    case = case_of(verb, folder)
    with (folder / "tally").open("wb", 0) as tally:
        harm = partial(at_write(lambda *_: tally.write(b".")), case)
        ending = hostile.run(VERBS[verb][0], case.home, wait=600, harm=harm)  # may compile
    assert ending.status == 0, ending
    largest = max(path.stat().st_size for path in case.out.rglob("*"))
    good = Good((folder / "tally").stat().st_size, outputs(case.out), largest, ends(case.out))
    shutil.rmtree(folder / "case")
    return good


def outputs(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in WRITTEN}


def one(folder, known, fault, rng):
    """Run one of the verbs that are known to which a fault happens, and say what came of it."""
    (what, harm), verb = fault, rng.choice(list(known))
    good = known[verb]
    most = int(1000 * (good.largest / 1000) ** rng.random())
    case, (words, may) = case_of(verb, folder, rng.randint(1, good.writes), most), VERBS[verb]
    may = "runs" if verb == "sweep" else may
    ending, wrong = hostile.watched(words, folder, may, wait=HANGS, harm=partial(harm, case))
    if ending.status and what.startswith("mute"):
        ending = ending._replace(errors=ending.errors or "a line that nobody sees")
    wrong = wrong or hostile.fault(ending, most=LINES) or lack(what, case, ending, good)
    if verb in GO_ON and not wrong:
        wrong = further(verb, case, good)
    shutil.rmtree(folder / "case")
    came = "clear error" if ending.status else "done"
    return f"WRONG: {what}, {verb}: {wrong}" if wrong else f"{what.split(':')[0]}: {came}"


def lack(what, case, ending, good):
    """What is wrong with the files that a verb has left, or has not."""
    missing = [good.files - outputs(folder) for folder in (case.out, case.away)]
    left = [*case.home.rglob("*.part")] if what.startswith(("disk: EN", "disk: ED", "disk: EF")) else []
    halves = [str(path.relative_to(case.home)) for path in case.home.rglob("*") if path.is_file() and not whole(path)]
    faults = {
        f"leaves {' '.join(path.name for path in left)}": left,
        f"leaves half of {' '.join(halves)}": halves,
        f"done without {' '.join(sorted(missing[0]))}": ending.status == 0 and all(missing),
        "done, though nobody sees it": ending.status == 0 and what == "output: full",
    }
    return next((what for what, wrong in faults.items() if wrong), None)


def whole(path):
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


def further(verb, case, good):
    """What is wrong when a training or a sweep goes on, where it was."""
    if case.away.exists():
        if case.out.is_dir() and not case.out.is_symlink():
            shutil.rmtree(case.out)
        case.out.unlink(missing_ok=True)
        case.away.rename(case.out)
    begun = verb == "sweep" or ends(case.out)
    ending = hostile.run(GO_ON[verb], case.home, wait=HANGS)
    if wrong := hostile.fault(ending, most=LINES) or (begun and ending.status and ending.errors[-150:]):
        return f"does not go on: {wrong}"
    what = "" if verb == "sweep" else "disk: ENOSPC"  # a *.part may be of another process that sweeps there
    if ending.status == 0 and (wrong := lack(what, case, ending, good)):
        return f"goes on, and {wrong}"
    fine = ending.status or all(map(same, ends(case.out), good.ends))
    return None if fine else "goes on to other weights"
