"""Read stacks of forms: the value of each field of each document."""

import io
import sys
from base64 import b64encode
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, NamedTuple

from tqdm import tqdm

from digits.commands.forms import Field, Form
from digits.commands.sources import Format, Source, paired, show
from digits.commands.tables import SHOWN, Doubt, Rows
from digits.common.errors import UserError, printable, tried
from digits.handwriting.answer import Answer, Group, Line
from digits.handwriting.lines import Segmentation
from digits.handwriting.parallel import on_all_cores
from digits.handwriting.pdf import Patience
from digits.handwriting.picture import upright
from digits.handwriting.reader import Reader

CROP = 700, 160  # largest width and height of a field's picture on the review page, in pixels

# A field's segmentation or error, its height in pixels, and its picture as a base64 JPEG ("" without a review page).
Seen = tuple[Segmentation | UserError, int, str]
Find = Callable[..., Segmentation]  # finds the lines of a picture, given what is expected


class Value(NamedTuple):
    """The number in a field, its confidence 0..1, the likeliest numbers, and two opinions; or why nothing is read."""

    text: str = ""
    confidence: float = 0.0
    candidates: tuple[tuple[str, float], ...] = ()
    opinions: tuple[str, ...] = ()
    error: str = ""


def read_forms(
    sources: list[list[Source]], form: Form, reader: Reader, review: bool, format: Format
) -> tuple[Rows, list[Doubt], list[str]]:
    """Print the values of the fields of each document.

    Returns a table, its doubtful cells (with JPEGs for a `review` page), and an error line for each unread document and
    each PDF that lacks pages. Raises UserError if no document can be read.
    """
    if reader.detects:
        raise UserError("this network only detects one digit; choose a --network that reads all ten")
    stack = [pages[n : n + form.pages] for pages in sources for n in range(0, len(pages), form.pages)]
    read, doubtful = 0, 0
    doubts: list[Doubt] = []
    names = [printable(field.name) for field in form.fields]
    titles = [title for name in names for title in (name, f"{name} confidence")]
    rows: Rows = [["file", "page", *titles]]
    lacking = (
        f"{printable(pages[0].file)}: has {len(pages)} pages, but each form has {form.pages}. Look for a missing page,"
        " because all documents after it are misread"
        for pages in sources
        if len(pages) > 1 and len(pages) % form.pages
    )
    unread = [*dict.fromkeys(lacking)]  # report a file once, even if it is named twice
    for line in unread:
        print(line, file=sys.stderr)
    with closing(look_at(stack, form, reader.find_lines, review)) as results:
        for first, error, seen in paired([pages[0] for pages in stack], results, " forms"):
            row: list[Any] = [printable(first.file), first.page]
            rows.append(row)
            if error:
                row += [None] * len(titles)
                unread.append(f"{first.name}: {printable(error)}")
                tqdm.write(unread[-1], file=sys.stderr)
                show(format, [], first.facts | {"error": error})
                continue
            read += 1
            texts, facts = [], {}
            for field, (lines, height, crop) in zip(form.fields, seen, strict=True):
                expected = field.expected
                value = value_of(reader.answer(lines, expected), height)
                sure = value.confidence >= field.sure
                doubtful += not sure
                if not sure and doubtful <= SHOWN:
                    numbers = [number for number, _ in value.candidates]
                    place = len(rows) - 1, len(row)
                    doubts.append(Doubt(*place, crop, numbers, expected.length, expected.digits, value.opinions))
                row += [value.text, round(value.confidence, 3)]
                texts.append(f"{field.name} {value.text or 'nothing'}{'' if sure else '?'} ({value.confidence:.2f})")
                facts[field.name] = value._asdict()
            show(format, [f"{first.name}: {', '.join(texts)}"], first.facts | {"fields": facts})
    if not read:
        raise UserError("no document could be read; the lines above say why")
    fields = f"{doubtful:,} of {read * len(form.fields):,} fields doubtful"
    print(f"{read:,} of {len(stack):,} documents read, {fields}", file=sys.stderr)
    return rows, doubts, unread


def look_at(stack: list[list[Source]], form: Form, find: Find, crops: bool) -> Generator[tuple[str, list[Seen]]]:
    """Yield the error of each document ("" if there is none) and what is seen in each of its fields. Use all cores.

    Close the iterator to stop early.
    """
    patience = Patience()
    tasks = (([patience.offer(page.picture) for page in pages], form, find, crops) for pages in stack)
    with closing(on_all_cores(look, tasks)) as results:
        for pages, result in zip(stack, results, strict=True):
            result = patience.judge(pages[0].picture, result)
            yield (str(result), []) if isinstance(result, UserError) else ("", result)


def look(pages: list[Any], form: Form, find: Find, crops: bool) -> list[Seen]:
    """Return what is seen in each field of a document. Raises UserError if a page cannot be read."""
    numbers = sorted({field.page for field in form.fields})
    if numbers[-1] > len(pages):
        upright(pages[0])  # raises if the file is damaged: its count of pages may be wrong
        raise UserError(f"has only {len(pages)} of the form's {form.pages} pages; add the missing pages")
    seen: dict[Field, Seen] = {}
    for number in numbers:  # one page at a time, since a page may be large
        page = upright(pages[number - 1])
        for field in (field for field in form.fields if field.page == number):
            left, top, right, bottom = (
                round(share * side) for share, side in zip(field.box, page.size * 2, strict=True)
            )
            crop, buffer = page.crop((left, top, right, bottom)), io.BytesIO()
            segmentation = tried(find, crop, field.expected._replace(upright=True))
            if crops and min(crop.size) > 0:
                crop.thumbnail(CROP)
                crop.save(buffer, "JPEG", quality=80)
            seen[field] = segmentation, bottom - top, b64encode(buffer.getvalue()).decode()
    return [seen[field] for field in form.fields]


def value_of(answer: Answer, height: int) -> Value:
    """Return the value of a field of this height. It comes from the line whose groups have the largest weight."""

    def weight(group: Group) -> float:
        """Return the group's confidence times the area of its digits, reduced near the top and bottom of the field."""
        boxes = [reading.box for reading in group.readings]
        near = [(right - left) * (low - top) * (1 - abs((top + low) / height - 1)) for left, top, right, low in boxes]
        return group.confidence * sum(near)

    best = max(answer.lines, key=lambda line: sum(map(weight, line.groups)), default=Line([]))
    groups = [group for group in best.groups if group.text] or sorted(best.groups, key=weight)[-1:]
    if not groups:
        return Value(error=answer.error)
    confidence = min(group.confidence for group in groups)
    candidates, opinions = (groups[0].candidates, groups[0].opinions) if len(groups) == 1 else ((), ())
    return Value("".join(group.digits for group in groups), float(confidence), candidates, opinions)
