"""Ignore Python modules in the working directory, which may be a stranger's folder of pictures."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

from tests.support.pens import line

ROOT = Path(__file__).parents[1]
MODULE = "open({canary!r}, 'a').write(__file__ + '\\n')\n"
OTHERS = "colorama cuda google jax pandas psycopg2 redis scipy sitecustomize tensorflow triton trap usercustomize"
FILES = {
    "trap-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: trap\nVersion: 1\n",
    "trap-1.dist-info/entry_points.txt": "[torch.backends]\ntrap = trap:trap\n",  # torch would import it
}


def before_main(home, environment):
    """Return the modules that any `python -m` imports, also from the working directory, before ours can act."""
    (home / "empty.py").write_text("import sys; print(*sys.modules)")
    output = subprocess.check_output([sys.executable, "-m", "empty"], cwd=home, env=environment, text=True)
    return {name.partition(".")[0] for name in output.split()}


def test_files_in_the_working_directory_have_no_effect(tmp_path):
    home, canary = tmp_path / "home", tmp_path / "canary"
    (home / "pictures").mkdir(parents=True)
    for number in range(8):  # enough to start worker processes
        line(1).save(home / "pictures" / f"0_{number}.png")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONSAFEPATH", None)  # digits has set it in this process
    imported = before_main(home, environment) | {"digits"}
    names = {*sys.stdlib_module_names, *(module.name for module in pkgutil.iter_modules()), *OTHERS.split()} - imported
    for name, text in (FILES | {f"{name}.py": MODULE.format(canary=str(canary)) for name in names}).items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    command = [sys.executable, "-m", "digits", "predict", "pictures"]
    process = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=300)
    assert not canary.exists(), canary.read_text()
    assert process.returncode == 0, process.stderr
