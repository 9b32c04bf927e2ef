"""The numbers that the stops of the tour show, by Node alone: those of digits.backprop and of numpy."""

import numpy as np
import pytest
import torch

from digits import backprop
from digits.page.html import constants
from tests.support.node import NODE, STOPS, run

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no Node on this machine")

RNG = np.random.default_rng(0)
IMAGE = np.where(RNG.random(784) < 0.2, RNG.random(784), 0).astype(np.float32)
DIGIT = 3  # what the visitor's own network reads in it
HELD = {"constants": constants(True), "mnist": {"train": 20, "test": 400}}
# The visitor's network reads a 3 in everything; `show` comes to a stop and returns what it shows, `act` uses a control.
SCRIPT = f"""
const {{ STOPS }} = await import("{STOPS.as_uri()}"), image = Float32Array.from(pixels);
const visitors = backprop.freshLayers([784, 10]);
visitors[0].weights.fill(0);
visitors[0].biases[{DIGIT}] = 1;
state.state.network.layers = visitors;
const layers = backprop.freshLayers([784, 30, 10]);
const plain = (all) => all.map(({{ weights, biases }}) => [weights, biases]);
const seen = {{ image, layers }};
const show = (name) => {{
    const model = STOPS[name].model(seen);
    return {{ ...model, says: STOPS[name].says(model) }};
}};
const act = (stop, control, value) => STOPS[stop].on[`${{stop}}-${{control}}`]({{ value }});
"""


def shown(script, **values):
    return run(SCRIPT + script, HELD, pixels=IMAGE.tolist(), **values)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def arrays(layers):
    """The weights (neurons, inputs) and biases of each layer."""
    return [(np.reshape(weights, (len(biases), -1)), np.array(biases)) for weights, biases in layers]


def test_a_pixel_shows_the_number_that_the_network_gets():
    pixels = [int(IMAGE.argmax()), 0, 783]
    first, *chosen = shown(
        "return [show('pixels'), ...all.map((pixel) => { STOPS.pixels.point(pixel); return show('pixels'); })];",
        all=pixels,
    )
    assert IMAGE[first["k"]] > 0.3
    for pixel, model in zip(pixels, chosen, strict=True):
        assert [model["k"], model["row"], model["column"]] == [pixel, *divmod(pixel, 28)]
        assert model["a"] == IMAGE[pixel] and model["inked"] == np.count_nonzero(IMAGE)


def test_products_of_weights_and_pixels_add_up_and_the_bias_is_added():
    """At three stops, the same neuron; the next one has a smaller z. What is shown, in hundredths, adds up."""
    layers, models = shown(
        """const all = [];
        for (let n = 0; n < 3; n++) {
            all.push([show("weights"), show("bias"), show("sigmoid")]);
            act("weights", "another");
        }
        return [plain(layers), all];"""
    )
    weights, biases = arrays(layers)[0]
    z = weights @ IMAGE + biases
    for place, (products, bias, curve) in enumerate(models[1:], 1):
        assert products["j"] == bias["j"] == curve["j"] == np.argsort(-z)[place]
        j = bias["j"]
        parts = weights[j] * IMAGE
        assert [products["plus"], products["minus"]] == pytest.approx(
            [parts[parts > 0].sum(), parts[parts < 0].sum()], abs=0.006
        )
        assert products["plus"] + products["minus"] == pytest.approx(products["sum"])
        assert bias["sum"] == products["sum"] and bias["sum"] + bias["bias"] == pytest.approx(bias["z"])
        assert curve["z"] == bias["z"] == pytest.approx(z[j], abs=0.011)
        assert bias["a"] == curve["a"] == pytest.approx(sigmoid(bias["z"])) and bias["fires"] == (bias["z"] > 0)
        assert curve["slope"] == pytest.approx(curve["a"] * (1 - curve["a"]))


