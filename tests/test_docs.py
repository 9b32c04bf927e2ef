"""README.md and docs/: links lead somewhere, and commands print what the page shows below them.

A page's ```sh block with a ```text block below it is run, and so is a ```python block. A comment above the block,
`<!-- slow -->`, says that it is not. In the text, `...` stands for any text.
"""

import io
import re
import shlex
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from digits.__main__ import main
from tests.support.small_mnist import DATA

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"(<!-- slow -->\n)?^```(sh|python)\n(.*?)^```\n(?:```text\n(.*?)^```$)?", re.S | re.M)
SHOWN = {page: found for page in PAGES if (found := BLOCK.findall((ROOT / page).read_text("utf-8")))}
RUN = {page: [block for slow, *block in SHOWN[page] if block[-1] and not slow] for page in SHOWN}
NIGHTLY = "docs/your_own_images.md"  # takes a minute
# A number that may differ a little on another processor, the time in the name of a run, or anything.
VARIES = re.compile(r"(?P<number>\d+\.\d+|[\d,]+(?= of | / | kB))|(?P<time>_\d{8}-\d{6}\.\d\d)|(?P<any>\.\.\.)")


def anchors(page):
    titles = re.findall(r"^#+ (.*)", (ROOT / page).read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\]\(.*?\)", "", title)).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https?:|#stop)([^)\s]+)\)", (ROOT / page).read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), link


@pytest.mark.parametrize("page", SHOWN)
def test_the_output_of_every_command_is_shown(page):
    for skipped, language, code, text in SHOWN[page]:
        assert skipped or text or language != "sh" or not re.search(r"^python (-m digits|train)", code, re.M), code
    assert not re.search(r"^    python ", (ROOT / page).read_text("utf-8"), re.M)  # not in a block that is checked


def said(language, code, names):
    """Return what the code prints, on standard output and error."""
    stream = io.StringIO()
    with redirect_stdout(stream), redirect_stderr(stream):
        if language == "python":
            exec(code, names)
        for command in code.splitlines() if language == "sh" else ():
            words = shlex.split(command)
            if words[:2] == ["python", "train.py"]:
                main(["train", *words[2:]])
            elif words[:3] == ["python", "-m", "digits"]:
                main(words[3:])
            else:
                stream.write(subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout)
    return stream.getvalue()


def agree(shown, printed):
    """Return whether a page shows what was printed, up to what varies."""

    def pattern(match):
        return {"number": r"([\d.,]+)", "time": r"_\d{8}-\d{6}\.\d\d", "any": "(?s:.*?)"}[match.lastgroup]

    def values(numbers):
        return [float(number.replace(",", "")) for number in numbers]

    pieces, place = [], 0
    for match in VARIES.finditer(shown):
        pieces += [re.escape(shown[place : match.start()]), pattern(match)]
        place = match.end()
    found = re.fullmatch("".join([*pieces, re.escape(shown[place:])]), printed)
    expected = values(match["number"] for match in VARIES.finditer(shown) if match["number"])
    return found and values(found.groups()) == pytest.approx(expected, 0.02, 0.05)


def test_numbers_may_vary_a_little_and_readings_may_not():
    shown = "read 17 with 0.99 by runs/A_20260101-000000.11 ..."
    assert agree(shown, "read 17 with 0.98 by runs/A_20270101-100000.22 and more")
    assert not agree(shown, "read 18 with 0.99 by runs/A_20260101-000000.11 ...")
    assert not agree(shown, "read 17 with 0.80 by runs/A_20260101-000000.11 ...")


@pytest.mark.slow
@pytest.mark.mnist
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.nightly] * (page == NIGHTLY)) for page in RUN if RUN[page]]
)
def test_commands_print_what_the_page_shows(page, mnist_dir, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, folder in {"docs": ROOT / "docs", "configs": ROOT / "configs", "data": DATA}.items():
        Path(name).symlink_to(folder)
    names = {}
    for language, code, text in RUN[page]:
        printed = said(language, code, names)
        assert agree(text, printed), f"{code}\nprints\n{printed}"
