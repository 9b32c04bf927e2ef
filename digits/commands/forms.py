"""Read form definitions: YAML files that define the fields of a form. docs/forms.md has an example."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from digits.common.errors import UserError
from digits.common.files import read_yaml
from digits.handwriting import Expected
from digits.handwriting.api import expect

SURE = 0.8  # default confidence below which a field is doubtful
FIELDS, PAGES = 200, 100  # the limits of a form definition


class Field(NamedTuple):
    """A rectangle on a page, and what to expect there. A value read with a confidence below `sure` is doubtful.

    The box is left, top, right and bottom, as fractions of the page's width and height.
    """

    name: str
    box: tuple[float, ...]
    page: int
    expected: Expected
    sure: float


class Form(NamedTuple):
    """The fields of a form, and its number of pages."""

    fields: list[Field]
    pages: int


def read_form(path: Path) -> Form:
    """Return the form that a YAML file defines. Raises UserError if the definition is not valid."""
    content = read_yaml(path)
    pages = None if isinstance(content.get("pages"), dict) else content.pop("pages", None)  # else a field's name
    if not 1 <= len(content) <= FIELDS:
        raise UserError(f"{path}: expected 1 to {FIELDS} fields, not {len(content):,}")
    fields = []
    for name, settings in content.items():
        try:
            fields.append(_field(name, settings))
        except UserError as error:
            raise UserError(f"{path}: {name[:50]}: {error}") from error
    last = max(field.page for field in fields)
    return Form(fields, last if pages is None else int(_number(pages, f"{path}: pages", last, PAGES, int)))


def _field(name: str, settings: Any) -> Field:
    if not re.fullmatch(r"\w[\w .-]{0,49}", name):
        raise UserError("a field name has at most 50 characters: letters, digits, underscores, spaces, dots and dashes")
    if not isinstance(settings, dict) or "box" not in settings:
        raise UserError("add `box: [left, top, right, bottom]`, each a fraction of the page's width or height")
    if unknown := settings.keys() - {"box", "page", "length", "digits", "sure"}:
        raise UserError(f"unknown setting {min(unknown)!r}; choose from box, page, length, digits and sure")
    if not isinstance(settings["box"], list) or len(settings["box"]) != 4:
        raise UserError("box: expected four fractions of the page: [left, top, right, bottom]")
    left, top, right, bottom = box = tuple(_number(side, "box", 0, 1) for side in settings["box"])
    if left >= right or top >= bottom:
        raise UserError("box: expected [left, top, right, bottom] with left < right and top < bottom")
    expected = expect(length=settings.get("length"), digits=settings.get("digits"))
    page = int(_number(settings.get("page", "1"), "page", 1, PAGES, int))
    return Field(name, box, page, expected, _number(settings.get("sure", str(SURE)), "sure", 0, 1))


def _number(text: Any, name: str, least: float, most: float, kind: type[float] = float) -> float:
    """Return the number in a text from the file. Raises UserError unless it is between `least` and `most`."""
    try:
        number = kind(text)
    except (TypeError, ValueError):
        number = -1.0
    if not least <= number <= most:  # also refuses NaN
        what = "whole number" if kind is int else "number"
        raise UserError(f"{name}: expected a {what} from {least} to {most}, not {str(text)[:50]}")
    return number
