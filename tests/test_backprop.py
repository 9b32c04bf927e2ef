import re
from pathlib import Path


def test_the_gradient_check_in_chapter_2_passes(capsys):
    """Backpropagation gives the same slope as a small change of the weight."""
    page = (Path(__file__).parents[1] / "docs" / "chapter2.md").read_text("utf-8")
    exec(re.search(r"```python\n(.*?)```", page, re.S)[1], {})
    slope, nudged = capsys.readouterr().out.split()
    assert slope == nudged and abs(float(slope)) > 1e-4
