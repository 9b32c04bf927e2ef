"""The page's modules, run by Node without a browser."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from digits.export.page import constants

SOURCE = Path(__file__).parents[2] / "digits" / "export" / "web" / "src"
NODE = shutil.which("node")


def run(script: str, **values: Any) -> Any:
    """What a script returns that has the `values`, and the modules network, backpropagation and lattice, by name."""
    names = ["network", "backpropagation", "lattice"]
    whole = f"""
        globalThis.self = {{ name: {json.dumps(json.dumps({"constants": constants(True)}))} }};
        const {{ {", ".join(values)} }} = {json.dumps(values)};
        {"".join(f"const {name} = await import({json.dumps((SOURCE / f'{name}.js').as_uri())});" for name in names)}
        console.log(JSON.stringify((() => {{ {script} }})(), (_, a) => (ArrayBuffer.isView(a) ? [...a] : a)));
    """
    assert NODE
    command, piped = [NODE, "--input-type=module"], {"input": whole, "capture_output": True, "encoding": "utf-8"}
    done = subprocess.run(command, **piped, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
