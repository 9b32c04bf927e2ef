"""Attacks on checkpoints, in a table; see `tests.campaigns.attacks`."""

import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from tests.campaigns.attacks import EITHER, LONG, NETWORK, READ, REFUSED, Attack, Case, deflated
from tests.support.damage import mutate

RESUMED = ("resume",)
ABSENT = object()
NAN, INF, HUGE = float("nan"), float("inf"), 10**30


def changed(what: str, wanted: str, change: Callable[[dict, Case], object], verbs: tuple[str, ...] = NETWORK) -> Attack:
    """A checkpoint of which change(content, case) has changed what it holds."""

    def make(case: Case) -> None:
        content, limit = case.load(), sys.getrecursionlimit()
        change(content, case)
        sys.setrecursionlimit(20_000)  # for lists in lists
        case.save(content)
        sys.setrecursionlimit(limit)

    return Attack(f"checkpoint: {what}", wanted, verbs, make)


def at(what: str, wanted: str, place: str, *values: Any, verbs: tuple[str, ...] = NETWORK) -> Attack:
    """One of `values`, or what they make for a case, is at a place such as `loops>fit_loop`."""

    def change(content: Any, case: Case) -> None:
        *path, last = place.split(">")
        for key in path:
            content = content[int(key) if isinstance(content, list) else key]
        for key in list(content) if last == "*" else [last]:
            content.pop(key, None)
            value = case.rng.choice(values)
            if value is not ABSENT:
                content[key] = value(case) if callable(value) else value

    return changed(what, wanted, change, verbs)


def written(what: str, wanted: str, make: Callable[[Case], Any]) -> Attack:
    """A checkpoint of the bytes that make(case) returns, or of what else it returns, as torch saves it."""
    return Attack(f"checkpoint: {what}", wanted, NETWORK, lambda case: case.save(make(case)))


def path_of(case: Case) -> Any:
    """A path to what is not the run's."""
    folder, victim = case.outside / "folder", case.outside / "victim.txt"
    link = case.run / f"link{case.rng.randrange(10)}"
    link.unlink(missing_ok=True)
    link.symlink_to(case.rng.choice([folder, victim, "../sibling", "/nowhere"]))
    paths = ["..", ".", "", "/x/y/..", "../..", "../sibling", "../sibling/last.ckpt", case.home / "notes.txt"]
    paths += [link.name, link, victim, folder, f"{folder}/..", "\0", LONG, 5]
    path = case.rng.choice(paths)
    return str(path) if isinstance(path, Path) else path


def state_of_checkpoints(content: dict, case: Case) -> None:
    """Where Lightning remembers which files it wrote, to remove them."""
    scores = [torch.tensor(0.0), 0, -1.0, NAN, "abc", None, torch.tensor([0.0, 1.0]), True]
    for state in content["callbacks"].values():
        if "best_k_models" in state:
            wrong = {name: path_of(case) for name in ("best_model_path", "kth_best_model_path", "last_model_path")}
            wrong |= {"dirpath": path_of(case), "best_k_models": {path_of(case): case.rng.choice(scores)}}
            wrong |= {name: case.rng.choice(scores) for name in ("kth_value", "best_model_score", "current_score")}
            state |= dict(case.rng.sample(sorted(wrong.items()), case.rng.randint(1, len(wrong))))
            state["mode"] = case.rng.choice(["max", "min", 5])


def nested(case: Case) -> list:
    """A list of some 10^13 to 10^40 leaves, in itself, or very deep."""
    value: list = [0]
    kind = case.rng.choice(["many", "itself", "deep"])
    if kind == "itself":
        value.append(value)
    for _ in range({"many": case.rng.randint(13, 40), "itself": 0, "deep": case.rng.randint(500, 2000)}[kind]):
        value = [value] * (10 if kind == "many" else 1)
    return value


def many_lists(content: dict, case: Case) -> None:
    place = case.rng.choice(["", "callbacks", "hyper_parameters", "datamodule_hyper_parameters"])
    settings = content[place] if place else content
    settings[case.rng.choice(["x", *settings])] = nested(case)


