"""Nothing that lies in the working directory runs or configures anything: a stranger may have made it.

The folder is full of traps: modules by all names that are imported, libraries, and settings. A `sitecustomize.py` from
elsewhere writes down, in every Python that is started, which files are opened and which programs are started.
"""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.support.tiers import nightly

ROOT = Path(__file__).parents[1]
WATCH = """
import os, sys

log = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        os.write(log, b"opens %s\\n" % os.path.realpath(os.fsencode(arguments[0])))
    elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn"):
        libraries = os.environ.get("LD_LIBRARY_PATH", "/").split(":")
        more = b", with libraries of the working directory" if "" in libraries else b""
        os.write(log, b"starts %s%s\\n" % (os.path.realpath(os.fsencode(arguments[0])), more))

sys.addaudithook(watch)
"""
MODULE = "open({canary!r}, 'a').write(__file__ + '\\n')\n"
# Beside what is installed here: what libraries look for, and Python itself.
OTHERS = "colorama cuda google hydra jax lz4 pandas psycopg2 redis scipy sitecustomize tensorflow triton usercustomize"
SETTINGS = {
    ".numba_config.yaml": "cache_dir: compiled\n",  # in which files would be unpickled
    "matplotlibrc": "figure.facecolor: red\nfont.size: nonsense\n",
    "trap-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: trap\nVersion: 1\n",
    "trap-1.dist-info/entry_points.txt": "[torch.backends]\ntrap = trap:trap\n",  # which importing torch runs
}
NAMES = ".env .netrc .npmrc .pgpass lightning.yaml pg_service.conf pyproject.toml pyvenv.cfg setup.cfg"
NAMES += " libc.so.6 libm.so.6 libz.so.1"  # which any process loads
SETTINGS |= dict.fromkeys(NAMES.split(), "trap = 1\n")

# Torch for GPUs asks ctypes where a library is, which asks the system's own list by this path.
STARTED = sys.executable, "/sbin/ldconfig"
PICTURES = 8  # from so many on, other processes look for digits, too
TRAIN = "train --hidden 5 --epochs 1 --train_size 1000 --data_dir"
WORDS = {  # command lines, one after the other
    "train": [f"{TRAIN} DATA"],
    "predict": ["predict pictures"],
    "evaluate": ["evaluate pictures"],
    "checkpoint": ["export --network bundled --to checkpoint --out out"],
    "onnx": ["export --network bundled --to onnx --out out"],
    "figures": [f"{TRAIN} DATA", "figures --data_dir DATA"],
    "sweep": ["sweep --hidden 5 6 --epochs 1 --data_dir DATA"],
    "processes": [f"{TRAIN} DATA --trainer.devices 2 --trainer.accelerator cpu"],
}


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    (home / "pictures").mkdir(parents=True)
    image = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(image).line((30, 10, 30, 50), 0, 6)
    for number in range(PICTURES):
        image.save(home / "pictures" / f"1_{number}.png")
    return home


def traps(home: Path, but: set[str]) -> set[str]:
    """Fill a folder; returns the paths of all traps."""
    names = {*sys.stdlib_module_names, *(module.name for module in pkgutil.iter_modules()), *OTHERS.split(), "trap"}
    files = SETTINGS | {f"{name}.py": MODULE.format(canary=str(home.parent / "canary")) for name in names - but}
    for name, text in files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    return {str(home / name) for name in files}


def before_main(home: Path, environment: dict[str, str]) -> set[str]:
    """What Python imports for any `python -m`, from the working directory too, before it runs the module."""
    (home / "empty.py").write_text("import sys; print(*sys.modules)")
    done = subprocess.run([sys.executable, "-m", "empty"], cwd=home, env=environment, stdout=-1, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.mnist
@pytest.mark.parametrize(
    "way, verb",
    [
        ("python -m digits", "predict"),
        *[
            nightly("python -m digits", verb)
            for verb in ("figures", "evaluate", "checkpoint", "onnx", "sweep", "processes")
        ],
        *[nightly("digits", verb) for verb in WORDS if verb != "train"],
        *[nightly("train.py", verb) for verb in ("train", "processes")],
    ],
)
def test_nothing_in_the_working_directory_runs_or_configures(way, verb, home, tmp_path, mnist_dir):
    command = {
        "python -m digits": [sys.executable, "-m", "digits"],
        "digits": [Path(sys.executable).with_name("digits")],
        "train.py": [sys.executable, ROOT / "train.py"],
    }[way]
    log, canary, watch = tmp_path / "log", tmp_path / "canary", tmp_path / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text(WATCH.format(log=str(log)))
    environment = os.environ | {"PYTHONPATH": f"{watch}{os.pathsep}{ROOT}"}
    for name in ("PYTHONSAFEPATH", "LD_LIBRARY_PATH"):  # which digits and OpenCV have set in this process
        environment.pop(name, None)
    found = traps(home, before_main(home, environment) | {"digits"} if way == "python -m digits" else set())
    if way == "train.py":
        (home / "matplotlibrc").unlink()
        os.mkfifo(home / "matplotlibrc")  # which would be waited for
    for words in WORDS[verb]:
        words = words.replace("DATA", str(mnist_dir)).split()[way == "train.py" :]
        done = subprocess.run(
            [*command, *words], cwd=home, env=environment, stdout=-1, stderr=-1, text=True, timeout=300
        )
        seen = {*log.read_text().splitlines()}
        assert not canary.exists(), canary.read_text()
        assert sorted(seen & {f"opens {path}" for path in found}) == []
        may_start = {f"starts {os.path.realpath(path)}" for path in STARTED}
        assert {line for line in seen if line.startswith("starts ")} <= may_start
        assert done.returncode == 0 and "nonsense" not in done.stderr, done.stderr
        picture = home / "pictures" / "1_0.png"
        assert f"opens {picture}" in seen or verb not in ("predict", "evaluate")  # so it does watch
