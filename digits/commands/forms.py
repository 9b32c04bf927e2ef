"""Form definitions: the fields of a page, which a YAML file names. docs/forms.md has such a file."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from digits.common.errors import UserError
from digits.common.files import read_bounded
from digits.handwriting import Expected
from digits.handwriting.reading import expect

SURE = 0.8  # the confidence below which a field is doubtful, unless its definition says otherwise
BYTES, FIELDS, PAGES = 100_000, 200, 100  # the limits of a definition


class Field(NamedTuple):
    """A rectangle of a page and what is expected there. With less confidence than `sure`, its value is doubtful.

    The box is left, top, right and bottom, as shares of the page's width and height.
    """

    name: str
    box: tuple[float, ...]
    page: int
    expected: Expected
    sure: float


class Form(NamedTuple):
    """The fields of a form, and how many pages it has."""

    fields: list[Field]
    pages: int


def read_form(path: Path) -> Form:
    """Return the form that a YAML file defines. Raises UserError if it defines none."""
    content = read_yaml(path)
    pages = None if isinstance(content.get("pages"), dict) else content.pop("pages", None)  # a field may be named so
    if not 1 <= len(content) <= FIELDS:
        raise UserError(f"{path}: expected 1 to {FIELDS} fields, not {len(content):,}")
    fields = []
    for name, facts in content.items():
        try:
            fields.append(_field(name, facts))
        except UserError as error:
            raise UserError(f"{path}: {name[:50]}: {error}") from error
    last = max(field.page for field in fields)
    return Form(fields, last if pages is None else int(_number(pages, f"{path}: pages", last, PAGES, int)))


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Return the values in a YAML file, by their names, as texts, lists and dictionaries.

    Raises UserError if it is no such file, if a name is there twice, or for aliases, which can stand for billions.
    """

    class Loader(yaml.BaseLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise ValueError("aliases are not read")
            return super().compose_node(parent, index)

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            for name, times in Counter(str(key.value) for key, _ in node.value).items():
                if times > 1:  # YAML would keep the last
                    raise ValueError(f"{name[:50]} is there twice")
            return super().construct_mapping(node, deep)

    try:
        values = yaml.load(read_bounded(path, BYTES).decode(), Loader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"{path}: {reason}") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UserError(f"{path}: expected lines such as `name: value`")
    return values


def _field(name: str, facts: Any) -> Field:
    if not re.fullmatch(r"\w[\w .-]{0,49}", name):
        raise UserError("expected a name of at most 50 letters and digits")
    if not isinstance(facts, dict) or "box" not in facts:
        raise UserError("expected a box: [left, top, right, bottom], in shares of the page")
    if unknown := facts.keys() - {"box", "page", "length", "digits", "sure"}:
        raise UserError(f"a field has no {min(unknown)!r}, but box, page, length, digits and sure")
    if not isinstance(facts["box"], list) or len(facts["box"]) != 4:
        raise UserError("box: expected four shares of the page: [left, top, right, bottom]")
    left, top, right, bottom = box = tuple(_number(side, "box", 0, 1) for side in facts["box"])
    if left >= right or top >= bottom:
        raise UserError("box: expected left < right and top < bottom, of [left, top, right, bottom]")
    expected = expect(length=facts.get("length"), digits=facts.get("digits"))
    page = int(_number(facts.get("page", "1"), "page", 1, PAGES, int))
    return Field(name, box, page, expected, _number(facts.get("sure", str(SURE)), "sure", 0, 1))


def _number(text: Any, name: str, least: float, most: float, kind: type[float] = float) -> float:
    """Return the number that a text from the file says. Raises UserError if it is not within `least` and `most`."""
    try:
        number = kind(text)
    except (TypeError, ValueError):
        number = -1.0
    if not least <= number <= most:  # nor nan
        what = "whole number" if kind is int else "number"
        raise UserError(f"{name}: expected a {what} from {least} to {most}, not {str(text)[:50]}")
    return number