def test_a_weight_a_bias_and_the_steepness_can_be_moved_and_other_stops_do_not_know():
    pixel = int(IMAGE.argmax())
    before, moved, restored, bias, quiet, own, steep, plain = shown(
        """STOPS.weights.point(pixel);
        const before = show("weights");
        act("weights", "slider", "5");
        const moved = show("weights");
        STOPS.weights.leave();
        const restored = show("weights"), bias = show("bias");
        act("bias", "slider", `${-bias.sum - 0.1}`);
        const quiet = show("bias");
        STOPS.bias.leave();
        const own = show("bias");
        act("sigmoid", "steepness", "5");
        const steep = show("sigmoid");
        STOPS.sigmoid.leave();
        return [before, moved, restored, bias, quiet, own, steep, show("sigmoid")];""",
        pixel=pixel,
    )
    change = (5 - before["weights"][pixel]) * IMAGE[pixel]
    assert moved["k"] == pixel and moved["sum"] - before["sum"] == pytest.approx(change, abs=0.011)
    assert restored["sum"] == before["sum"] and own["bias"] == bias["bias"]
    assert quiet["z"] == pytest.approx(-0.1) and not quiet["fires"] and "stays quiet" in quiet["says"]
    assert steep["steepness"] == 32 and steep["a"] == pytest.approx(sigmoid(32 * steep["z"]))
    assert plain["steepness"] == 1


def test_hidden_neurons_vote_for_the_output_that_is_chosen():
    layers, first, chosen, following = shown(
        """const first = show("layers");
        STOPS.layers.pick("output 7");
        STOPS.layers.pick("hidden 4");
        const chosen = show("layers");
        act("layers", "neuron");
        act("layers", "output");
        return [plain(layers), first, chosen, show("layers")];"""
    )
    (w1, b1), (w2, b2) = arrays(layers)
    hidden = sigmoid(w1 @ IMAGE + b1)
    outputs = sigmoid(w2 @ hidden + b2)
    assert first["output"] == outputs.argmax() and first["neuron"] == first["order"][0]
    assert [chosen["output"], chosen["neuron"]] == [7, 4] and following["output"] == 8
    for model in (first, chosen, following):
        votes = w2[model["output"]] * hidden
        assert model["votes"] == pytest.approx(votes, abs=1e-5)
        assert model["order"] == np.argsort(-np.abs(votes), kind="stable").tolist()
        assert model["z"] == pytest.approx(votes.sum() + b2[model["output"]], abs=1e-5)


def test_the_cost_is_half_of_the_squares_and_shrinks_step_by_step():
    models = shown(
        """const all = [show("cost")];
        STOPS.cost.pick("output 8");
        all.push(show("cost"));
        for (let n = 0; n < 30; n++) {
            act("cost", "step");
            all.push(show("cost"));
        }
        act("cost", "digit", "5");
        all.push(show("cost"));
        return all;"""
    )
    assert [model["digit"] for model in (models[0], models[1], models[-1])] == [DIGIT, 8, 5]
    for model in models:
        squares = (np.eye(10)[model["digit"]] - model["outputs"]) ** 2
        assert model["cost"] == pytest.approx(squares.sum() / 2, abs=1e-5)
    costs = models[-2]["costs"]
    assert len(costs) == 31 and costs == sorted(costs, reverse=True) and costs[-1] < 0.7 * costs[0]
    assert models[-1]["costs"] == [models[-1]["cost"]]  # it begins anew


DESCEND = """
const numbers = Array.from({ length: 420 * 99 }, (_, i) => (i < 420 ? i % 10 : (i * 2654435761) >>> 24));
small.small.mnist = { bytes: Uint8Array.from(numbers), train: 20, test: 400 };
layers[1].biases.fill(-8); // eight higher, each output is near the middle of its sigmoid
const all = [show("descent")];
for (let n = 0; n < 10; n++) act("descent", "step");
all.push(show("descent"));
const examples = Array.from({ length: 300 }, (_, i) => backprop.exampleOf(small.small.mnist, 20 + i));
return [plain(layers), all, examples.map(({ image, y }) => [image, y])];
"""


def test_descents_take_the_steps_that_numpy_takes():
    layers, (first, last), examples = shown(DESCEND)
    (w1, b1), (w2, b2) = arrays(layers)
    images = np.array([IMAGE, *[image for image, _ in examples]])
    y = np.array([np.eye(10)[DIGIT], *[y for _, y in examples]])
    hidden = sigmoid(images @ w1.T + b1)

    def outputs(bias):
        return sigmoid(hidden @ w2.T + np.where(np.arange(10) == DIGIT, bias, b2))

    assert first["steps"] == 0 and last["steps"] == 10 and len(set(first["costs"])) == 1
    for rate, path, cost in zip((5, 50, 800), last["paths"], last["costs"], strict=True):
        bias = b2[DIGIT] + 8
        for found in path:
            assert found == pytest.approx(bias, rel=1e-3, abs=1e-3)
            a = outputs(bias)[:, DIGIT]
            bias -= rate * ((a - y[:, DIGIT]) * a * (1 - a)).mean()
        assert cost == pytest.approx(((y - outputs(path[-1])) ** 2).sum(1).mean() / 2, abs=1e-4)


