"""Run a verb in a child process, and watch what it prints, which files it changes and what memory it takes."""

import os
import resource
import sys
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from digits.__main__ import main
from tests.support.damage import peak_memory
from tests.support.fitted import fit
from tests.support.shared import shared
from tests.support.small_mnist import use

ROOT = Path(__file__).parents[2]
MEMORY, SPARE = 1_000_000_000, 4_000_000_000  # bytes that a verb may take, and after which the system stops it
SECONDS = 120  # of processor time, after which the system stops it, and of waiting for something
IMPORTED = "commands.documents commands.tables page.html figures.chapter handwriting.api train training.search"


class Ending(NamedTuple):
    """How a verb ended: its exit status, negative for a signal; its lines; bytes of memory; the paths it changed."""

    status: int
    output: str
    errors: list[str]
    memory: int
    changed: set[str]


@cache
def _context() -> Any:
    """Of processes that are forked from one that has imported what verbs need, and nothing else."""
    context = get_context("forkserver")
    modules = [f"digits.{name}" for name in IMPORTED.split()]
    assert all(map(find_spec, modules))  # those that are missing would be left out without a word
    context.set_forkserver_preload([__name__, *modules])
    return context


def watch(words: list[str], home: Path, checksums: dict[str, str], harm: Callable[[], Any] | None = None) -> Ending:
    """Run a verb in the folder `home`, on the small MNIST; look for changes in all of the folder above it.

    harm: a function that can be pickled, which is called in the process first.
    """
    reports = [home.parent / name for name in ("output", "errors", "memory")]
    for path in reports:
        path.write_text("")
    before = _snapshot(home.parent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        process = _context().Process(target=_run, args=(words, home, reports, checksums, harm))
        process.start()
    process.join(SECONDS)
    process.kill()
    process.join()
    output, errors, memory = (path.read_text(errors="replace") for path in reports)
    after = _snapshot(home.parent)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    lines = [line for line in errors.splitlines() if not line.startswith(("network: ", "read by "))]
    return Ending(process.exitcode, output, lines, int(memory or 0), changed - {path.name for path in reports})


def _run(words: list[str], home: Path, reports: list[Path], checksums: dict[str, str], harm: Callable | None) -> None:
    os.chdir(home)
    for place, path in zip((1, 2), reports, strict=False):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), place)
    sys.stdout, sys.stderr = open(1, "w"), open(2, "w", 1)  # noqa: SIM115
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + SPARE, size + SPARE))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    warnings.simplefilter("ignore")  # an old PyTorch warns of kinds of tensors
    memory, taken = os.open(reports[2], os.O_WRONLY), peak_memory()
    with pytest.MonkeyPatch.context() as patch:
        use(patch, checksums)
        try:
            if harm:
                harm()
            main(words)
        finally:
            os.write(memory, b"%d" % (peak_memory() - taken))


def _snapshot(folder: Path) -> dict[str, Any]:
    """What is in a folder, by path: what a file holds, and False for a folder."""
    return {str(path.relative_to(folder)): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def clear(ending: Ending) -> Ending:
    """Return the ending. Fails after a traceback, a signal, many lines or much memory."""
    assert ending.status in (0, 1, 2), ending
    assert (ending.status > 0) <= len(ending.errors) <= 3, ending
    assert all(len(line) < 1000 and line.isprintable() for line in ending.errors), ending
    assert ending.memory < MEMORY, ending
    return ending


def small_run(small: tuple[Path, dict[str, str]], factory: pytest.TempPathFactory) -> Path:
    """Return a run of two epochs on the small MNIST; not to be written to."""
    with pytest.MonkeyPatch.context() as patch:
        use(patch, small[1])
        settings = "--hidden", 5, "--lr", 1, "--epochs", 2
        return shared(factory, "a small run", lambda path: fit(path, small[0], *settings))
