"""Forms: the fields of a page, which a YAML file names, read in each document of a stack, one row a document.

docs/forms.md has such a file.
"""

import io
import re
import sys
from base64 import b64encode
from collections import Counter
from contextlib import closing
from functools import partial
from json import dumps
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from PIL.Image import Image
from tqdm import tqdm

from digits.commands.pictures import How, Source
from digits.commands.review import SHOWN, Doubt
from digits.common.errors import UserError, printable, tried
from digits.common.files import read_bounded
from digits.handwriting.answer import Answer, Group, Line
from digits.handwriting.lines import Expected, Segmentation, find_lines
from digits.handwriting.parallel import on_all_cores
from digits.handwriting.pdf import SKIPPED, Patience
from digits.handwriting.picture import upright
from digits.handwriting.reader import Reader
from digits.handwriting.reading import expect

SURE = 0.8  # what is read with less confidence is to be looked at, if its field says nothing else
FIELDS, PAGES = 200, 100  # of a form at most
CROP = 700, 160  # width and height of what a review shows, at most, in pixels

# What is found in a field of a document, its height in pixels, and a JPEG of it, in base64, if it may be shown.
Seen = tuple[Segmentation | UserError, int, str]


class Field(NamedTuple):
    """A rectangle of a page, in shares of its width and height: left, top, right, bottom; and what is expected there.

    What is read with less confidence than `sure` is to be looked at.
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


class Value(NamedTuple):
    """What a field says, how sure that is, 0..1, and the likeliest numbers; nothing, if `error` says why."""

    text: str = ""
    confidence: float = 0.0
    candidates: tuple[tuple[str, float], ...] = ()
    error: str = ""


def parse(path: Path) -> Form:
    """The form that a file describes. Raises UserError if it is not such a file."""
    known = read_yaml(path)
    pages = None if isinstance(known.get("pages"), dict) else known.pop("pages", None)  # a field may be named so, too
    if not 1 <= len(known) <= FIELDS:
        raise UserError(f"{path}: expected 1 to {FIELDS} fields, not {len(known):,}")
    fields = []
    for name, facts in known.items():
        try:
            fields.append(_field(name, facts))
        except UserError as error:
            raise UserError(f"{path}: {name[:50]}: {error}") from error
    twice = next((title for title, count in Counter(titles(fields)).items() if count > 1), None)
    if twice:
        raise UserError(f"{path}: two columns of the table would be {twice!r}; name a field otherwise")
    last = max(field.page for field in fields)
    return Form(fields, last if pages is None else int(_number(pages, f"{path}: pages", last, PAGES, int)))


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The values in a YAML file, by their names, as texts, lists and dictionaries.

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
        values = yaml.load(read_bounded(path, 100_000).decode(), Loader)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise UserError(f"{path}: {reason}") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UserError(f"{path}: expected lines such as `name: value`")
    return values


def titles(fields: list[Field]) -> list[str]:
    """The titles of the columns of a table."""
    return ["file", "page", *(title for field in fields for title in (field.name, f"{field.name} confidence"))]


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


def _number(said: Any, name: str, least: float, most: float, kind: type[float] = float) -> float:
    """A number from `least` to `most` that a text says."""
    try:
        number = kind(said)
    except (TypeError, ValueError):
        number = -1.0
    if not least <= number <= most:  # nor nan
        what = "whole number" if kind is int else "number"
        raise UserError(f"{name}: expected a {what} from {least} to {most}, not {str(said)[:50]}")
    return number


def documents(sources: list[Source], pages: int) -> list[list[Source]]:
    """The pages of each document: a picture, or so many pages of a PDF, one after the other."""
    found: list[list[Source]] = []
    for source in sources:
        if source.page and source.page > 1 and len(found[-1]) < pages:  # of the same PDF as the one before
            found[-1].append(source)
        else:
            found.append([source])
    return found


def read_forms(
    sources: list[Source], form: Form, reader: Reader, review: bool, how: How
) -> tuple[list[list[Any]], list[Doubt], list[str]]:
    """Read the fields of each document, and say them, but for a table; with JPEGs of what is doubtful for a `review`.

    Returns the rows of a table, its doubtful cells, and a line for each document that cannot be read, or PDF that lacks
    pages. Raises UserError if no document can be read.
    """
    if reader.detects:
        raise UserError("this network only detects one digit; fields need one that reads all ten")
    stack, fields = documents(sources, form.pages), form.fields
    rows: list[list[Any]] = [titles(fields)]
    doubts, read, doubtful, patience, error = list[Doubt](), 0, 0, Patience(), ""
    troubles = [
        f"{printable(file)}: has {count} pages, not a multiple of the form's {form.pages}; look for a missing page,"
        " since all documents after it are misread"
        for file, count in {source.file: source.page for source in sources}.items()
        if count and count > 1 and count % form.pages
    ]
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    tasks = (([patience.offer(source.picture) for source in pages], form, reader.context, review) for pages in stack)
    with closing(on_all_cores(look, tasks)) as seen:
        bar = tqdm(stack, "predict", leave=False, unit=" forms", disable=None)
        for (first, *_), result in zip(bar, seen, strict=True):
            found = patience.judge(first.picture, result)
            before, error = error, str(found) if isinstance(found, UserError) else ""
            if before == error == SKIPPED:  # the line before says it of all pages
                continue
            row: list[Any] = [first.file, first.page]
            rows.append(row)
            if isinstance(found, UserError):
                row += [None] * 2 * len(fields)
                troubles.append(f"{first.name}: {printable(error)}")
                tqdm.write(troubles[-1], file=sys.stderr)
                if how == "json":
                    tqdm.write(dumps(first.facts | {"error": error}))
                continue
            read += 1
            facts, shown = {}, []
            for field, (lines, height, crop) in zip(fields, found, strict=True):
                said = value(reader.answer(lines, field.expected), height)
                is_sure = said.confidence >= field.sure
                doubtful += not is_sure
                if not is_sure and len(doubts) < SHOWN:
                    likely, expected = [number for number, _ in said.candidates], field.expected
                    doubts.append(Doubt(len(rows) - 1, len(row), crop, likely, expected.length, expected.digits))
                row += [said.text, round(said.confidence, 3)]
                facts[field.name] = said._asdict()
                shown.append(f"{field.name} {said.text or 'nothing'}{'' if is_sure else '?'} ({said.confidence:.2f})")
            if how == "json":
                tqdm.write(dumps(first.facts | {"fields": facts}))
            elif how == "lines":
                tqdm.write(f"{first.name}: {', '.join(shown)}")
    if not read:
        raise UserError("none of the documents can be read")
    not_read = f", {len(stack) - read:,} not read" if read < len(stack) else ""
    shares = f"{doubtful:,} of {read * len(fields):,}"
    print(f"documents: {read:,} read{not_read}; fields: {shares} doubtful", file=sys.stderr)
    return rows, doubts, troubles


def look(pages: list[Any], form: Form, context: bool, crops: bool) -> list[Seen]:
    """What is seen in each field of a document, with `crops` to show. Raises UserError if its pages cannot be read."""
    wanted = sorted({field.page for field in form.fields})
    if wanted[-1] > len(pages):
        upright(pages[0])  # says so, if it is damaged: then its other pages are not known
        raise UserError(f"has {len(pages)} of the {form.pages} pages of the form")
    seen = dict[str, Seen]()
    for number in wanted:  # one after the other: a page may be large
        page = upright(pages[number - 1])
        seen |= {field.name: _look(page, field, context, crops) for field in form.fields if field.page == number}
    return [seen[field.name] for field in form.fields]


def _look(page: Image, field: Field, context: bool, crops: bool) -> Seen:
    left, top, right, bottom = (round(share * side) for share, side in zip(field.box, page.size * 2, strict=True))
    crop, buffer = page.crop((left, top, right, bottom)), io.BytesIO()
    expected = field.expected._replace(upright=True)  # the page is: its fields are not turned
    found = tried(partial(find_lines, context=context), crop, expected)
    if crops and min(crop.size) > 0:
        crop.thumbnail(CROP)
        crop.save(buffer, "JPEG", quality=80)
    return found, bottom - top, b64encode(buffer.getvalue()).decode()


def value(answer: Answer, height: int) -> Value:
    """What a field of this height says: of its lines that which is largest, surest, and nearest to its middle."""

    def weight(group: Group) -> float:
        """The area of its digits, less of what is near the top or bottom, times the confidence in them."""
        boxes = [reading.box for reading in group.readings]
        near = [(right - left) * (low - top) * (1 - abs((top + low) / height - 1)) for left, top, right, low in boxes]
        return group.confidence * sum(near)

    best = max(answer.lines, key=lambda line: sum(map(weight, line.groups)), default=Line([]))
    groups = [group for group in best.groups if group.text] or sorted(best.groups, key=weight)[-1:]
    if not groups:
        return Value(error=answer.error)
    sure = min(group.confidence for group in groups)
    candidates = groups[0].candidates if len(groups) == 1 else ()
    return Value("".join(group.digits for group in groups), float(sure), candidates)
