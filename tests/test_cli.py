"""From a typed function to a command line, and from a mistake to one line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
import torch

from digits import cli
from digits.__main__ import VERBS, main
from digits.errors import UserError
from digits.settings import ONCE, PositiveInt, Rate, Strength
from tests.support.systems import on_posix, posix


def verb(
    files: list[str],
    /,
    *,
    hidden: Annotated[list[PositiveInt], ONCE] = [30],  # noqa: B006
    lr: Rate = 3.0,
    distort: Strength = 0.0,
    kind: Literal["web", "app"] = "web",
    out: Path | None = None,
    json: bool = False,
    workers: PositiveInt | None = None,
) -> None:
    """Do something.

    Args:
        files: What to read.
        hidden: Neurons.
        lr: Learning rate.
        distort: Strength.
        kind: Of what kind.
        out: Where to.
        json: For programs.
        workers: At a time.
    """


def understood(words):
    return dict(cli.parse(cli.command_line(verb, "digits verb"), words.split()).arguments)


@pytest.mark.parametrize(
    "words, arguments",
    [
        ("a", {"files": ["a"]}),
        ("a --hidden 100 30", {"files": ["a"], "hidden": [100, 30]}),
        ("a --hidden [7,6]", {"files": ["a"], "hidden": [7, 6]}),
        ("--hidden 7 --json a", {"files": ["a"], "hidden": [7], "json": True}),
        ("a --lr=0.5 --distort 0", {"files": ["a"], "lr": 0.5, "distort": 0.0}),
        ("a --lr 1 --lr 2", {"files": ["a"], "lr": 2.0}),
        ("a --kind app --out x/y", {"files": ["a"], "kind": "app", "out": Path("x/y")}),
        ("--json -- -a --json", {"files": ["-a", "--json"], "json": True}),
        ("a -", {"files": ["a", "-"]}),
        ("a --out -", {"files": ["a"], "out": Path("-")}),
    ],
)
def test_words_become_arguments(words, arguments):
    assert understood(words) == arguments


@pytest.mark.parametrize(
    "words, named",
    [
        ("", "FILES requires"),
        ("a --hidden", "--hidden requires at least 1"),
        ("a --hidden many", '--hidden: .*"many"'),
        ("a --hidden 0", "--hidden.* >= 1"),
        ("a --workers 1.5", "--workers: expected a whole number, not '1.5'"),
        ("a --lr nan", "--lr"),
        ("a --distort -1", "--distort.* >= 0"),
        ("a --kind page", '"web", "app"'),
        ("a --kind -", 'Invalid value "-" for --kind'),
        ("a --hiden 3", "Did you mean --hidden"),
        ("a --no-json", "--no-json"),
        ("a --hidden 10 --lr 1 --hidden=20", "--hidden specified multiple times"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(words, named):
    with pytest.raises(UserError, match=named) as error:
        understood(words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("words", ["-h", "a b --help", "--hidden --help"])
def test_help_anywhere_shows_each_option_with_its_default(words, capsys):
    with pytest.raises(SystemExit) as stop:
        understood(words)
    assert stop.value.code == 0
    lines = capsys.readouterr().out
    for word in ("Do something.", "What to read.", "--hidden", "[default: 30]", "3.0", "web", "Strength"):
        assert word in lines


@pytest.mark.parametrize("name", VERBS)
def test_help_says_nothing_twice(name, verb):
    code, said, _ = verb(name, "--help")
    named = re.findall(r"^│ *\*? *(--\w+|[A-Z]+)", said, re.M)
    assert code == 0 and "--help" in named and len(named) == len({each.strip("-").lower() for each in named})
    assert not re.search("[A-Z] --", said)  # as in FILES --files
    assert re.findall(r"\[default:\s+([^]]+)\]", said) == re.findall(r"\[default:\s+([\w.]+)\]", said)
    assert "[default: False]" not in said


LINES = """
train.py --help
train.py --trainer.help
train.py --hiden 30
train.py --epochs x
train.py --config configs/best.yaml --lr x
train.py --trainer.devices x
digits/__main__.py --help
digits/__main__.py predict
digits/__main__.py predict a.png --jsn
digits/__main__.py evaluate --wrong
digits/__main__.py export --to x
digits/__main__.py figures x
digits/__main__.py sweep --lr x
digits/__main__.py sweep --init x
""" + "\n".join(f"digits/__main__.py {verb} --help" for verb in VERBS)


def test_help_and_mistakes_are_answered_without_what_the_work_needs():
    """Only the options of a verb are imported for that; the rest takes seconds, and some of it is optional."""
    code = """
