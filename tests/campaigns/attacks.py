"""A table of attacks: what a stranger may have put into a checkpoint, a run, a config, MNIST's folder or a picture.

An attack is made in a `Case` and says what is wanted: that it is REFUSED, in a line, with which a resumed run may pass
over a checkpoint; that it is READ; or EITHER, where the verb may do without what is at fault.
"""

import os
import random
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch

from tests.support.damage import mutate

REFUSED, READ, EITHER = "refused", "read", "either"
NETWORK = "resume", "predict", "evaluate", "export", "page"
LONG = "a" * 5000
CODE = "!!python/object/apply:os.system"


class Case(NamedTuple):
    """A run to be attacked, in the working folder `home`; what is `outside` may not be touched; the verb to be run."""

    home: Path
    outside: Path
    verb: str
    rng: random.Random

    run = property(lambda self: self.home / "runs" / "attacked")
    last = property(lambda self: self.run / "last.ckpt")
    raw = property(lambda self: self.home / "data" / "MNIST" / "raw")

    def load(self) -> dict[str, Any]:
        return torch.load(self.last, weights_only=True)

    def save(self, content: Any) -> None:
        """Bytes, or what torch saves, as both checkpoints of the run, or of one to be resumed at times as its last."""
        self.last.write_bytes(content) if isinstance(content, bytes) else torch.save(content, self.last)
        if self.verb != "resume" or self.rng.random() < 0.5:
            shutil.copy(self.last, self.run / "best.ckpt")


class Attack(NamedTuple):
    """`make` writes it, and returns what the command line names, such as the name of a picture; None for nothing."""

    what: str
    wanted: str
    verbs: tuple[str, ...]
    make: Callable[[Case], str | None]


