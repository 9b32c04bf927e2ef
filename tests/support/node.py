"""The page's modules, run by Node without a browser."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import torch

from digits.page.html import constants

SOURCE = Path(__file__).parents[2] / "digits" / "page"
READING = ["answer", "cutting", "images", "line_network", "lines", "reader"]
MODULES = ["held", *(f"reading/{name}" for name in READING), "network/backprop", "network/feedforward"]
MODULES += ["stops/small", "shell/state"]
STOPS = SOURCE / "stops" / "list.js"
NODE = shutil.which("node")
NO_IMAGES = [(torch.zeros(0, 784, dtype=torch.bool), torch.zeros(0))] * 2  # in a page, from which none learns


def held_in(page: str) -> dict[str, Any]:
    """What an exported page holds: its network, the images of MNIST, the constants."""
    return json.loads(re.search(r'<script type="application/json" id="network">(.*?)</script>', page, re.DOTALL)[1])


def run(script: str, page: dict[str, Any] | None = None, **values: Any) -> Any:
    """What a script returns that has the `values`, and MODULES by name, which find in `page` what a page holds.

    The stops of the tour are in STOPS, by their names.
    """
    whole = f"""
        globalThis.self = {{ name: {json.dumps(json.dumps(page or {"constants": constants(True), "mnist": {}}))} }};
        const {{ {", ".join(values)} }} = {json.dumps(values)};
        {"".join(f'const {Path(name).name} = await import("{(SOURCE / name).as_uri()}.js");' for name in MODULES)}
        const result = await (async () => {{ {script} }})();
        console.log(JSON.stringify(result, (_, a) => (ArrayBuffer.isView(a) ? [...a] : a)));
    """
    assert NODE
    command, piped = [NODE, "--input-type=module"], {"input": whole, "capture_output": True, "encoding": "utf-8"}
    done = subprocess.run(command, **piped, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