import json, runpy, sys
heavy = {"torch", "lightning", "torchvision", "numba", "cv2", "matplotlib", "optuna", "tensorboard", "numpy"}
answers = {}
for line in sys.argv.pop().strip().splitlines():
    sys.argv, answers[line] = line.split(), 0
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        answers[line] = end.code
    assert not heavy & {*sys.modules}, line
print(json.dumps(answers))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, LINES], capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert answers == {line: 0 if line.endswith("help") else 2 for line in LINES.strip().splitlines()}


def fail():
    raise UserError("no such thing")


@pytest.mark.parametrize(
    "act, said",
    [
        (fail, "no such thing"),
        (lambda: torch.empty(2**60, dtype=torch.uint8), "out of memory"),
        on_posix(lambda: os.mkdir("nowhere/\x1b"), "nowhere/\\x1b: No such file or directory"),
    ],
)
def test_what_a_user_can_mend_is_one_line_and_2_and_a_bug_a_traceback(act, said, capsys):
    with pytest.raises(SystemExit) as stop, cli.one_line_errors("digits verb"):
        act()
    assert stop.value.code == 2
    assert capsys.readouterr().err == f"digits verb: error: {said}\n"
    with pytest.raises(ValueError), cli.one_line_errors("digits verb"):
        raise ValueError


@pytest.mark.parametrize("words", [[], ["-h"]])
def test_the_verbs_are_listed(words, capsys):
    main(words)
    lines = capsys.readouterr().out
    assert len(VERBS) >= 6 and all(f"\n  {name} " in lines for name in VERBS)


@pytest.mark.parametrize(
    "word, said", [("trian", "did you mean train?"), ("dance", "name one of train, predict"), ("--hidden", "no verb")]
)
def test_what_is_no_verb(word, said, capsys):
    with pytest.raises(SystemExit) as stop:
        main([word, "--hidden", "30"])
    assert stop.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("digits: error: ") and said in line


def test_what_looks_for_digits_needs_no_torch_and_what_reads_or_exports_no_trainer():
    code = (
        "import sys, digits.__main__, digits.predict.forms; assert 'torch' not in sys.modules\n"
        "import digits.export.onnx\n"
        "assert not {'lightning', 'torchvision', 'tensorboard', 'onnx'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_importing_is_cheap_and_leaves_the_collector_alone():
    """`import digits` imports no torch; only a command line has the collector look less often."""
    code = (
        "import gc, sys, digits; before = gc.get_threshold()\n"
        "assert 'torch' not in sys.modules; assert digits.UserError\n"
        "from digits import DigitClassifier, MNISTDataModule, train\n"
        "import digits.train, digits.predict, digits.export\n"
        "assert gc.isenabled() and gc.get_threshold() == before\n"
        "print(DigitClassifier.__name__, MNISTDataModule.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["DigitClassifier", "MNISTDataModule"], done.stderr


@pytest.mark.parametrize("module", ["json", "triton"])
def test_at_the_end_the_collector_is_spared_but_not_what_says_that_it_leaks(module):
    """Of Triton 3.9, which PyTorch for GPUs brings, each command would end with 30 lines."""
    code = (
        "import sys, types; from digits.cli import run\n"
        "class Cycle:\n"
        "    def __init__(self): self.itself = self\n"
        "    def __del__(self, print=print): print('collected', flush=True)\n"
        "sys.modules[sys.argv[1]] = types.ModuleType(sys.argv[1]); Cycle()\n"
        "run('train', ['--help'])"
    )
    done = subprocess.run([sys.executable, "-c", code, module], capture_output=True, text=True)
    assert done.stdout.startswith("Usage") and ("collected" in done.stdout) == (module == "triton"), done.stderr


def test_ctrl_c_while_it_imports_is_no_traceback():
    program = """
import signal, sys
class CtrlC:
    def find_spec(name, *_):
        if name == "digits.predict":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, CtrlC)
import digits.__main__
digits.__main__.main(["predict", "a"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "\ndigits predict: stopped\n")


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", ["digits", "digits train -h", "digits trian 2>&1"])
def test_output_that_nobody_reads_is_no_traceback(command, unbuffered):
    command = command.replace("digits", f"{sys.executable} -m digits", 1) + " | true"
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