def deflated(megabytes: int) -> bytes:
    """Zeros, as a raw deflate stream; made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + packer.flush()


# --- The folder of a run


ENTRIES = [".lock", "last.ckpt", "best.ckpt", "config.yaml", "hparams.yaml", "events.out.tfevents.1.x.1.0", ".x.part"]
PARTS = [f".{name}.PID.part" for name in ("config.yaml", "last.ckpt", "best.ckpt")]  # the PID is known at the start


def entry(name: str) -> Callable[[Case], None]:
    return lambda case: replace(case, case.run / name)


def replace(case: Case, path: Path) -> None:
    """Put a link, a FIFO or a folder in the place of a file."""
    path.unlink(missing_ok=True)
    links = [case.outside / "victim.txt", "../../notes.txt", f"../sibling/{path.name}", "../sibling/last.ckpt"]
    links += [case.outside / "folder", case.outside / "new", "/dev/zero", "/dev/full", path.name]
    kind = case.rng.choice([os.mkfifo, os.mkdir, *[lambda path: path.symlink_to(case.rng.choice(links))] * 3])
    kind(path)


def other_network(case: Case) -> None:
    content = case.load()
    hidden = case.rng.randint(6, 9)
    shapes = [(hidden, 784), (hidden,), (10, hidden), (10,)]
    content["state_dict"] = dict(zip(content["state_dict"], map(torch.ones, shapes), strict=True))
    content["hyper_parameters"]["hidden"] = [hidden]
    torch.save(content, case.run / "best.ckpt")


def curves(case: Case) -> None:
    """A log that is damaged, or whose records say that they are huge."""
    log = case.rng.choice(sorted(case.run.glob("events*")))
    content = log.read_bytes()
    huge = case.rng.getrandbits(62).to_bytes(8, "little") + case.rng.randbytes(99)
    log.write_bytes(case.rng.choice([mutate(content, case.rng), huge, content + huge, b"", case.rng.randbytes(5000)]))


RUNS = [
    *(Attack(f"run: {name} is no file", EITHER, ("resume", "predict"), entry(name)) for name in ENTRIES),
    *(Attack(f"run: {name} is no file", EITHER, ("resume",), entry(name)) for name in PARTS),
    Attack("run: best.ckpt of another network", READ, ("predict", "evaluate", "export"), other_network),
    Attack("run: best.ckpt of another network", EITHER, ("resume",), other_network),
    Attack("run: read-only", EITHER, NETWORK, lambda case: case.run.chmod(0o500)),
    Attack("run: its curves", EITHER, ("figures", "resume"), curves),
]


# --- Configs


def config(what: str, wanted: str, *texts: str | bytes | Callable[[Case], Any], whole: bool = False) -> Attack:
    """A config file that is one of the `texts`, or has it as its last lines."""

    def make(case: Case) -> None:
        text = case.rng.choice(texts)
        text = text(case) if callable(text) else text
        first = b"" if whole else (case.run / "config.yaml").read_bytes()
        (case.run / "config.yaml").write_bytes(first + (text.encode() if isinstance(text, str) else text))

    return Attack(f"config: {what}", wanted, ("config", "resume"), make)


def deep(case: Case) -> str:
    n, key = case.rng.randint(1000, 5000), case.rng.choice(["hidden", "trainer", "x"])
    texts = [f"{key}: {'[' * n}{']' * n}", f"{key}: {'{a: ' * n}{'}' * n}", "[" * 20 * n, "- " * n]
    return case.rng.choice([*texts, "\n".join(" " * depth + "a:" for depth in range(n // 3))])


def number_of(case: Case) -> str:
    names = ["epochs", "batch_size", "seed", "train_size", "early_stop", "only_digit", "lr", "distort", "negatives"]
    name, digits = case.rng.choice([*names, "hidden"]), case.rng.randint(20, 300)
    values = ["0x" + "f" * digits, "1" * 20 * digits, ".inf", ".nan", "-1e300", "2020-01-01"]
    value = case.rng.choice(values if name == "lr" else [*values, "1e300"])
    return f"{name}: [{value}]" if name == "hidden" else f"{name}: {value}"


BOMB = "hidden: &a0 [1, 1]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
KEYS = "1: 2|null: 3|? [1, 2]\n: 3|{a: b}: 3|hidden: {0: 5}|true: 1|2020-01-01: 1|'': 3|nope: 1|lr: {a: 1}|lr: {1: 1}"
KEYS += "|trainer: {1: 2}|trainer: [1]|trainer: {nope: 1}|trainer: {null: 1}|epochs: [[3]]"
CLASSES = ["evil.Payload", "{class_path: evil.Payload}", "[{class_path: evil.Payload, init_args: {}}]", "os.system"]
TRAINER = ["callbacks", "logger", "plugins", "profiler", "strategy", "accelerator", "default_root_dir", "precision"]
ODD = "check_val_every_n_epoch: 0|strategy: ddp_spawn|strategy: ddp_fork|strategy: ddp_notebook|devices: 0"
ODD += "|devices: 1000000000|val_check_interval: -1|accelerator: nope|max_time: x|max_steps: 5|precision: 16"
LIKELY = "limit_train_batches: 0|limit_val_batches: 0|log_every_n_steps: 0|num_sanity_val_steps: -1|barebones: true"
LIKELY += "|profiler: simple|overfit_batches: 0.5|fast_dev_run: true|accumulate_grad_batches: 0|min_epochs: -5"
LIKELY += "|gradient_clip_val: 1e300|reload_dataloaders_every_n_epochs: -1|detect_anomaly: true|logger: false"
PATHS = ["a\\0b", LONG, "a/" * 2500, "b" * 300]
CONFIGS = [
    config("nothing", READ, "", "# a comment", "trainer: {}", "only_digit:"),
    config("deep", REFUSED, deep, whole=True),
    config("aliases", REFUSED, BOMB, "hidden: &a [*a]", "trainer: &a {<<: *a}", "hidden: &a [1]\ntrainer: {x: *a}"),
    config("keys", REFUSED, *KEYS.split("|")),
    config("numbers", REFUSED, number_of),
    config("data_dir", REFUSED, *(f'data_dir: "{path}"' for path in PATHS)),
    config("run_dir", EITHER, *(f'run_dir: "{path}"' for path in PATHS)),
    config("URL", REFUSED, *(f"data_dir: {kind}://127.0.0.1:9/x" for kind in ("http", "ftp", "file", "s3", "memory"))),
    config("objects", REFUSED, *(f"trainer: {{{k}: {v}}}" for k in TRAINER[:-2] for v in CLASSES[1:3])),
    config("names of classes", EITHER, *(f"trainer: {{{k}: {v}}}" for k in TRAINER for v in CLASSES)),
    config("tags", REFUSED, f"lr: {CODE} [touch canary]", "x: !!python/object/new:os.mkdir [canary]"),
    config("Trainer", REFUSED, *(f"trainer: {{{line}}}" for line in ODD.split("|"))),
    config("odd Trainer", EITHER, *(f"trainer: {{{line}}}" for line in LIKELY.split("|"))),
    config("no YAML", REFUSED, "", "word", "[1, 2", "- 1", "\0", bytes(range(256)), "a: b: c", whole=True),
    config("long", EITHER, "# comment\n" * 10**6, "lr: 1\n" * 10**4, "x: " + "y" * 10**6),
    Attack("config: no file", EITHER, ("config",), entry("config.yaml")),
]


# --- MNIST's files


def gz_bomb(case: Case) -> None:
    path = case.rng.choice(sorted(case.raw.iterdir()))
    path.unlink()
    path.with_name(f"{path.name}.gz").write_bytes(b"\x1f\x8b\x08" + bytes(7) + deflated(case.rng.randint(1200, 1500)))


def no_data(case: Case) -> None:
    """No file where MNIST's are, or where their archives could be."""
    path = case.rng.choice(sorted(case.raw.iterdir()))
    if case.rng.random() < 0.5:
        path.unlink()
        path = path.with_name(f"{path.name}.gz")
    replace(case, path)


def linked_data(case: Case) -> None:
    case.raw.symlink_to(case.raw.rename(case.outside / "raw"))


MNIST = [
    Attack("data: archive that is a bomb", REFUSED, ("config", "evaluate", "page"), gz_bomb),
    Attack("data: no file", REFUSED, ("config", "evaluate", "page"), no_data),
    Attack("data: folder is a link", EITHER, ("config", "evaluate"), linked_data),
]
TABLE = [*RUNS, *CONFIGS, *MNIST]
