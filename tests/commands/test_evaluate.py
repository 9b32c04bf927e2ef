"""Scoring pictures whose labels are in their names or in the names of their folders."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import numpy as np
import pytest
from PIL import Image

from digits import mnist
from digits.commands.scoring import COLUMNS, TILE
from digits.model import DigitClassifier
from tests.support.checkpoints import saved, saved_sure
from tests.support.pens import line
from tests.support.systems import on_posix, posix


@pytest.fixture
def judged(tmp_path, monkeypatch, verb):
    """Return a function that runs `digits evaluate` with a network that reads 4 in everything, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    saved_sure("net.ckpt")

    def run(*words, network="net.ckpt"):
        code, out, errors = verb("evaluate", "--network", network, *words)
        return code, out.splitlines(), errors

    return run


def draw(*names):
    """Draw a ring into each file, or a line of three rings if its name says so."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        (line() if "line" in name else line(1)).save(name)


def test_the_label_is_in_the_name_of_the_folder_or_picture(judged):
    draw("some/4_a.png", "some/7_b_2.png", "some/444_line.png", "some/4/x.png", "some/5/4_y.png", "some/444/line.png")
    draw("some/4.png", "some/IMG_4.png", "some/other/4_x.png")  # no labels
    Path("some", "4_notes.txt").write_text("no picture")
    code, lines, errors = judged("some")
    assert lines == ["some: 4 of 6 pictures right, 66.67% ± 19.25%, read by net.ckpt; 7->4 x1, 5->4 x1"]
    assert (code, errors) == (0, ["some: skipped 2 pictures without a label in the name"])


def test_a_page_is_right_if_every_line_is(judged):
    page = Image.new("L", (360, 240), 240)
    page.paste(line(3), (0, 0))
    page.paste(line(2), (0, 120))
    draw("some/444-44/x.png")
    for name in ("444-44/x", "444-44_a", "44444_b", "44-444_c"):
        page.save(f"some/{name}.png")
    [score] = judged("some")[1]
    assert score.startswith("some: 2 of 4 pictures right") and "44444->444-44 x1" in score


def test_options_score_the_whole_number_the_clearest_digit_or_the_known_length(judged):
    draw("some/4_line.png", "some/44_line.png", "some/4 44_line.png", "some/4_a.png")
    confusions = "4 44->444 x1, 44->444 x1, 4->444 x1"
    assert judged("some")[1] == [f"some: 1 of 4 pictures right, 25.00% ± 21.65%, read by net.ckpt; {confusions}"]
    half = "some: 2 of 4 pictures right, 50.00% ± 25.00%, read by net.ckpt; 4 44->4 x1, 44->4 x1"
    assert judged("some", "--single")[1] == [half]
    assert judged("some", "--known_length")[1] == ["some: 4 of 4 pictures right, 100.00% ± 0.00%, read by net.ckpt"]


def test_each_folder_and_the_total_get_a_line(judged):
    draw("a/4_1.png", *(f"b/{name}.png" for name in ("1_1", "1_2", "2_1", "2_2", "2_3", "3_1", "3_2", "5_1", "4_1")))
    confusions = "2->4 x3, 1->4 x2, 3->4 x2"
    assert judged("a", "b")[1] == [
        "a: 1 of 1 pictures right, 100.00% ± 0.00%, read by net.ckpt",
        f"b: 1 of 9 pictures right, 11.11% ± 10.48%, read by net.ckpt; {confusions}",
        f"all: 2 of 10 pictures right, 20.00% ± 12.65%, read by net.ckpt; {confusions}",
    ]


@posix
def test_an_unreadable_picture_counts_as_wrong_and_the_reasons_are_counted(judged):
    draw("so\nme/4_a.png")
    Path("so\nme", "4_b\x1b.png").write_text("no picture")
    Image.new("L", (90, 90), 230).save("so\nme/4_c.png")
    code, lines, errors = judged("so\nme")
    assert (code, lines) == (0, ["so\\nme: 1 of 3 pictures right, 33.33% ± 27.22%, read by net.ckpt; 4->nothing x2"])
    assert [error.split(": ")[0] for error in errors] == ["  1 not read"] * 2


def test_misread_pictures_are_drawn_on_a_sheet(judged, monkeypatch):
    monkeypatch.setattr("digits.commands.scoring.SHEET", 8)
    draw("some/1_line.png", *(f"some/2_{letter}.png" for letter in "abcdefg"), "some/4_a.png")
    Path("some", "3_broken.png").write_text("no picture")
    *_, errors = judged("some", "--wrong", "out.png")
    assert errors[-1] == "out.png: the first 8 of 9 misread pictures"
    sheet, (width, height) = np.asarray(Image.open("out.png").convert("L")), TILE
    assert sheet.shape == (2 * height, COLUMNS * width)
    rows = sheet.reshape(2, height, COLUMNS, width) < 200
    assert rows.any((1, 3)).tolist() == [[True] * 6, [True] * 2 + [False] * 4]


@pytest.mark.parametrize(
    "words, reason",
    [
        (["some", "--known_length", "--single"], "--single and --known_length exclude each other"),
        (["some", "--network", "nine.ckpt"], "only detects the digit 9"),
        (["empty"], "empty has no labelled picture"),
        on_posix(["some", "gone"], "error: gone: No such file or directory"),
        on_posix(["some/4_a.png"], "error: some/4_a.png: Not a directory; name a folder"),
        (["some", "--wrong", "out.xyz"], "cannot write out.xyz: name a .png or .jpg file in an existing folder"),
        (["some", "--wrong", "gone/out.png"], f"cannot write {Path('gone/out.png')}: name a .png or .jpg file"),
        (["some", "--wrong", "some/../some/4_a.png"], "would be overwritten"),
    ],
)
def test_mistakes_are_found_before_the_work(words, reason, judged):
    draw("some/4_a.png")
    saved_sure("nine.ckpt", only_digit=9)
    Path("empty").mkdir()
    Path("some/4_broken.png").touch()  # would print a line
    before = Path("some/4_a.png").read_bytes()
    code, lines, [error] = judged(*words)
    assert (code, lines) == (2, []) and reason in error
    assert Path("some/4_a.png").read_bytes() == before


def test_without_a_folder_the_test_images_of_mnist_are_scored(judged, data_dir):
    model = DigitClassifier([12], seed=3)
    images, labels = mnist.load(data_dir, train=False)
    right = int((model.predict(images)[0] == labels).sum())
    code, out, _ = judged("--data_dir", data_dir, "--wrong", "out.png", network=saved("random.ckpt", model))
    assert code == 0 and Path("out.png").exists()
    assert out[0].startswith(f"MNIST's test images: {right:,} of {len(labels):,} pictures right, ")


@pytest.mark.slow
def test_ctrl_c_prints_one_line(judged):
    draw("some/4_b.png")
    Path("some", "4_a.png").write_text("no picture")
    for n in range(3_000):
        Path("some", f"4_c{n}.png").symlink_to("4_b.png")
    command = [sys.executable, "-m", "digits", "predict", "some", "--network", "net.ckpt"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, text=True, start_new_session=True, stdout=PIPE, stderr=PIPE)
    begun = process.stderr.readline() + process.stderr.readline()  # the first picture is done
    assert begun.startswith("read by net.ckpt\nsome/4_a.png: ")
    os.killpg(process.pid, signal.SIGINT)  # to all its processes, as from a terminal
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "\ndigits predict: stopped\n")