class Call:
    """Unpickled, it calls a function."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


def code(case: Case) -> bytes:
    calls = [(open, "canary", "w"), (os.system, "touch canary"), (eval, "open('canary', 'w')"), (os.mkdir, "canary")]
    calls += [(subprocess.Popen, ["touch", "canary"]), (os.remove, str(case.outside / "victim.txt"))]
    content, saved, kind = case.load(), BytesIO(), case.rng.choice(["new", "old", "pickle"])
    content[case.rng.choice([*content, "x"])] = Call(*case.rng.choice(calls))
    if kind == "pickle":
        return pickle.dumps(content)
    torch.save(content, saved, _use_new_zipfile_serialization=kind == "new")
    return saved.getvalue()


def zip_bomb(case: Case) -> bytes:
    """Entries that are compressed, or say that they are small, or are many."""
    buffer, kind = BytesIO(), case.rng.randrange(3)
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(20_000 if kind == 0 else 1):
            archive.writestr(f"archive/data/{number}" if kind == 0 else "archive/data.pkl", b"")
        if kind:
            content = deflated(case.rng.randint(1200, 2000))
            entry = zipfile.ZipInfo("archive/data/0")
            archive.writestr(entry, content)
            entry.compress_type, entry.compress_size = zipfile.ZIP_DEFLATED, len(content)
            entry.file_size = 2_000_000_000 if kind == 1 else 1000
    return buffer.getvalue()


def truncated(case: Case) -> bytes:
    content = case.last.read_bytes()
    return content[: case.rng.randrange(len(content))]


def network2(case: Case) -> str:
    """A file of network2.py that is deep, or of huge numbers; returns its name."""
    good = {"sizes": [784, 2, 10], "cost": "QuadraticCost", "weights": [[[0.0] * 784] * 2, [[0.0] * 2] * 10]}
    good["biases"] = [[[0.0]] * 2, [[0.0]] * 10]
    deep = case.rng.randint(2000, 100_000)
    wrong = case.rng.choice([10**40, NAN, INF, -1, "1" * 100, None, True, [], {}, 0])
    sizes = case.rng.choice([[784, HUGE, 10], [HUGE**2, 10], [784, -2, 10], [10], [784]])
    texts = ["[" * deep, '{"sizes":' * deep, '{"sizes": [784, ' + "9" * 5000 + ", 10]}", "", "\0", "[]" * deep]
    for place in ("sizes", "cost", "weights", "biases"):
        texts.append(json.dumps(good | {place: wrong}))
        texts.append(json.dumps(good | {place: [wrong, *good[place]][: len(good[place])]}))
    texts.append(json.dumps(good | {"sizes": sizes}))
    (case.run / "net.json").write_text(case.rng.choice(texts))
    return "runs/attacked/net.json"


def tensor(make: Callable[[torch.Tensor], Any]) -> Callable[[dict, Case], None]:
    def change(content: dict, case: Case) -> None:
        name = case.rng.choice(list(content["state_dict"]))
        content["state_dict"][name] = make(content["state_dict"][name])

    return change


TENSORS: dict[str, Callable[[torch.Tensor], Any]] = {
    "1e300": lambda x: x.double() + 1e300,
    "inf": lambda x: x + INF,
    "nan": lambda x: x * NAN,
    "complex": lambda x: x + 1j,
    "sparse": lambda x: x.to_sparse(),
    "quantized": lambda x: torch.quantize_per_tensor(x, 1.0, 0, torch.qint8),
    "expanded": lambda x: torch.ones(1).expand(x.shape),
    "a huge expanded one": lambda x: torch.ones(1).expand(200_000, *x.shape),
    "meta": lambda x: x.to("meta"),
    "of another shape": lambda x: x[:-1],
    "no tensor": lambda x: x.tolist(),
    "empty": lambda x: x[:0],
}
SETTINGS, DATA, OPTIMIZER = "hyper_parameters", "datamodule_hyper_parameters", "optimizer_states>0>param_groups>0"
FOREIGN = [b"", b"\x7fELF" + bytes(99), b"\x89HDF\r\n\x1a\n", b"{}", b"PK\5\6" + bytes(18)]
FOREIGN += [{"model": torch.ones(3)}, [1], None, torch.ones(5), {"state_dict": {}}]
NONSENSE = ["abc", NAN, INF, -1, HUGE, None, [], {}, [[]], True, torch.ones(3), b"x", (), ABSENT]
TABLE = [
    Attack("checkpoint: nothing", READ, NETWORK, lambda case: None),
    *(changed(f"a tensor is {name}", REFUSED, tensor(make)) for name, make in TENSORS.items()),
    changed("paths and scores of files to remove", EITHER, state_of_checkpoints, NETWORK + RESUMED * 9),
    changed("lists", EITHER, many_lists),
    written("code", REFUSED, code),
    written("zip bomb", REFUSED, zip_bomb),
    written("truncated", REFUSED, truncated),
    written("damaged", EITHER, lambda case: mutate(case.last.read_bytes(), case.rng)),
    written("of another program", REFUSED, lambda case: case.rng.choice(FOREIGN)),
    Attack("checkpoint: network2", REFUSED, ("json",), network2),
    at("state_dict", REFUSED, "state_dict", *NONSENSE),
    at("callbacks", EITHER, "callbacks", *NONSENSE, {"a": None}, {1: {}}),
    at("state of callbacks", EITHER, "callbacks>*", *NONSENSE),
    at("curves", EITHER, "callbacks>EpochCurves>best/validation", *NONSENSE),
    at("hyperparameters", EITHER, SETTINGS, *NONSENSE),
    at("settings of the data", EITHER, DATA, *NONSENSE, {"batch_size": 0}, {"data_dir": "x"}, {1: 2}),
    *(at(f"{name} of the data", EITHER, f"{DATA}>{name}", *NONSENSE) for name in ("batch_size", "negatives")),
    at("hidden", REFUSED, f"{SETTINGS}>hidden", [2**40], [-5], [0], [True], [5.0], ["5"], "5", 5, [1] * 10**5),
    at("image_size", REFUSED, f"{SETTINGS}>image_size", 10**6, 2**31, -28, 0, True, 28.0, "28", [28]),
    at("only_digit", REFUSED, f"{SETTINGS}>only_digit", True, False, 10, -1, 2.0, "3", []),
    *(at(name, EITHER, f"{SETTINGS}>{name}", *NONSENSE) for name in ("lr", "init", "seed", "kernel", "cost", "l2")),
    at("a setting that there is not", EITHER, f"{SETTINGS}>callbacks", "evil.Payload", {"class_path": "evil.Payload"}),
    at("optimizer", EITHER, f"{OPTIMIZER}>lr", "x", ABSENT, NAN, 7.0, HUGE, [], verbs=RESUMED),
    at("momentum", EITHER, f"{OPTIMIZER}>momentum", 0.9, "x", NAN, verbs=RESUMED),
    at("parameters of the optimizer", EITHER, f"{OPTIMIZER}>params", [], [0], [9] * 4, "x", None, verbs=RESUMED),
    at("states of optimizers", EITHER, "optimizer_states", *NONSENSE, [{}], [None], verbs=RESUMED),
    at("schedulers", EITHER, "lr_schedulers", *NONSENSE, [{}], verbs=RESUMED),
    at("loops", EITHER, "loops", *NONSENSE, {"fit_loop": None}),
    at("fit_loop", EITHER, "loops>fit_loop", *NONSENSE, verbs=RESUMED),
    at("epochs of the loop", EITHER, "loops>fit_loop>epoch_progress>current>completed", *NONSENSE, verbs=RESUMED),
    at("steps of the loop", EITHER, "global_step", *NONSENSE, verbs=RESUMED),
    at("epoch", EITHER, "epoch", *NONSENSE, 10**9, verbs=(*NETWORK, "figures")),
    at("max_epochs", EITHER, "max_epochs", *NONSENSE, 10**9, verbs=(*NETWORK, "figures")),
    at("version", EITHER, "digits_version", *NONSENSE, 2),
    at("version of Lightning", EITHER, "pytorch-lightning_version", *NONSENSE, "99.0", verbs=RESUMED),
]
