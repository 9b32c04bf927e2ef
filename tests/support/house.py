"""The map of the package, a table in CONTRIBUTING.md: `python -m tests.support.house` makes it from the code.

The layers are those of import-linter's contract in pyproject.toml. A module comes with the first line of its docstring.
"""

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUT = ROOT / "CONTRIBUTING.md"
HEAD = "| layer | module | what it is |\n| ---: | --- | --- |\n"


def mapped():
    """The text of CONTRIBUTING.md with the table as it should be; the core, which README names for reading, is bold."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"][0]
    core, rows = re.findall(r"\[digits/(\w+)\.py\]", (ROOT / "README.md").read_text("utf-8")), []
    for layer, names in zip(range(len(contract["layers"]), 0, -1), contract["layers"], strict=True):
        for name in map(str.strip, names.split("|")):
            file = f"digits/{name}.py" if (ROOT / "digits" / f"{name}.py").exists() else f"digits/{name}/__init__.py"
            purpose = (ast.get_docstring(ast.parse((ROOT / file).read_text("utf-8"))) or "").split("\n")[0]
            shown = f"[{name}]({file.removesuffix('/__init__.py')})"
            rows.append(f"| {layer} | {f'**{shown}**' if name in core else shown} | {purpose.rstrip('.')} |\n")
    before, _, after = OUT.read_text("utf-8").partition(HEAD)
    return before + HEAD + "".join(rows) + re.sub(r"^(\|.*\n)*", "", after)


if __name__ == "__main__":
    OUT.write_text(mapped(), "utf-8")
