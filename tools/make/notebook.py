"""Run docs/chapter1.ipynb, and compare the numbers in its text with what its cells print.

`python -m tools.make.notebook` runs all cells and saves their outputs. Text and code are edited by hand. Review the
changes.
"""

import base64
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image

from digits.common.files import write_atomically
from digits.figures.style import png
from tests.support.small_mnist import DATA

NOTEBOOK = Path(__file__).parents[2] / "docs" / "chapter1.ipynb"
NUMBER = r"[-−]?\d[\d,]*(?:\.\d+)?"
SOLUTION = re.compile(r"<details>\n<summary>.*?</summary>\n\n```python\n(.*?)\n```\n\n(.*?)\n\n</details>", re.S)


class Client(NotebookClient):
    """A client that keeps what a widget shows as an output of its cell, for readers without widgets.

    It does not answer widgets, because it could then miss the end of a cell.
    """

    def on_comm_open_jupyter_widget(self, msg: dict[str, Any]) -> None:
        return None


def run(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells in place, with an empty `folder` as the working directory. Raises if a cell does."""
    (folder / "data").symlink_to(DATA)
    settings = {"timeout": 600, "coalesce_streams": True, "record_timing": False}
    Client(notebook, **settings, resources={"metadata": {"path": str(folder)}}).execute()
    for output in outputs(notebook):
        if data := output.get("data"):
            data.pop("image/jpeg", None)  # the same as its PNG
            if "image/png" in data:
                picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
                data["image/png"] = base64.b64encode(png(picture)).decode()


def outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def with_solutions(notebook: NotebookNode) -> list[str]:
    """Add a cell of code and a cell of text for the solution of each exercise. Return the titles of the exercises."""
    titles = []
    for cell in list(notebook.cells):
        if cell.cell_type == "markdown" and (solution := SOLUTION.search(cell.source)):
            titles.append(cell.source.splitlines()[0])
            notebook.cells.append(nbformat.v4.new_code_cell(solution[1]))
            notebook.cells.append(nbformat.v4.new_markdown_cell(solution[2]))
    return titles


def disagreements(notebook: NotebookNode) -> list[str]:
    """Return each bold number that the code cell before it did not print, up to one in the last digit."""
    faults, output = [], ""
    for cell in notebook.cells:
        if cell.cell_type == "code":  # only what it printed
            output = "".join(shown.text for shown in cell.outputs if shown.output_type == "stream")
            continue
        for bold in re.findall(rf"\*\*({NUMBER})\*\*", SOLUTION.sub("", cell.source)):
            digit = 10.0 ** -len(bold.partition(".")[2])
            if not any(abs(value(bold) - value(number)) < 1.001 * digit for number in re.findall(NUMBER, output)):
                faults.append(f"{cell.get('id')}: {bold} is not in: {output.strip()}")
    return faults


def value(number: str) -> float:
    return float(number.replace("−", "-").replace(",", ""))


if __name__ == "__main__":
    book = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        run(book, Path(folder))
    write_atomically(NOTEBOOK, (nbformat.writes(book) + "\n").encode())
    sys.exit("\n".join(disagreements(book)) or None)
