"""Run folders and checkpoints of strangers are used: each with something in it that does harm or makes no sense.

None may run code, end in a traceback, or take long.
"""

import random
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from itertools import count
from pathlib import Path

import pytest
import torch
import yaml
from PIL import Image, ImageDraw

from digits.__main__ import main
from tests.support.small_mnist import use, write_mnist

COUNT, LIMIT = 300, 5


class Hostile:
    """Unpickled, it would create a file."""

    def __reduce__(self):
        return open, ("canary", "w")


TRAINER = ["callbacks", "logger", "plugins", "profiler", "strategy", "accelerator", "max_epochs", "nope"]
VALUES = [None, True, 0, -1, 2**70, 1e400, float("nan"), "", "\x1b[2J", "evil.Payload", [], [[]], {}, {"a": {}}, [None]]
VALUES += [{"class_path": "evil.Payload"}, [{"class_path": "evil.Payload"}], "!!python/object/apply:os.mkdir", 10**9]
OBJECTS = [  # that YAML cannot hold
    torch.full((12, 784), float("nan")),
    torch.ones(12, 784, dtype=torch.complex64),
    torch.ones(1).expand(200_000, 200_000),
    torch.ones(0, 12),
    torch.ones(12, 784).to_sparse(),
    torch.empty(12, 784, device="meta"),
    Hostile(),
]
BOMB = "hidden: &a0 [1, 1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
TEXTS = ["", "word", "[1, 2", "\x00", "- 1", "lr: {a: 1}", BOMB, "run_dir: !!python/object/apply:os.mkdir [canary]"]


def checkpoint(path: Path, rng: random.Random) -> str:
    """Write a hostile checkpoint; returns its kind."""
    content = torch.load(Path("runs", "good", "best.ckpt"), weights_only=True)
    kind = rng.choice(["state_dict", "hyper_parameters", "content"])
    place = content if kind == "content" else content[kind]
    place[rng.choice([*place, "other", "network.4.weight"])] = rng.choice(VALUES + OBJECTS)
    torch.save(content, path)
    return f"checkpoint: {kind}"


def config(run: Path, rng: random.Random) -> str:
    """Write a hostile config.yaml; returns its kind."""
    settings = {"hidden": [12], "epochs": 4, "lr": 1.0, "data_dir": "data", "trainer": {"max_epochs": 1}}
    kind = rng.choice(["trainer", "setting", "text"])
    if kind == "trainer":
        settings["trainer"] = {rng.choice(TRAINER): rng.choice(VALUES)}
    elif kind == "setting":
        settings[rng.choice([*settings, "other"])] = rng.choice(VALUES)
    (run / "config.yaml").write_text(rng.choice(TEXTS) if kind == "text" else yaml.safe_dump(settings))
    return f"config: {kind}"


def reading(run) -> list[list]:
    """The commands that use a run's checkpoint."""
    return [["predict", "--single", "--network", run, "1.png"], ["export", "--network", run]]


def attacks(folder: Path, seed: int):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)  # as the folder of a script is
        use(patch, write_mnist(Path("data", "MNIST", "raw")))
        yield from _attacks(random.Random(seed))


def _attacks(rng: random.Random):
    """In an empty working directory but for MNIST's files."""
    Path("evil.py").write_text("open('canary', 'w')\nclass Payload: pass\n")
    picture = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(picture).line((30, 10, 30, 50), 0, 6)
    picture.save("1.png")
    with redirect_stdout(StringIO()):
        main(["train", "--hidden", "12", "--epochs", "2", "--lr", "1", "--run_dir", "runs/good"])
        for words in reading("runs/good"):  # or the attacks would be refused for another reason than theirs
            main([str(word) for word in words])
    yield None
    for number in count():
        run = Path("runs", str(number))
        run.mkdir()
        if rng.random() < 0.6:
            kind = checkpoint(run / "best.ckpt", rng)
            (run / "last.ckpt").write_bytes((run / "best.ckpt").read_bytes())
            (run / "config.yaml").write_text("hidden: [12]\nepochs: 4\nlr: 1\n")
            words = rng.choice([*reading(run), ["train", "--resume", run]])
        else:
            kind = config(run, rng)
            words = ["train", *rng.choice([["--resume", run], ["--config", run / "config.yaml"]])]
        code = 0
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            try:
                main([str(word) for word in words])
            except SystemExit as stop:
                code = stop.code
        lines = err.getvalue().splitlines()
        assert code == 0 or lines, (kind, words)
        assert all(len(line) < 1000 and line.isprintable() for line in lines), (kind, words, lines)
        assert "nan" not in out.getvalue().lower(), (kind, words)
        assert not Path("canary").exists(), f"code was executed: {kind}, {words}"
        yield f"{kind}: {'works' if code == 0 else 'clear error'}"
