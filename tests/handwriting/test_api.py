"""`from digits import read` reads pictures in two lines of Python."""

import doctest
import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
import torch
from PIL import Image

from digits import DigitClassifier, UserError, read
from digits.handwriting import Page
from digits.handwriting.parallel import MANY
from tests.support.checkpoints import saved_sure
from tests.support.pens import line
from tests.support.systems import posix

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "504192.jpg"


def test_the_example_in_the_docstring_of_read_works(monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {"__name__": "digits.handwriting.api"}
    [example] = doctest.DocTestFinder(recurse=False).find(read, "read", globs=names)
    assert len(example.examples) == 7 and doctest.DocTestRunner().run(example).failed == 0


def test_a_picture_of_any_type_or_a_list_of_pictures_is_read(tmp_path):
    image, page = Image.open(PICTURE), Page(str(tmp_path / "a.pdf"), 1)
    image.save(page.file)
    kinds = str(PICTURE), PICTURE.read_bytes(), image, np.asarray(image), page
    assert [answer.text for answer in (*read(kinds), read(page))] == ["504192"] * 6
    assert [answer.text for answer in read(ROOT.glob("docs/504192.jp*"))] == ["504192"]
    with PICTURE.open("rb") as file:
        assert read(file).text == "504192"
    assert "closed file" in read(file).error
    with PICTURE.open() as file:
        assert "cannot be read" in read(file).error
    [group] = read(PICTURE).lines[0].groups
    assert group.digits == "504192" and [reading.digit for reading in group.readings] == [5, 0, 4, 1, 9, 2]
    likely, *others = (probability for _, probability in group.candidates)
    assert group.candidates[0][0] == "504192" and likely > sum(others) and likely + sum(others) <= 1 + 1e-9
    left, top, right, bottom = group.box
    assert 0 <= left < right <= image.width and 0 <= top < bottom <= image.height
    assert "image" not in repr(group)
    missing = read("nowhere.jpg")
    assert (missing.text, missing.error) == ("", "cannot be read: No such file or directory")


@pytest.mark.slow
def test_open_files_and_other_things_that_cannot_be_sent_to_workers_are_read_or_refused(tmp_path):
    line(1).save(tmp_path / "a.png")
    sure = saved_sure(tmp_path / "sure.ckpt")
    truncated = Image.open(io.BytesIO(PICTURE.read_bytes()[:9_000]))
    odd = Lock(), object(), lambda: 0, truncated
    with ExitStack() as stack:
        opened = [stack.enter_context((tmp_path / "a.png").open("rb")) for _ in range(MANY)]
        answers = read(iter([*opened, *odd]), network=sure)
    assert [answer.text for answer in answers] == ["4"] * MANY + [""] * len(odd)
    assert [answer.error for answer in answers[MANY:]] == [read(thing, network=sure).error for thing in odd]
    assert all("expected a path, bytes, a PIL image" in answer.error for answer in answers[MANY:-1])


@posix
def test_the_error_in_a_process_forked_after_a_read_says_what_to_do():
    read(PICTURE)
    with get_context("fork").Pool(1) as pool, pytest.raises(UserError, match='use .* "spawn" method'):
        pool.apply_async(read, [PICTURE]).get(60)


def test_only_numbers_of_the_expected_length_are_candidates():
    for length, allowed in ((5, {5}), (range(1, 6), range(1, 6)), ("6-8", range(6, 9)), ("6", {6})):
        answer = read(PICTURE, length=length)
        [group] = answer.lines[0].groups
        assert answer.text == group.candidates[0][0] and (answer.text == "504192") == (6 in allowed)
        assert {len(digits) for digits, _ in group.candidates} <= set(allowed)
    answer = read(PICTURE, length=40)
    assert (answer.text, answer.error) == ("", "no line can be read as a number of 40 digits")
    apart = np.hstack([np.asarray(line(2)), np.full((120, 300), 240, np.uint8), np.asarray(line(2))])
    assert [len(read(apart, length=length).lines[0].groups) for length in (None, 4)] == [2, 1]  # despite the gap


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        *(
            ({"length": length}, "from 1 to 50 or a range such as 6-8")
            for length in (0, 51, -3, "8-6", "6-", "a", "1-2-3", range(0), range(6, 9, 2))
        ),
        *(({"digits": digits}, "such as 01") for digits in (5, "", "12a")),
        *(({"network": network}, "no such run or checkpoint") for network in ("", "nowhere")),
        ({"length": 2, "single": True}, "leave out single or length"),
    ],
)
def test_wrong_arguments_are_refused(expected, reason):
    with pytest.raises(UserError, match=reason):
        read(PICTURE, **expected)


def test_the_network_can_be_a_checkpoint_a_run_or_a_module(tmp_path, capsys):
    sure = saved_sure(tmp_path / "best.ckpt")
    model = DigitClassifier.load_from_checkpoint(sure)
    assert {read(line(), network=network).text for network in (sure, str(tmp_path), model, model.network)} == {"444"}
    assert capsys.readouterr() == ("", "")


def test_threads_can_read_with_the_same_module_without_its_dropout_and_without_changing_it(tmp_path):
    module = DigitClassifier.load_from_checkpoint(saved_sure(tmp_path / "best.ckpt")).network
    module.append(torch.nn.Dropout(0.9)).train()
    module[1].eval()  # a frozen layer must stay in this mode
    modes = []
    module[0].register_forward_pre_hook(lambda *_: modes.append(module.training))
    with ThreadPoolExecutor(2) as threads:
        texts = list(threads.map(lambda _: read(line(), network=module).text, range(6)))
    assert texts == ["444"] * 6 and all(modes) and module.training and not module[1].training


def test_a_network_stays_in_memory_until_its_file_changes(tmp_path):
    sure = saved_sure(tmp_path / "best.ckpt")
    read(line(), network=sure)
    changed = sure.stat().st_mtime_ns
    sure.write_bytes(b"no network")
    os.utime(sure, ns=(changed, changed))
    assert read(line(), network=sure).text == "444"
    os.utime(sure, ns=(changed, changed + 10**9))
    with pytest.raises(UserError, match="damaged"):
        read(line(), network=sure)


class Returning(torch.nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.outputs = outputs

    def forward(self, images):
        return self.outputs


def test_networks_without_784_inputs_and_ten_outputs_are_refused(tmp_path):
    for network, reason in (
        (saved_sure(tmp_path / "nine.ckpt", only_digit=9), "only detects one digit"),
        (torch.nn.Sigmoid(), r"not a tensor of shape \(30, 784\)"),
        (Returning(None), "not a NoneType"),
        (Returning((torch.zeros(1, 10),)), "not a tuple"),
        (torch.nn.Linear(4096, 10), r"must take images \(N, 784\).*: mat1 and mat2 shapes"),
        (torch.nn.Linear(784, 10, device="meta"), r"must take images \(N, 784\).*: Cannot copy out of meta tensor"),
    ):
        with pytest.raises(UserError, match=reason):
            read(line(), network=network)


@pytest.mark.slow
def test_a_script_without_a_main_guard_can_read_many_pictures(tmp_path):
    """Worker processes do not know the script's classes, and must not run it again."""
    script = tmp_path / "script.py"
    reads = f"print(*(answer.text for answer in read([{str(PICTURE)!r}] * 9 + [Own()])))"
    script.write_text(f"print('once')\nfrom digits import read\nclass Own: pass\n{reads}\n")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment)
    assert (done.stdout.split(), done.stderr) == (["once", *["504192"] * 9], "")
