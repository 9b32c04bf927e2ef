"""Reading pictures on the command line: printed lines, JSON, drawings and error messages."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from digits.checkpoint import untrusted
from digits.checkpoint.contents import load_network
from digits.handwriting.lines import Expected, find_lines
from digits.handwriting.picture import LARGEST
from digits.handwriting.reader import Reader
from digits.neurons import binary_layer
from tests.support.checkpoints import saved_sure
from tests.support.pens import line
from tests.support.systems import GONE, link, on_posix, posix
from tools.make.golden import FOLDER, golden

ORANGE = 213, 94, 0  # boxes of digits that are read


@pytest.fixture
def read(tmp_path, monkeypatch, verb):
    """Return a function that runs `digits predict` in a folder with net.ckpt, a.png and line.png."""
    monkeypatch.chdir(tmp_path)
    saved_sure("net.ckpt")
    line(1).save("a.png")
    line().save("line.png")

    def run(*words, network="net.ckpt"):
        named = [] if "--network" in words else ["--network", network]
        code, out, errors = verb("predict", *words, *named)
        return code, out.splitlines(), errors

    return run


def segments(printed):
    """Return the segments in a line of JSON, as a list for each line of the picture."""
    lines = json.loads(printed)["lines"]
    return [[segment for group in line["groups"] for segment in group["segments"]] for line in lines]


def test_single_reads_the_clearest_digit_with_the_activations_of_the_network(read):
    assert read("line.png", "--single")[1][0].startswith("line.png: 4  (1.00; runner-up: ")
    [[segment]] = segments(*read("a.png", "--json", "--single")[1])
    network = load_network(untrusted.read_checkpoint("net.ckpt"), "net.ckpt")
    single = find_lines("a.png", Expected(single=True))
    [cuts], [boxes] = Reader(network).outputs(single.images), single.boxes
    a = torch.from_numpy(cuts[cuts.max(1).argmax()])
    assert [segment["activation"], segment["runner_up_activation"]] == a.topk(2).values.tolist()
    assert [segment["digit"], segment["runner_up"]] == a.topk(2).indices.tolist()
    assert segment["bits"] == "0100" == "".join(str(int(bit)) for bit in binary_layer()(a))
    assert segment["box"] == list(boxes[cuts.max(1).argmax()])


def test_pages_are_read_in_order_line_by_line(read):
    code, lines, errors = read(*["a.png", FOLDER / "two_lines.png"] * 5, network="bundled")
    texts = golden()["two_lines"]["lines"]
    assert code == 0 and errors == []
    assert [printed.split("  ")[0].split(": ")[1] for printed in lines] == ["4", *(line["read"] for line in texts)] * 5


@pytest.mark.parametrize("kind", ["grey", "transparent, black all over"])
def test_annotate_draws_boxes_over_the_picture_as_it_was_read(kind, read):
    grey = np.asarray(line())
    odd = np.dstack([0 * grey, 0 * grey, 0 * grey, np.where(grey < 215, 255 - grey, 0)])
    Image.fromarray(grey if kind == "grey" else odd).save("odd.png")
    assert read("odd.png", "--annotate", "out.png")[0] == 0
    drawing, ink = np.asarray(Image.open("out.png").convert("RGB")).astype(int), grey < 100
    boxes = (drawing == ORANGE).all(2)
    assert drawing.shape == (*grey.shape, 3) and boxes.mean() < 0.2
    assert all(boxes[:, left : left + 120].any() for left in (0, 120, 240))
    seen = drawing[:, :, 2] - drawing[:, :, 0] > 60  # what the eye takes for handwriting is blue
    assert seen[grey < 60].mean() > 0.9 and seen[grey > 200].mean() < 0.02
    assert np.median(drawing[~ink]) > 200 and np.median(drawing[ink]) < 150


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("a.png line.png --annotate x.png", "2 pictures cannot be saved as x.png; name a folder"),
        ("a.png other/A.png --annotate drawn", "two pictures would be saved as a.png"),
        *((f"a.png --annotate {name}", f"cannot write {name}: name a .png or .jpg") for name in ("x", "x.gif", ".")),
        ("a.png --annotate nowhere/x.png", f"cannot write {Path('nowhere/x.png')}"),
        *((f"a.png --annotate {name}", "would be overwritten") for name in ("./a.png", "link.png")),
        *(on_posix(f"{named} --annotate some", "would be overwritten") for named in ("some", "some/*.png")),
        ("a.png --network big.ckpt", "a size other than 28x28"),
        ("a.png --length x", "error: --length: expected a number from 1 to 50 or a range such as 6-8, not x"),
        ("a.png --digits ab", "error: --digits: expected the digits that can occur, such as 01, not 'ab'"),
        ("a.png --single --length 3", "error: a single digit has length 1; leave out --single or --length"),
        ("a.png --network some/a.png", "damaged, or not a checkpoint; name a run folder or another .ckpt file"),
        ("", "name the FILES"),
        ("net.ckpt a.png", "net.ckpt is a network, not a picture; write --network net.ckpt"),
        ("a.png --length 1 --network nine.ckpt", "only detects one digit; leave out --length"),
    ],
)
def test_mistakes_are_found_before_anything_is_written(words, reason, read):
    if "link.png" in words:
        link(Path("link.png"), "a.png")
    saved_sure("big.ckpt", image_size=30)
    saved_sure("nine.ckpt", only_digit=9)
    Path("some").mkdir()
    line().save("some/a.png")
    line(1).save("some/b.png")
    before = [Path(name).read_bytes() for name in ("a.png", "some/a.png")]
    code, lines, [error] = read(*words.split())
    assert code == 2 and lines == [] and reason in error
    assert [Path(name).read_bytes() for name in ("a.png", "some/a.png")] == before and not Path("x.png").exists()


@pytest.mark.slow
def test_annotate_draws_unread_pictures_into_the_folder_too(read):
    rubbish = Image.new("L", (200, 120), 240)
    ImageDraw.Draw(rubbish).line([(20, 30), (180, 35), (30, 60), (180, 90), (20, 100)], 20, 8)
    rubbish.save("rubbish.png")
    Image.new("L", (200, 120), 240).save("blank.png")
    Path("broken.png").write_text("no picture")
    code, _, errors = read("a.png", "rubbish.png", "blank.png", "broken.png", "--annotate", "drawn", network="bundled")
    assert code == 1 and [error.split(":")[0] for error in errors] == ["rubbish.png", "blank.png", "broken.png"]
    assert sorted(os.listdir("drawn")) == ["a.png", "blank.png", "rubbish.png"]
    for name in ("rubbish.png", "blank.png"):
        drawing = np.asarray(Image.open(f"drawn/{name}"))
        assert drawing.max(2).min() < 200 and not (drawing == ORANGE).all(2).any()  # grey boxes, or why there are none


def test_folders_and_patterns_are_expanded(read):
    Path("some").mkdir()
    for name in ("b.png", "a.jpg"):
        line(1).save(Path("some", name))
    for name in ("notes.txt", "c.eps", "d.ico"):
        Path("some", name).write_text("not a picture")
    both = [str(Path("some", name)) for name in ("a.jpg", "b.png")]
    for word in ("some", "so*e", "some/[ab]*g"):  # a pattern may name a folder, too
        code, lines, errors = read(word)
        assert (code, errors) == (0, []) and [text.split(":")[0] for text in lines] == both


def test_standard_input_is_read_like_a_file_up_to_the_largest_picture(read, monkeypatch):
    def give(content):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(source := io.BytesIO(content)))
        return source

    give(Path("a.png").read_bytes())
    code, lines, errors = read("a.png", "-", "line.png")
    assert (code, errors) == (0, []) and [text.split(":")[0] for text in lines] == ["a.png", "-", "line.png"]
    source = give(bytes(LARGEST + 9))
    code, _, [error] = read("-")
    assert code == 2 and "standard input is larger than 100,000,000 bytes" in error and source.tell() == LARGEST + 1


def test_each_failure_is_one_line_and_the_other_pictures_are_read(read):
    Path("text.png").write_text("hello")
    Path("empty").mkdir()
    turned = str(FOLDER / "on_its_side.png")
    names = ["text.png", "empty", turned, "gone.png", "gone*.jpg"]  # a turned picture is read, with a note
    code, lines, errors = read("a.png", *names)
    assert code == 1 and [text.split(":")[0] for text in lines] == ["a.png", turned]
    assert [error.split(":")[0] for error in errors] == names
    code, lines, errors = read("gone.png", "a.png", "--json")
    assert code == 1 and errors == []
    reason = f"cannot be read: {GONE}"
    assert json.loads(lines[0]) == {"file": "gone.png", "error": reason, "turned": 0, "lines": []}


def test_a_detector_says_yes_or_no(read):
    saved_sure("nine.ckpt", only_digit=9)
    assert read("a.png", "line.png", network="nine.ckpt")[1] == ["a.png: a 9  (1.00)", "line.png: a 9  (1.00)"]


@posix
def test_control_characters_in_names_are_escaped(read):
    for name in ("\x1b[2Ja.png", "one\ntwo.png"):
        line(1).save(name)
    Path("broken\n.png").write_bytes(b"no picture")
    code, lines, [error] = read("\x1b[2Ja.png", "one\ntwo.png", "broken\n.png")
    assert code == 1 and error.startswith("broken\\n.png: ")
    assert [text.split(": ")[0] for text in lines] == ["\\x1b[2Ja.png", "one\\ntwo.png"]
