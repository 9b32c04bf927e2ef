"""docs/chapter1.ipynb, as it is saved and as it runs."""

import json
import re
from copy import deepcopy

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
support = pytest.importorskip("tools.make.notebook")


@pytest.fixture(scope="module")
def kept():
    return nbformat.read(support.NOTEBOOK, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_all_cells_were_run_in_order_and_kept_their_outputs(kept):
    cells, views = code_cells(kept), "application/vnd.jupyter.widget-view+json"
    states = "application/vnd.jupyter.widget-state+json"
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any(output.output_type == "error" for output in support.outputs(kept))
    data = [output.get("data", {}) for output in support.outputs(kept)]
    widgets = [bundle[views]["model_id"] for bundle in data if views in bundle]
    assert len(widgets) >= 4 and set(widgets) <= kept.metadata["widgets"][states]["state"].keys()
    assert sum("image/png" in bundle for bundle in data) > 15
    text = json.dumps([output for output in support.outputs(kept) if "image/png" not in output.get("data", {})])
    assert not re.search(r"/home/|/Users/|/root\b|/tmp\b|site-packages|[A-Z]:\\\\", text)  # paths of a machine


def test_links_work_and_the_text_agrees_with_the_outputs(kept):
    assert support.disagreements(kept) == []
    text = "\n".join(cell.source for cell in kept.cells if cell.cell_type == "markdown")
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (support.NOTEBOOK.parent / link).exists(), link


def test_the_photo_cell_reads_a_photo(kept, capsys):
    [cell] = [cell.source for cell in kept.cells if cell.id == "photo"]
    names = {"interact": lambda function, photo: None, "FileUpload": lambda accept: None}
    exec(cell, names)
    content = (support.NOTEBOOK.parent / "504192.jpg").read_bytes()
    names["read_photo"](({"content": memoryview(content)},))
    names["read_photo"]({"photo.jpg": {"content": content}, "other.jpg": {"content": b"no picture"}})
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["504192"] * 2 and lines[2].startswith("cannot be read")


@pytest.mark.slow
@pytest.mark.mnist
def test_the_notebook_runs_and_its_text_matches_its_outputs(kept, mnist_dir, tmp_path):
    notebook = deepcopy(kept)
    support.with_solutions(notebook)
    support.run(notebook, tmp_path)
    assert support.disagreements(notebook) == []
    for old, new in zip(code_cells(kept), code_cells(notebook), strict=False):
        assert [sorted(output.get("data", {})) for output in old.outputs] == [
            sorted(output.get("data", {})) for output in new.outputs
        ], new.id
