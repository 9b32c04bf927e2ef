import io
import itertools
import sys
from functools import partial
from importlib import import_module

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.nn.utils import parameters_to_vector

from digits import checkpoint, train
from digits import figures as verb
from digits.__main__ import main
from digits.data import MNISTDataModule
from digits.distort import distort
from digits.figures import analysis, descent
from digits.figures import chapter as drawings
from digits.model import DigitClassifier
from digits.network import linears
from digits.training import pictures
from tests.support.small_mnist import TEST, TRAINING, use

NAMES = ["neurons", "learning_curves", "hidden_weights", "hidden_neurons"]
NAMES += ["confusion", "mistakes", "saturation", "valley", "training_size"]
EPOCHS = 4


def fit(folder, data_dir, *args):
    train.main([*map(str, args), "--data_dir", str(data_dir), "--run_dir", str(folder)])


@pytest.fixture(scope="module")
def run(small, tmp_path_factory):
    """A finished run on the small files, with some digits that it reads wrongly: its folder."""
    folder = tmp_path_factory.mktemp("run") / "run"
    with pytest.MonkeyPatch.context() as patch:
        use(patch, small[1])
        fit(folder, small[0], "--hidden", 12, "--epochs", EPOCHS, "--lr", 1, "--batch_size", 30, "--seed", 2)
    return folder


@pytest.fixture
def data(data_dir):
    module = MNISTDataModule(data_dir, batch_size=30, seed=2)
    module.setup("test")
    return module


def load(run, name="best.ckpt"):
    return DigitClassifier.load_from_checkpoint(run / name)


def vector(model):
    return parameters_to_vector(model.parameters()).detach()


def settings(run):
    return checkpoint.read(run / "best.ckpt")["hyper_parameters"]


@pytest.fixture
def call(data_dir, capsys, monkeypatch):
    """Call the verb, with a coarser valley and fewer networks; returns what it printed."""
    monkeypatch.setattr(descent, "valley", partial(descent.valley, steps=7))
    monkeypatch.setattr(verb, "SIZES", [20, TRAINING])
    monkeypatch.setattr(verb, "EPOCHS", 2)

    def call(path, out):
        main(["figures", str(path), "--out", str(out), "--data_dir", str(data_dir)])
        return capsys.readouterr().out

    return call


# The verb


def test_every_figure_is_written(call, run, tmp_path):
    out = tmp_path / "new" / "folder"
    assert call(run / "best.ckpt", out).splitlines() == [f"{out}/{name}.png" for name in NAMES]
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{name}.png" for name in NAMES)
    for path in out.iterdir():
        picture = Image.open(path)
        assert picture.format == "PNG"
        assert picture.width == 7.5 * 150
        assert 300 < picture.height < 1300
        grey = np.array(picture.convert("L"))
        assert 2 < (grey < 250).mean() * 100 < 90  # per cent that are not paper
        frame = np.concatenate([grey[:2].ravel(), grey[-2:].ravel(), grey[:, :2].ravel(), grey[:, -2:].ravel()])
        assert (frame > 250).all(), f"{path.name} is cut"
        assert path.stat().st_size < 150_000


