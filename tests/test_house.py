import re

from tests.support import house


def test_the_map_is_that_of_the_code():
    """Else: python -m tests.support.house"""
    assert house.OUT.read_text("utf-8") == house.house()


def test_every_module_is_on_it():
    """Else: name it in a row of the layers in pyproject.toml, then python -m tests.support.house"""
    shown = re.findall(r"font-weight='600'>([\w.]+)/?<", house.OUT.read_text("utf-8"))
    there = {
        path.name
        for path in (house.ROOT / "digits").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert sorted(shown) == sorted(there - {"__init__.py"})
