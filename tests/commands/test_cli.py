"""The command line made from a typed function, and errors in one line."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch

from digits.__main__ import SUBCOMMANDS
from digits.common.errors import UserError, one_line_errors
from tests.support.systems import on_posix, posix

LINES = """
train.py --help
train.py --epochs x
train.py --config configs/best.yaml --lr x
digits/__main__.py --help
digits/__main__.py predict a.png --jsn
digits/__main__.py evaluate --wrong
digits/__main__.py export --to x
digits/__main__.py figures x
digits/__main__.py sweep --lr x
""" + "\n".join(f"digits/__main__.py {name} --help" for name in SUBCOMMANDS)


def test_help_and_mistakes_need_no_slow_imports():
    """They import only the options of a subcommand. The rest takes seconds, and some of it is optional."""
    code = """
import json, runpy, sys
heavy = {"torch", "lightning", "torchvision", "numba", "cv2", "matplotlib", "optuna", "tensorboard", "numpy"}
answers, path = {}, sys.path
for line in sys.argv.pop().strip().splitlines():
    sys.argv, sys.path, answers[line] = line.split(), [*path], 0
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        answers[line] = end.code
    assert not heavy & {*sys.modules}, line
print(json.dumps(answers))
"""
    process = subprocess.run(
        [sys.executable, "-c", code, LINES], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.returncode == 0, process.stderr
    answers = json.loads(process.stdout.splitlines()[-1])
    assert answers == {line: 0 if line.endswith("help") else 2 for line in LINES.strip().splitlines()}


def fail(error):
    raise error


OLD_GPU = RuntimeError("CUDA error: no kernel image is available for execution on the device\nFor debugging consider")
GPU = "the GPU is full, in use, or too old"


@pytest.mark.parametrize(
    "act, message",
    [
        (lambda: fail(UserError("no such thing")), "no such thing"),
        (lambda: torch.empty(2**60, dtype=torch.uint8), "out of memory"),
        (lambda: fail(OLD_GPU), f"{GPU}; try a smaller --batch_size, or train with --trainer.accelerator cpu"),
        on_posix(lambda: os.mkdir("nowhere/\x1b"), "nowhere/\\x1b: No such file or directory"),
    ],
)
def test_a_user_error_is_one_line_and_a_bug_keeps_its_traceback(act, message, capsys):
    with pytest.raises(SystemExit) as stop, one_line_errors("digits example"):
        act()
    assert stop.value.code == 2
    assert capsys.readouterr().err == f"digits example: error: {message}\n"
    with pytest.raises(ValueError), one_line_errors("digits example"):
        raise ValueError


@pytest.mark.parametrize("word", ["trian", "--hidden"])
def test_an_unknown_subcommand_gets_a_hint(word, verb):
    code, _, [line] = verb(word, "--hidden", "30")
    assert code == 2 and line.startswith("digits: error: ") and "choose from train, predict" in line


@pytest.mark.parametrize(
    "modules, unneeded",
    [
        ("__main__ commands.documents", "torch"),
        ("commands.onnx", "lightning torchvision tensorboard onnx"),
        ("model data", "cv2 loky numba optuna pypdfium2"),
        ("train training.report commands.figures", "matplotlib"),  # which can then say what they need
    ],
)
def test_a_part_works_without_what_only_others_need(modules, unneeded, without):
    without("digits", *unneeded.split())
    for name in modules.split():
        import_module(f"digits.{name}")


def test_ctrl_c_during_imports_prints_no_traceback():
    program = """
import signal, sys
class CtrlC:
    def find_spec(name, *_):
        if name == "digits.commands.predict":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, CtrlC)
import digits.__main__
digits.__main__.main(["predict", "a"])
"""
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (130, "\ndigits predict: stopped\n")


@posix
@pytest.mark.parametrize("command", ["digits", "digits train -h"])
def test_a_closed_pipe_prints_no_traceback(command):
    command = command.replace("digits", f"{sys.executable} -m digits", 1) + " | true"
    process = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
