"""Ignore Python modules in the working directory, which may be a stranger's folder of pictures."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.pens import line

ROOT = Path(__file__).parents[1]
STANDARD = "asyncio csv email inspect json logging platform random shlex socket tempfile typing"
OTHERS = "PIL colorama cuda cv2 google jax numpy pandas psycopg2 redis scipy sitecustomize tensorflow torch triton yaml"
PLUGIN = {  # which torch would import
    "trap-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: trap\nVersion: 1\n",
    "trap-1.dist-info/entry_points.txt": "[torch.backends]\ntrap = trap:trap\n",
}


def test_files_in_the_working_directory_have_no_effect(tmp_path):
    home, canary = tmp_path / "home", tmp_path / "canary"
    (home / "pictures").mkdir(parents=True)
    for number in range(8):  # enough to start worker processes
        line(1).save(home / "pictures" / f"0_{number}.png")
    module = f"open({str(canary)!r}, 'a').write(__file__ + '\\n')\n"
    modules = {f"{name}.py": module for name in f"trap {STANDARD} {OTHERS}".split()}
    for name, text in (PLUGIN | modules).items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONSAFEPATH", None)  # digits has set it in this process
    command = [sys.executable, "-m", "digits", "predict", "pictures"]
    process = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=300)
    assert not canary.exists(), canary.read_text()
    assert process.returncode == 0, process.stderr
