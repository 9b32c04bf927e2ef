"""Draw the map of the package, docs/house.svg: `python -m tools.make.house`.

A row is a layer of import-linter's contract in pyproject.toml. A box is a module, with the first line of its docstring.
The core is blue: these are the files that README recommends to read.
"""

import ast
import re
import textwrap
import tomllib
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[2]
OUT = ROOT / "docs" / "house.svg"
WIDTH, GAP, LEFT = 1000, 10, 20
FONT = "font-family='system-ui, sans-serif'"
LETTER = 6.8  # width of a small letter in pixels
CORE, FILE, FOLDER = "#dfeafb", "#fffdf8", "#f1ede4"


def purpose(module):
    """Return the first line of a module's docstring."""
    file = ROOT / "digits" / f"{module}.py"
    source = (file if file.exists() else ROOT / "digits" / module / "__init__.py").read_text("utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").split("\n")[0].rstrip(".").replace("`", "")


def house():
    """Return the map as SVG."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    rows = [[name.strip() for name in row.split("|")] for row in contract["layers"]]
    core = re.findall(r"\[digits/(\w+)\.py\]", (ROOT / "README.md").read_text("utf-8"))
    parts, top = [], GAP
    for row in rows:
        width = (WIDTH - 2 * LEFT - GAP * (len(row) - 1)) / len(row)
        texts = [textwrap.wrap(purpose(name), int((width - 24) / LETTER) + 1) for name in row]
        height = 36 + 16 * max(map(len, texts))
        for n, (name, text) in enumerate(zip(row, texts, strict=True)):
            x = LEFT + n * (width + GAP)
            is_file = (ROOT / "digits" / f"{name}.py").exists()
            fill = CORE if name in core else FILE if is_file else FOLDER
            shape = f"x='{x:g}' y='{top}' width='{width:g}' height='{height}' rx='8'"
            parts.append(f"<rect {shape} fill='{fill}' stroke='#8a8578'/>")
            shown = f"{name}.py" if is_file else f"{name}/"
            parts.append(f"<text x='{x + 12:g}' y='{top + 22}' font-size='14' font-weight='600'>{shown}</text>")
            parts += [
                f"<text x='{x + 12:g}' y='{top + 41 + 16 * i}' font-size='12' fill='#4a463e'>{escape(line)}</text>"
                for i, line in enumerate(text)
            ]
        top += height + GAP
    head = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {top}' role='img' {FONT}>"
    title = "<title>The package digits: each row imports only from the rows below it</title>"
    return "\n".join([head, title, f"<rect width='{WIDTH}' height='{top}' fill='white'/>", *parts, "</svg>", ""])


if __name__ == "__main__":
    OUT.write_text(house(), "utf-8")
    print(OUT)
