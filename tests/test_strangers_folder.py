"""Ignore Python modules and numba settings in the working directory, which may be a stranger's folder of pictures."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pens import line
from tests.support.tiers import nightly

ROOT = Path(__file__).parents[1]
MODULE = "open({canary!r}, 'a').write(__file__ + '\\n')\n"
OTHERS = "colorama cuda google jax pandas psycopg2 redis scipy sitecustomize tensorflow triton trap usercustomize"
FILES = {
    ".numba_config.yaml": "{",  # numba would stop at it; a valid file could name a cache to unpickle
    "trap-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: trap\nVersion: 1\n",
    "trap-1.dist-info/entry_points.txt": "[torch.backends]\ntrap = trap:trap\n",  # torch would import it
}
TRAIN = "train --hidden 5 --epochs 1 --train_size 1000 --data_dir DATA"


def before_main(home, environment):
    """Return the modules that any `python -m` imports, also from the working directory, before ours can act."""
    (home / "empty.py").write_text("import sys; print(*sys.modules)")
    output = subprocess.check_output([sys.executable, "-m", "empty"], cwd=home, env=environment, text=True)
    return {name.partition(".")[0] for name in output.split()}


@pytest.mark.mnist
@pytest.mark.parametrize(
    "way, words",
    [
        ("python -m digits", "predict pictures"),  # eight pictures are enough to start worker processes
        nightly("python -m digits", TRAIN),
        nightly("python -m digits", "sweep --hidden 5 6 --epochs 1 --data_dir DATA"),
        nightly("python -m digits", "figures --network bundled --data_dir DATA"),
        nightly("digits", "evaluate pictures"),
        nightly("train.py", TRAIN.removeprefix("train ")),
    ],
)
def test_files_in_the_working_directory_have_no_effect(way, words, tmp_path, mnist_dir):
    home, canary = tmp_path / "home", tmp_path / "canary"
    (home / "pictures").mkdir(parents=True)
    for number in range(8):
        line(1).save(home / "pictures" / f"0_{number}.png")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONSAFEPATH", None)  # digits has set it in this process
    imported = before_main(home, environment) | {"digits"} if way == "python -m digits" else set()
    names = {*sys.stdlib_module_names, *(module.name for module in pkgutil.iter_modules()), *OTHERS.split()} - imported
    for name, text in (FILES | {f"{name}.py": MODULE.format(canary=str(canary)) for name in names}).items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    programs = {"digits": [Path(sys.executable).with_name("digits")], "train.py": [sys.executable, ROOT / "train.py"]}
    command = [*programs.get(way, [sys.executable, "-m", "digits"]), *words.replace("DATA", str(mnist_dir)).split()]
    process = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=300)
    assert not canary.exists(), canary.read_text()
    assert process.returncode == 0, process.stderr
