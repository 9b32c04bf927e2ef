"""Stacks of forms: definitions of fields, a table with a row per document, and a review page."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.commands.documents import Value, value_of
from digits.commands.forms import SURE, Field, read_form
from digits.commands.tables import write_review
from digits.common.errors import UserError
from digits.handwriting.lines import Expected, Segmentation
from digits.handwriting.reader import Reader
from digits.network import sigmoid_network
from tests.support.checkpoints import saved_sure
from tests.support.pens import line

NUMBER = Image.open(Path(__file__).parents[2] / "docs" / "504192.jpg")
BOX = "a:\n  box: [0, 0, 1, 1]\n"


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table_of(text):
    head, *rows = csv.reader(text.splitlines())
    return head, rows


def test_a_stack_of_forms_becomes_a_table_with_an_empty_row_for_a_bad_page(in_folder, verb):
    """Each page is a number. One field is all of it. The other is its right half, and always doubtful."""
    NUMBER.save("scans.pdf", save_all=True, append_images=[NUMBER] * 3)
    first, second, *rest = Path("scans.pdf").read_bytes().split(b"/Type /Page\n")
    damaged = second + b"/Type /Pig!\n" + rest.pop(0)
    Path("scans.pdf").write_bytes(b"/Type /Page\n".join([first, damaged, *rest]))
    Path("fields.yaml").write_text(BOX + "  sure: 0\nb:\n  box: [0.5, 0, 1, 1]\n  sure: 1\n")
    words = "predict", "scans.pdf", "--network", "bundled", "--fields", "fields.yaml"
    code, out, errors = verb(*words, "--csv", "marks.csv", "--review", "review.html")
    head, rows = table_of(Path("marks.csv").read_text())
    assert head == ["file", "page", "a", "a confidence", "b", "b confidence"]
    assert (code, out, errors[0]) == (1, "", "scans.pdf page 2: this page cannot be read: it is damaged")
    assert [row[:2] for row in rows] == [["scans.pdf", str(page)] for page in (1, 2, 3, 4)]
    assert [row[2::2] for row in rows] == [["504192", "4192"], ["", ""], *[["504192", "4192"]] * 2]
    assert rows[1][3::2] == ["", ""] and all(0 < float(sure) < 1 for sure in rows[0][3::2])
    assert errors[1:3] == ["3 of 4 documents read, 3 of 6 fields doubtful", "marks.csv: rows: 4"]
    content = json.loads(Path("review.html").read_text().split('id="content">')[1].split("</script>")[0])
    assert content["rows"][0] == head and content["unread"] == errors[:1]
    cells = [(head[doubt["column"]], content["rows"][doubt["row"]][doubt["column"]]) for doubt in content["doubts"]]
    assert cells == [("b", "4192")] * 3


def test_the_value_of_a_field_is_its_largest_line_near_the_middle(in_folder):
    """A large line in the middle wins over surer lines. Other candidates reduce its confidence."""
    boxes = [(0, 60, 30, 110), (0, 112, 6, 122), (0, 0, 30, 55), (0, 125, 30, 180)]
    numbers = [("3", 0.7), ("5", 0.3)], *[[(number, 1.0)] for number in "877"]
    lines = [[[(digit, np.log(share), (n,)) for digit, share in group]] for n, group in enumerate(numbers)]
    segmentation = Segmentation(lines, np.zeros((4, 1, 28, 28), np.float32), [[box] for box in boxes])
    reader = Reader(sigmoid_network([784, 10]), team=True)
    reader.outputs = lambda images: np.full((*images.shape[:2], 10), 0.5, np.float32)
    text, confidence, candidates, *_ = value_of(reader.answer(segmentation), 180)
    assert text == "3" and confidence == pytest.approx(0.7 * (0.7 + 0.5) / 2)
    assert dict(candidates)["3"] == pytest.approx(0.7)
    assert value_of(reader.answer(UserError("nothing")), 180) == Value(error="nothing")


@pytest.fixture
def forms_of(in_folder, verb):
    """Return a function that reads forms with a network that is sure of a 4 in everything."""
    saved_sure("net.ckpt")
    first, *rest = [line(count).convert("RGB") for count in (3, 2, 1, 3)]
    first.save("four.pdf", save_all=True, append_images=rest)
    first.save("three.pdf", save_all=True, append_images=rest[:2])
    line(2).save("two.png")

    def run(fields, *words):
        Path("f.yaml").write_text(fields)
        return verb("predict", *words, "--network", "net.ckpt", "--fields", "f.yaml")

    return run


TWO_PAGES = "first:\n  box: [0, 0, 1, 1]\n  length: 1-3\nsecond:\n  box: [0, 0, 1, 1]\n  page: 2\n  length: 1-3\n"


def test_a_document_has_as_many_pages_as_the_form(forms_of):
    """A file that is named twice counts twice. A last page without a field, such as a blank back, counts as a page."""
    code, out, errors = forms_of(TWO_PAGES, "three.pdf", "three.pdf", "four.pdf", "--csv", "--review", "x.html")
    assert [row[:2] + row[2::2] for row in table_of(out)[1]] == [
        *[["three.pdf", "1", "444", "44"], ["three.pdf", "3", "", ""]] * 2,
        *[["four.pdf", "1", "444", "44"], ["four.pdf", "3", "4", "444"]],
    ]
    assert code == 1 and errors[0].startswith("three.pdf: has 3 pages, but each form has 2. ")
    assert errors[1:3] == ["three.pdf page 3: has only 1 of the form's 2 pages; add the missing pages"] * 2
    assert all(error in Path("x.html").read_text() for error in errors[:3])
    code, out, errors = forms_of("pages: 3\n" + TWO_PAGES, "three.pdf", "four.pdf", "--csv")
    assert code == 1 and [row[1:3] for row in table_of(out)[1]] == [["1", "444"], ["1", "444"], ["4", ""]]
    assert errors[0].startswith("four.pdf: has 4 pages, but each form has 3. ")


def test_each_form_is_printed_as_a_line_or_a_json_object(forms_of):
    code, out, errors = forms_of(BOX + "  sure: 1\n", "two.png")
    assert (code, errors) == (0, ["1 of 1 documents read, 1 of 1 fields doubtful"])
    assert out.startswith("two.png: a 44? (")
    code, out, _ = forms_of(TWO_PAGES, "four.pdf", "two.png", "--json")
    first, second, missing = map(json.loads, out.splitlines())
    assert (first["file"], first["page"], second["page"]) == ("four.pdf", 1, 3) and "page" not in missing
    assert first["fields"]["first"]["text"] == "444" and first["fields"]["first"]["candidates"][0][0] == "444"
    assert missing["error"] == "has only 1 of the form's 2 pages; add the missing pages"
    Path("bad.pdf").write_bytes(b"%PDF-1.4")
    assert forms_of(TWO_PAGES, "bad.pdf")[2][0] == "bad.pdf page 1: cannot be read: it is not a PDF, or it is damaged"


def test_a_field_is_cut_out_by_its_box_and_doubtful_if_empty(forms_of):
    """The picture has four digits in a row, two of them in its right half and none in the corner."""
    line(4).save("four.png")
    Image.new("L", (300, 200), 240).save("blank.png")
    boxes = {"a": [0.5, 0, 1, 1], "b": [0, 0, 0.25, 1], "c": [0, 0, 0.01, 0.01]}
    fields = "".join(f"{name}:\n  box: {box}\n  length: 1-2\n" for name, box in boxes.items())
    code, out, errors = forms_of(fields, "four.png", "blank.png", "--csv", "--review", "x.html")
    _, (four, blank) = table_of(out)
    assert (code, four[2::2], blank) == (0, ["44", "4", ""], ["blank.png", "", *["", "0.0"] * 3])
    assert errors[0] == "2 of 2 documents read, 4 of 6 fields doubtful"


def test_the_name_of_a_file_cannot_add_a_script_to_the_review(in_folder):
    name = "a</script><script>alert(1)</script>.pdf"
    write_review(Path("x.html"), [["file", "page", "a"], [name, 1, "4"]], [], [f"{name}: gone"])
    content = Path("x.html").read_text().split('id="content">')[1].split("</script>")[0]
    assert json.loads(content)["unread"] == [f"{name}: gone"]


def test_if_no_document_can_be_read_no_table_is_written(forms_of):
    code, out, errors = forms_of(BOX, "gone.png", "--csv", "x.csv", "--review", "x.html")
    assert (code, out) == (2, "") and not Path("x.csv").exists() and not Path("x.html").exists()
    assert [error.split(":")[0] for error in errors] == ["gone.png", "digits predict"]


def test_a_form_definition_is_parsed(in_folder):
    Path("f.yaml").write_text(
        "b 1:\n  box: [0.1, 0.2, 0.5, 1]\n  page: 3\n  length: 2-4\n  digits: 012\n  sure: 0.5\n" + BOX
    )
    fields = [
        Field("b 1", (0.1, 0.2, 0.5, 1.0), 3, Expected(False, (2, 4), "012"), 0.5),
        Field("a", (0.0, 0.0, 1.0, 1.0), 1, Expected(), SURE),
    ]
    assert read_form(Path("f.yaml")) == (fields, 3)
    Path("f.yaml").write_text(Path("f.yaml").read_text() + "pages: 4\n")
    assert read_form(Path("f.yaml")) == (fields, 4)
    Path("f.yaml").write_text(BOX.replace("a:", "pages:"))  # a field called pages
    assert read_form(Path("f.yaml")) == ([fields[1]._replace(name="pages")], 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("- a", "expected lines such as `name: value`"),
        ("a: 1", "f.yaml: a: add `box: [left, top, right, bottom]`, each a fraction"),
        ("a:\n  box: [0, 0, 1]", "expected four fractions"),
        *((f"a:\n  box: [0, 0, {side}, 1]", "box: expected a number from 0 to 1") for side in (2, "nan", [1])),
        *((f"a:\n  box: {box}", "with left < right and top") for box in ([0.5, 0, 0.5, 1], [0, 0.5, 1, 0.5])),
        *((f"{BOX}  page: {page}", "page: expected a whole number from 1 to 100") for page in (0, 1.5, 1000, "x")),
        *((f"{BOX}  page: 3\npages: {n}", "pages: expected a whole number from 3 to 100") for n in (2, 101)),
        (BOX + "  sure: 2", "sure: expected a number from 0 to 1"),
        *((f"{BOX}  length: {length}", "length: expected a number from 1") for length in (0, [1, 2])),
        *((f"{BOX}  digits: {digits}", "digits: expected the digits that can") for digits in ("1a", [[1]])),
        (BOX + "  lenght: 1", "unknown setting 'lenght'; choose from box, page, length, digits and sure"),
        ("=a:\n  box: [0, 0, 1, 1]", "a field name has at most 50 characters: letters"),
        ("".join(f"a{n}:\n  box: [0, 0, 1, 1]\n" for n in range(201)), "expected 1 to 200 fields, not 201"),
        (BOX + BOX, "f.yaml: a appears 2 times; keep only one"),
        (b"a: \xff", "f.yaml is not a text file; name a YAML file"),
    ],
)
def test_an_invalid_form_definition_is_refused_in_one_line(content, reason, in_folder):
    Path("f.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as refused:
        read_form(Path("f.yaml"))
    assert reason in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("--review r.html", "--review shows the fields of a form; define them with --fields"),
        ("--fields gone.yaml", "gone.yaml: No such file or directory"),
        ("--fields f.yaml --length 3", "--fields replaces --single, --length"),
        ("--fields f.yaml --review r.txt", "cannot write r.txt: name a .html"),
        ("--fields f.yaml --csv f.yaml", "cannot write f.yaml: name a .csv"),
        ("--json --csv", "--json and --csv exclude each other"),
        ("--csv two.png", "cannot write two.png: name a .csv"),
        ("--fields f.yaml --network nine.ckpt", "only detects one digit; choose a --network that reads all"),
    ],
)
def test_mistakes_are_reported_before_anything_is_read(words, reason, forms_of, verb):
    Path("f.yaml").write_text(BOX)
    saved_sure("nine.ckpt", only_digit=9)
    code, out, [error] = verb("predict", "two.png", "--network", "net.ckpt", *words.split())
    assert (code, out) == (2, "") and reason in error