PHASES = """
STOPS.backpropagation.arrive();
const phases = [];
for (let phase = 0; phase < 6; phase++) {
    const first = show("backpropagation"), about = {};
    for (const name of ["hidden 7", "output 5"]) {
        STOPS.backpropagation.pick(name);
        about[name] = show("backpropagation");
    }
    phases.push([first, about["hidden 7"], about["output 5"]]);
    act("backpropagation", "next");
}
return phases;
"""


def passes(layers, digit=DIGIT):
    """What digits.backprop computes: the activations, the errors, and the outputs and the cost after a step."""
    x, y = torch.tensor(IMAGE, dtype=torch.float64)[None], torch.eye(10, dtype=torch.float64)[[digit]]
    weights, biases = (
        [torch.tensor(part, dtype=torch.float64) for part in parts] for parts in zip(*layers, strict=True)
    )
    _, hidden, a = activations = backprop.feedforward(weights, biases, x)
    (_, blame), (_, deltas) = backprop.backpropagate(weights, activations, (a - y) * a * (1 - a))
    backprop.sgd_step(weights, biases, x, y, 0.1)
    after = backprop.feedforward(weights, biases, x)[-1]
    costs = [((y - outputs) ** 2).sum().item() / 2 for outputs in (a, after)]
    return [part.numpy() for part in (hidden[0], a[0], blame, deltas, after[0])], costs


def test_backpropagation_has_the_errors_and_the_step_of_digits_backprop():
    """In each phase, and in the first one of the next step; what is said is about the neuron that was picked."""
    phases = shown(PHASES)
    layers = [[layer["weights"], layer["biases"]] for layer in phases[0][0]["layers"]]
    (hidden, outputs, blame, deltas, after), costs = passes(arrays(layers))
    for first, neuron, output in phases[:5]:
        for name, wanted in {"hidden": hidden, "outputs": outputs, "blame": blame, "deltas": deltas}.items():
            assert np.array(first[name]) == pytest.approx(wanted, abs=1e-5), name
        assert np.array(first["outputsAfter"]) == pytest.approx(after, abs=1e-5)
        assert first["costs"] == pytest.approx(costs, abs=1e-5) and costs[1] < costs[0]
        assert [neuron["kind"], neuron["j"], output["kind"], output["j"]] == ["hidden", 7, "output", 5]
        assert len({model["says"] for model in (first, neuron, output)}) == 3
    abouts = [(first["kind"], first["j"]) for first, *_ in phases[:2]]
    assert abouts == [("output", DIGIT)] * 2 and phases[5][0]["steps"] == 1
    assert phases[5][0]["costs"][0] == pytest.approx(costs[1], abs=1e-5)
    assert ("less (blue)" in phases[2][1]["says"]) == (blame[7] > 0)
    equations = [
        [word for word in " ".join(model["formula"]).split() if word[:2] == "BP"] for _, model, _ in phases[:5]
    ]
    assert [[word[:3] for word in words] for words in equations] == [[], ["BP1"], ["BP2"], ["BP3", "BP4"], []]


def test_a_lesson_makes_a_drawing_no_digit():
    before, after = shown(
        """const { lesson } = await import(nonsense), mnist = { bytes: new Uint8Array(420 * 99), train: 20, test: 400 };
        const before = feedforward.outputsOf(layers, image);
        for (let n = 0; n < 60; n++) lesson(layers, image, mnist);
        return [before, feedforward.outputsOf(layers, image)];""",
        nonsense=(STOPS.parent / "nonsense.js").as_uri(),
    )
    assert max(after[1:]) < 0.4 < max(before)


def test_the_few_images_are_the_first_and_the_test_images_stay():
    all_labels, few = shown(
        """const { firstOf } = await import(overfitting);
        const bytes = Uint8Array.from({ length: 30 * 99 }, (_, i) => i % 251);
        const all = { bytes, train: 20, test: 10 }, few = firstOf(all, 5);
        const of = (mnist, i) => [mnist.bytes[i], ...backprop.exampleOf(mnist, i).image];
        return [[0, 4, 20, 29].map((i) => of(all, i)), [0, 4, 5, 14].map((i) => of(few, i))];""",
        overfitting=(STOPS.parent / "overfitting.js").as_uri(),
    )
    assert all_labels == few