@pytest.mark.parametrize(
    "args, missing",
    [
        (
            ["--hidden", 6, 5],
            {
                "learning_curves": "there is no log of TensorBoard beside ",
                "hidden_neurons": "neurons vote for outputs if there is one hidden layer; this is 784-6-5-10",
            },
        ),
        (
            ["--hidden", 6, "--only_digit", 3, "--train_size", 95],
            dict.fromkeys(["confusion", "mistakes", "saturation"], "it compares ten outputs; this is 784-6-1"),
        ),
    ],
)
def test_what_does_not_apply_is_skipped_with_a_line(args, missing, call, data_dir, tmp_path, monkeypatch):
    fit(tmp_path / "run", data_dir, *args, "--epochs", 1)
    if "learning_curves" in missing:
        for log in (tmp_path / "run").glob("events*"):
            log.unlink()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "valley.png").write_bytes(b"of an earlier call")
    monkeypatch.setattr("digits.plotting.png", lambda figure: b"drawn" if isinstance(figure, Figure) else b"")
    lines = [
        line for line in call(tmp_path / "run" / "best.ckpt", tmp_path / "out").splitlines() if "/out/" not in line
    ]
    for line, (name, reason) in zip(lines[-len(missing) :], missing.items(), strict=True):
        assert line.startswith(f"{name} is not drawn: {reason}")
    drawn = {path.stem: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert drawn == dict.fromkeys(set(NAMES) - set(missing), b"drawn")


def test_distorted_copies_are_those_of_the_epochs(data_dir, tmp_path, monkeypatch):
    fit(tmp_path, data_dir, "--hidden", 6, "--epochs", 1, "--distort", 0.8, "--schedule", 4, "--seed", 3)
    module = MNISTDataModule(data_dir, **checkpoint.read(tmp_path / "last.ckpt")["datamodule_hyper_parameters"])
    module.setup("test")
    names = verb.drawn(load(tmp_path), tmp_path / "last.ckpt", checkpoint.read(tmp_path / "last.ckpt"), module)
    drawing = dict(itertools.islice(names, 3))["distorted"]
    picture = drawing.axes[0].get_images()[0].get_array()
    assert picture.shape == (2 * 29 + 1, 10 * 29 + 1)
    for epoch in (0, 13):
        row, column = epoch // 10 * 29 + 1, epoch % 10 * 29 + 1
        wanted = distort(module.training[0], 0.8, 3, epoch)[0]
        assert (picture[row : row + 28, column : column + 28] == wanted.numpy()).all()


def test_fewer_images_have_their_own_schedule(data_dir, monkeypatch):
    made = []
    monkeypatch.setattr(descent, "descend", lambda model, data, epochs: (made.append(model), data.setup("test")))
    for schedule in (None, 100):
        settings = {**DigitClassifier([5], schedule=schedule).hparams}
        descent.accuracy_by_size(settings, data_dir, 10, [20], 1, 3)
    assert [model.schedule for model in made] == [None, 3]


def test_a_detector_is_trained_again_on_its_images_and_targets(data_dir, data, tmp_path):
    fit(tmp_path / "run", data_dir, "--hidden", 6, "--only_digit", 3, "--train_size", 95, "--epochs", 3)
    model, saved = load(tmp_path / "run", "last.ckpt"), checkpoint.read(tmp_path / "run" / "last.ckpt")
    module = MNISTDataModule(data_dir, **saved["datamodule_hyper_parameters"])
    path = verb.trained_again(model, saved, module)
    assert torch.equal(path[-1], vector(model))
    images, labels = module.training
    _, u, v, cost = descent.valley(model, path, images, labels, steps=3)
    assert len(images) == 95
    point = path[-1] + torch.stack([u[2], v[0]]) @ descent.plane(path)
    votes = drawings.hidden_neurons(model, *data.test, rows=1).axes[3]
    assert [tick.get_text() for tick in votes.get_xticklabels()] == ["3"]
    torch.nn.utils.vector_to_parameters(point, model.parameters())
    wanted = (model(images).squeeze(1) - (labels == 3).float()).square().mean().item() / 2
    assert cost[0, 2].item() == pytest.approx(wanted, rel=1e-4)


def test_weights_that_training_does_not_lead_to_are_told(run, data, capsys):
    for change, told in ((0.0, False), (1e-3, True)):
        model = load(run)
        next(model.parameters()).data[0, 0] += change
        saved = checkpoint.read(run / "best.ckpt")
        path = verb.trained_again(model, saved, data)
        assert len(path) == saved["epoch"] + 2
        assert torch.equal(path[-1], vector(model)) != told
        assert ("has other weights than this checkpoint" in capsys.readouterr().out) == told


@pytest.mark.parametrize(
    "mistake", ["missing", "words", "foreign", "large images", "out is a file", "out below a file", "matplotlib"]
)
def test_mistakes_get_one_line(mistake, run, data_dir, tmp_path, capsys, monkeypatch):
    path, out, named = run / "best.ckpt", tmp_path / "out", "out"
    file = tmp_path / "file"
    file.write_text("words")
    if mistake == "missing":
        path = named = tmp_path / "nowhere.ckpt"
    elif mistake == "words":
        path = named = file
    elif mistake == "foreign":
        path = named = tmp_path / "foreign.ckpt"
        torch.save({"state_dict": {}}, path)
    elif mistake == "large images":
        path, named = tmp_path / "large.ckpt", "are 64 x 64"
        model = DigitClassifier([5], image_size=64)
        ours = {"digits_version": checkpoint.VERSION, "hyper_parameters": dict(model.hparams)}
        torch.save(ours | {"state_dict": model.state_dict()}, path)
    elif mistake == "out is a file":
        out = named = file
    elif mistake == "out below a file":
        out = named = file / "out"
    else:
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        named = "pip install -e '.[figures]'"
    with pytest.raises(SystemExit) as end:
        main(["figures", str(path), "--out", str(out), "--data_dir", str(data_dir)])
    assert end.value.code == 2
    printed = capsys.readouterr()
    [line] = printed.err.splitlines()
    assert line.startswith("digits figures: error: ")
    assert str(named) in line
    assert printed.out == ""


def test_no_part_of_a_picture_is_left(call, run, tmp_path, monkeypatch, capsys):
    (tmp_path / "neurons.png").mkdir()  # cannot be replaced by a file
    with pytest.raises(SystemExit):
        call(run / "best.ckpt", tmp_path)
    assert f"cannot write {tmp_path}/neurons.png" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["neurons.png"]


def test_training_does_not_need_matplotlib(monkeypatch):
    """All of the program is imported anew, but not what draws; a new process would import torch again too."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("digits", "train")]:
        monkeypatch.delitem(sys.modules, name)
    assert import_module("train") is not train
    import_module("digits.figures")
    assert "digits.figures.chapter" not in sys.modules


# The numbers


def test_confusion_matrix(run, data):
    images, labels = data.test
    answers, _ = load(run).predict(images)
    matrix = analysis.confusion_matrix(labels, answers)
    assert matrix.shape == (10, 10)
    for i in range(10):
        for j in range(10):
            assert matrix[i, j] == sum(1 for a, b in zip(labels, answers, strict=True) if a == i and b == j)
    assert matrix.trace() == (labels == answers).sum() < TEST


def test_mistakes_are_ordered_by_the_activation_of_the_answer():
    activations = torch.full((5, 10), 0.1)
    labels = torch.tensor([0, 1, 2, 3, 4])
    for image, (answer, activation) in enumerate([(0, 0.9), (0, 0.5), (7, 0.99), (3, 0.2), (1, 0.5)]):
        activations[image, answer] = activation
    assert analysis.mistakes(labels, activations).tolist() == [2, 1, 4]


def test_hidden_neurons(run, data):
    """Which images excite a neuron, and how much each digit does, image by image in NumPy."""
    images, labels = data.test
    model = load(run)
    first, last = linears(model.network)
    w, b = first.weight.detach().numpy(), first.bias.detach().numpy()
    z = np.array([w @ (image.numpy().ravel() / 255) + b for image in images])
    computed = analysis.first_layer(model.network, images)
    assert np.allclose(computed, z, atol=1e-4)
    exciting = analysis.most_exciting(computed, 5)
    assert exciting.shape == (12, 5)
    for neuron in range(12):
        assert exciting[neuron].tolist() == sorted(range(TEST), key=lambda n: -computed[n, neuron])[:5]
    means = analysis.mean_by_digit(computed.sigmoid(), labels)
    assert means.shape == (10, 12)
    for digit in range(10):
        wanted = (1 / (1 + np.exp(-z[labels.numpy() == digit]))).mean(0)
        assert np.allclose(means[digit], wanted, atol=1e-5)
    a = 1 / (1 + np.exp(-z))
    influence = [(np.linalg.norm(last.weight[:, n].detach()) * a[:, n].std(), n) for n in range(12)]
    chosen = analysis.most_influential(model.network, computed.sigmoid(), 3)
    assert chosen.tolist() == [n for _, n in sorted(influence, reverse=True)[:3]]


def test_saturated():
    assert analysis.saturated(torch.tensor([[0.0, 0.005, 0.02, 0.5], [0.98, 0.985, 0.995, 1.0]])) == 0.5
    assert analysis.saturated(torch.tensor([0.02, 0.9]), margin=0.1) == 1


def test_learning_curves_are_those_of_the_run(run, data):
    curves = verb.learning_curves(run)
    epoch = checkpoint.read(run / "best.ckpt")["epoch"]
    answers, _ = load(run).predict(data.test[0])
    steps, values = curves["accuracy/test"]
    assert steps == list(range(EPOCHS))
    assert values[epoch] == pytest.approx((answers == data.test[1]).float().mean().item())
    assert verb.learning_curves(run.parent) == {}


@pytest.mark.parametrize("kernel", ["numba", "torch"])
@pytest.mark.parametrize("batch_size", [10, 30])  # 500 images are not a multiple of 30
def test_descent_is_that_of_train_bit_for_bit(data_dir, tmp_path, kernel, batch_size):
    how = {"hidden": [12], "lr": 2.5, "seed": 4, "kernel": kernel}
    args = ["--hidden", 12, "--lr", 2.5, "--seed", 4, "--kernel", kernel, "--epochs", 3, "--batch_size", batch_size]
    fit(tmp_path / "run", data_dir, *args)
    path = descent.descend(DigitClassifier(**how), MNISTDataModule(data_dir, batch_size, 4), epochs=3)
    assert len(path) == 4
    assert torch.equal(path[0], vector(DigitClassifier(**how)))
    assert torch.equal(path[3], vector(load(tmp_path / "run", "last.ckpt")))
    best = checkpoint.read(tmp_path / "run" / "best.ckpt")["epoch"]
    assert torch.equal(path[best + 1], vector(load(tmp_path / "run")))


def test_the_path_ends_at_the_cost_of_the_checkpoint(run, data):
    saved, model = checkpoint.read(run / "last.ckpt"), load(run, "last.ckpt")
    path = descent.descend(DigitClassifier(**settings(run)), data, EPOCHS)
    flat, u, v, cost = descent.valley(model, path, *data.training, steps=5)
    assert saved["epoch"] + 1 == EPOCHS == len(path) - 1

    def wanted(weights):
        other = load(run)
        torch.nn.utils.vector_to_parameters(weights.clone(), other.parameters())
        a = other(data.training[0]).detach().double().numpy()
        return np.sum((a - np.eye(10)[data.training[1]]) ** 2) / 2 / TRAINING

    directions = descent.plane(path)
    assert torch.allclose(directions @ directions.T, torch.eye(2), atol=1e-5)
    assert flat[-1].tolist() == [0, 0]
    assert cost.shape == (5, 5)
    for i in (0, 2, 4):  # rows are v, columns u
        for j in (1, 3):
            point = path[-1] + u[j] * directions[0] + v[i] * directions[1]
            assert cost[i, j].item() == pytest.approx(wanted(point), rel=1e-4)
    assert u.min() < flat[:, 0].min() and flat[:, 0].max() < u.max()
    assert v.min() < flat[:, 1].min() and flat[:, 1].max() < v.max()
    assert torch.equal(vector(model), vector(load(run, "last.ckpt")))  # the valley leaves the network as it is

    middle = torch.stack([path[0], path[1], path[-1]])  # three points lie in a plane
    flat, *_ = descent.valley(model, middle, *data.training, steps=2)
    assert torch.allclose(torch.cdist(flat, flat), torch.cdist(middle, middle), rtol=1e-3)


def test_accuracy_by_size_is_that_of_train(data_dir, data, tmp_path):
    fit(tmp_path / "run", data_dir, "--hidden", 12, "--lr", 1, "--epochs", 2, "--seed", 1)
    answers, _ = load(tmp_path / "run", "last.ckpt").predict(data.test[0])
    how = {"hidden": [12], "lr": 1.0, "seed": 77}
    accuracy = descent.accuracy_by_size(how, data_dir, 10, sizes=[20, TRAINING], seeds=2, epochs=2)
    assert accuracy.shape == (2, 2)
    assert accuracy[1, 1] == (answers == data.test[1]).float().mean()
    assert (accuracy[0] < accuracy[1]).all()


# What the figures show


def test_confusion_shows_the_counts():
    labels, answers = torch.tensor([0, 0, 0, 3, 3, 9]), torch.tensor([0, 0, 1, 3, 5, 9])
    axes = drawings.confusion(labels, answers).axes[0]
    counts = {(text.get_position()): text.get_text() for text in axes.texts if text.get_text()}
    assert counts == {(0, 0): "2", (1, 0): "1", (3, 3): "1", (5, 3): "1", (9, 9): "1"}
    colours = axes.images[0].get_array()
    assert colours[0, 1] == colours[3, 5] == 1
    assert colours.count() == 2  # the rest is masked


def test_wrong_digits_show_image_answer_and_label(run, data):
    images, labels = data.test
    answers, activations = load(run).predict(images)
    wrong = analysis.mistakes(labels, activations)
    drawing = drawings.wrong_digits(images, labels, activations, most=3)
    for axes, index in zip(drawing.axes, wrong[:3].tolist(), strict=False):
        assert np.array_equal(axes.images[0].get_array(), images[index])
        assert axes.get_title() == f"said {answers[index]}, is {labels[index]}"
    assert f"3 of {len(wrong)} mistakes on {TEST} test images" in drawing.get_suptitle()


def test_hidden_weights_are_those_of_the_network(run):
    weights = linears(load(run).network)[0].weight.detach().view(-1, 28, 28)
    image = drawings.hidden_weights(load(run).network).axes[0].images[0]
    low, high = image.get_clim()
    assert low == -high < 0  # white is 0
    shown = image.get_array()
    assert np.array_equal(shown[1:29, 1:29], weights[0])
    assert np.array_equal(shown[30:58, 30:58], weights[5])  # four in a row


def test_hidden_neurons_show_their_votes(run, data):
    model = load(run)
    network, drawing = model.network, drawings.hidden_neurons(model, *data.test, rows=2)
    z = analysis.first_layer(network, data.test[0])
    chosen = analysis.most_influential(network, z.sigmoid(), 2)
    for row in range(2):
        picture, bars, examples, votes = drawing.axes[4 * row : 4 * row + 4]
        assert picture.get_ylabel() == f"neuron {chosen[row]}"
        heights = [bar.get_height() for bar in votes.patches]
        assert np.allclose(heights, linears(network)[1].weight[:, chosen[row]].detach())
        assert len(bars.patches) == 10
        most = data.test[0][z[:, chosen[row]].argmax()]
        assert np.array_equal(examples.images[0].get_array()[1:29, 1:29], most)


def test_saturation_keeps_right_and_other_outputs_apart():
    activations = torch.full((4, 10), 0.001)
    labels = torch.arange(4)
    activations[range(4), labels] = torch.tensor([0.999, 0.995, 0.6, 0.002])
    left, right = drawings.saturation(labels, activations).axes
    assert left.get_title() == "the right output: 75.0% within 0.01 of 0 or 1"
    assert right.get_title() == "the other nine: 100.0% within 0.01 of 0 or 1"
    assert sum(bar.get_height() for bar in left.patches) == 4
    assert sum(bar.get_height() for bar in right.patches) == 36


def test_neurons_jump_or_glide():
    left, right = drawings.neurons().axes
    smooth, step = (line.get_ydata() for line in left.lines)
    assert np.abs(np.diff(smooth)).max() < 0.01
    assert set(np.asarray(step)) == {0, 1}
    actual, predicted, jump = (np.asarray(line.get_ydata()) for line in right.lines)
    near = np.abs(np.asarray(right.lines[0].get_xdata())) < 0.1
    assert np.abs(actual - predicted)[near].max() < 0.001 < np.abs(actual - predicted).max()
    assert set(jump) == {0, 1}


# TensorBoard


def board(folder):
    """The images of a log, by tag, with their steps."""
    events = EventAccumulator(str(folder)).Reload()
    shown = {}
    for tag in events.Tags()["images"]:
        [event] = events.Images(tag)
        shown[tag] = event.step, np.array(Image.open(io.BytesIO(event.encoded_image_string)))
    return shown


def test_tensorboard_shows_the_best_epoch(run, data):
    model, epoch = load(run), checkpoint.read(run / "best.ckpt")["epoch"]
    images, labels = data.test
    answers, activations = model.predict(images)
    shown = board(run)
    assert {step for step, _ in shown.values()} == {epoch}
    wanted = {
        "weights of the first layer": pictures.weights(model.network),
        "confusion": pictures.confusion(labels, answers),
        "mistakes": pictures.wrong_digits(images, labels, activations),
    }
    assert shown.keys() == wanted.keys()
    for tag, picture in wanted.items():
        assert np.array_equal(shown[tag][1], picture)


def test_picture_of_weights_is_red_and_blue(run):
    network = load(run).network
    weights, picture = linears(network)[0].weight.detach(), pictures.weights(network).astype(int)
    assert picture.shape == (3 * 29 + 1, 4 * 29 + 1, 3)
    for neuron in (0, 6, 11):
        top, left = neuron // 4 * 29 + 1, neuron % 4 * 29 + 1
        tile = picture[top : top + 28, left : left + 28]
        sign = np.sign(tile[..., 0] - tile[..., 2])
        w = weights[neuron].view(28, 28).numpy()
        strong = np.abs(w) > 0.02
        assert strong.any()
        assert (sign == np.sign(w))[strong].all()


def test_picture_of_confusion_is_darkest_where_most_is_confused():
    labels, answers = torch.tensor([4, 4, 4, 2, 7, 7]), torch.tensor([9, 9, 4, 3, 7, 7])
    picture = pictures.confusion(labels, answers)
    cell = pictures.CELL
    corners = picture[cell + 2 : 11 * cell : cell, cell + 2 : 11 * cell : cell, 0].astype(int)
    assert corners.shape == (10, 10)
    assert np.unravel_index(corners.argmin(), (10, 10)) == (4, 9)
    assert (corners < 255).sum() == 2  # 4 read as 9, 2 read as 3
    assert corners[2, 3] > corners[4, 9]


def test_picture_of_mistakes_holds_the_images(run, data):
    images, labels = data.test
    _, activations = load(run).predict(images)
    picture = pictures.wrong_digits(images, labels, activations)
    wrong = analysis.mistakes(labels, activations)
    assert len(wrong) > 10
    for place in (0, 1, 10):
        top, left = place // 10 * 96 + 8, place % 10 * 96 + 20
        shown = picture[top : top + 56 : 2, left : left + 56 : 2, 0]
        assert np.array_equal(shown, 255 - images[wrong[place]].numpy())
