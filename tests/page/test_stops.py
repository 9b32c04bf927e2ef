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
            [parts[parts > 0].sum(), parts[parts < 0].sum()], abs=0.011
        )
        assert products["product"] == pytest.approx(products["w"] * products["a"], abs=0.006)
        assert curve["z"] == bias["z"] == pytest.approx(z[j], abs=0.011)
        assert bias["a"] == pytest.approx(sigmoid(bias["z"])) and bias["fires"] == (bias["z"] > 0)
        assert curve["a"] == round(bias["a"], 2)
        assert curve["slope"] == pytest.approx(curve["a"] * (1 - curve["a"]), abs=0.0051)


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
    assert steep["steepness"] == 32 and steep["a"] == pytest.approx(sigmoid(32 * steep["z"]), abs=0.0051)
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
    assert first["output"] == first["best"] == outputs.argmax() and first["neuron"] == first["five"][0]["j"]
    assert [chosen["output"], chosen["neuron"]] == [7, 4] and following["output"] == 8
    for model in (first, chosen, following):
        votes = w2[model["output"]] * hidden
        strongest = {row["j"] for row in model["five"]}
        assert min(abs(votes[j]) for j in strongest) > sorted(abs(votes))[-5] - 0.02
        for row in model["five"]:
            assert row["vote"] == pytest.approx(votes[row["j"]], abs=0.02)
        assert model["z"] == pytest.approx(votes.sum() + b2[model["output"]], abs=0.011)
        assert model["outputs"] == pytest.approx(outputs, abs=0.01)


def test_a_hidden_neuron_is_shown_with_the_images_at_which_it_fires_most_and_least():
    """And with the digits at which it fires most and least, on average."""
    layers, model, images, digits = shown(
        MNIST
        + """const all = examples(400);
        return [plain(layers), show("layers"), all.map(({ image }) => image), all.map(({ y }) => y.indexOf(1))];"""
    )
    weights, biases = arrays(layers)[0]
    z = np.array(images) @ weights[model["neuron"]] + biases[model["neuron"]]
    most, least = ([images[i] for i in order[:3]] for order in (np.argsort(-z), np.argsort(z)))
    assert [model["examples"][name] for name in ("most", "least")] == [most, least]
    means = {digit: sigmoid(z[np.array(digits) == digit]).mean() for digit in range(10)}
    for (digit, mean), expected in zip(model["examples"]["means"], (max, min), strict=True):
        assert digit == expected(means, key=means.get) and mean == pytest.approx(means[digit], abs=1e-5)


# Images of random bits in the place of MNIST's.
MNIST = """
const numbers = Array.from({ length: 420 * 99 }, (_, i) => (i < 420 ? i % 10 : (i * 2654435761) >>> 24));
small.small.mnist = { bytes: Uint8Array.from(numbers), train: 20, test: 400 };
const examples = (n) => Array.from({ length: n }, (_, i) => backprop.exampleOf(small.small.mnist, 20 + i));
"""


def hundredths(*values):
    """What a reader adds up: values to hundredths, which is what they are already."""
    rounded = [round(100 * value) for value in values]
    assert np.array(values) * 100 == pytest.approx(rounded, abs=1e-6)
    return rounded


def thousandths(*values):
    rounded = [round(1000 * value) for value in values]
    assert np.array(values) * 1000 == pytest.approx(rounded, abs=1e-6)
    return rounded


def test_what_is_shown_adds_up_for_a_hundred_drawings():
    """Sums are exact in the digits that are shown; a product is that of the factors that are shown, rounded once."""
    drawings = [np.where(RNG.random(784) < 0.2, RNG.random(784), 0).tolist() for _ in range(100)]
    all_shown = shown(
        """return drawings.map((pixels) => {
            seen.image = Float32Array.from(pixels);
            STOPS.backpropagation.arrive();
            const models = {};
            for (const name of ["weights", "bias", "layers", "cost", "backpropagation"]) models[name] = show(name);
            for (let n = 0; n < 4; n++) act("backpropagation", "next");
            return { ...models, said: show("backpropagation").says };
        });""",
        drawings=drawings,
    )
    for models in all_shown:
        plus, minus, total = hundredths(*(models["weights"][name] for name in ("plus", "minus", "sum")))
        assert plus + minus == total
        total, b, z = hundredths(*(models["bias"][name] for name in ("sum", "bias", "z")))
        assert total + b == z

        layers = models["layers"]
        votes = [row["vote"] for row in layers["five"]]
        *parts, z = hundredths(*votes, layers["rest"], layers["bias"], layers["z"])
        assert sum(parts) == z
        for row in layers["five"]:
            hundredths(row["a"], row["weight"])
            assert row["vote"] == pytest.approx(row["a"] * row["weight"], abs=0.00501)
        assert layers["outputs"][layers["output"]] == pytest.approx(sigmoid(layers["z"]), abs=0.00501)

        cost = models["cost"]
        *areas, total = thousandths(*cost["areas"], cost["sum"])
        assert sum(areas) == total and cost["cost"] == pytest.approx(cost["sum"] / 2, abs=0.00501)
        for area, error in zip(cost["areas"], cost["errors"], strict=True):
            assert area == pytest.approx(error**2, abs=0.000501)

        back = models["backpropagation"]
        neuron, own, pixel = back["neuron"], back["own"], back["pixel"]
        assert [output["a"] for output in back["outputs"]] == cost["outputs"]  # one number at both stops
        for output, weight, product in zip(back["outputs"], neuron["weights"], neuron["products"], strict=True):
            assert output["delta"] == pytest.approx(output["error"] * output["slope"], abs=0.000501)
            assert product == pytest.approx(output["delta"] * weight, abs=0.000501)
        *products, total = thousandths(*neuron["products"], neuron["sum"])
        first, rest = thousandths(neuron["products"][back["digit"]], back["rest"])
        assert sum(products) == total == first + rest
        assert own["error"] == pytest.approx(own["a"] - 1)
        assert neuron["delta"] == pytest.approx(neuron["sum"] * neuron["slope"], abs=0.0000501)
        assert pixel["slope"] == pytest.approx(pixel["ink"] * neuron["delta"], abs=0.0000501)
        assert pixel["change"] == pytest.approx(-0.1 * pixel["slope"], abs=0.0000501)
        assert pixel["weight"] + pixel["change"] == pytest.approx(pixel["next"])
        assert f"adds up: {neuron['sum']:+.3f}".replace("-", "−") in models["said"] or neuron["sum"] == 0


def test_the_cost_is_half_of_the_squares_and_shrinks_step_by_step():
    """The digit that the visitor names is right at backpropagation, too."""
    models, named = shown(
        """const all = [show("cost")];
        STOPS.cost.pick("output 8");
        all.push(show("cost"));
        for (let n = 0; n < 30; n++) {
            act("cost", "step");
            all.push(show("cost"));
        }
        act("cost", "digit", "5");
        all.push(show("cost"));
        return [all, show("backpropagation").digit];"""
    )
    assert [model["digit"] for model in (models[0], models[1], models[-1])] == [DIGIT, 8, named] and named == 5
    for model in models:
        squares = (np.eye(10)[model["digit"]] - model["outputs"]) ** 2
        assert model["cost"] == pytest.approx(squares.sum() / 2, abs=0.011)
    costs = [model["cost"] for model in models[1:-1]]
    assert costs == sorted(costs, reverse=True) and costs[-1] < 0.7 * costs[0]
    assert models[-2]["steps"] == 30 and models[-1]["steps"] == 0
    assert models[-1]["first"] == models[-1]["cost"]


def test_cost_and_backpropagation_begin_with_the_same_network_on_each_visit():
    visits = [
        shown(
            """const backpropagation = show("backpropagation");
            act("backpropagation", "next");
            for (let n = 0; n < 8; n++) act("backpropagation", "next");
            STOPS.backpropagation.arrive();
            const again = show("backpropagation");
            const shown = [backpropagation, again].map(({ outputs }) => outputs.map(({ a }) => a));
            return [show("cost").outputs, ...shown];"""
        )
        for _ in range(2)
    ]
    assert visits[0] == visits[1] and visits[0][0] == visits[0][1] == visits[0][2]


def test_descents_take_the_steps_that_numpy_takes():
    """Three trails stay, of several rates. What is shown of a step is exact: the bias moves by what is said."""
    layers, first, models, drawings = shown(
        MNIST
        + """layers[1].biases.fill(-8);
        const first = show("descent");
        const models = ["2", "5", "9"].map((place) => {
            act("descent", "rate", place);
            for (let n = 0; n < 10; n++) act("descent", "step");
            return show("descent");
        });
        return [plain(layers), first, models, examples(300).map(({ image, y }) => [image, y])];"""
    )
    (w1, b1), (w2, b2) = arrays(layers)
    images = np.array([IMAGE, *[image for image, _ in drawings]])
    y = np.array([np.eye(10)[DIGIT], *[y for _, y in drawings]])
    hidden = sigmoid(images @ w1.T + b1)

    def outputs(bias):
        return sigmoid(hidden @ w2.T + np.where(np.arange(10) == DIGIT, bias, b2))

    assert first["steps"] == 0 and len(first["trails"]) == 1
    assert [len(model["trails"]) for model in models] == [1, 2, 3] and models[2]["steps"] == 10
    for trail, rate, cost in zip(models[2]["trails"], (5, 50, 1000), models[2]["costs"], strict=True):
        path = trail["path"]
        assert trail["rate"] == rate and path[0] == 8 and len(path) == 11
        for bias, following in zip(path, path[1:], strict=False):
            a = outputs(bias)[:, DIGIT]
            slope = ((a - y[:, DIGIT]) * a * (1 - a)).mean()
            assert bias - following == pytest.approx(rate * slope, abs=0.00005 * rate + 0.006)
        assert cost == pytest.approx(((y - outputs(path[-1])) ** 2).sum(1).mean() / 2, abs=1e-4)
    for model in (first, *models):
        assert model["change"] == pytest.approx(model["rate"] * model["slope"], abs=0.00501)
        assert round(model["slope"], 4) == model["slope"] and model["bias"] - model["change"] == pytest.approx(
            model["next"]
        )


def passes(layers, digit=DIGIT):
    """What digits.backprop computes: the activations, the errors, and the outputs after a step."""
    x, y = torch.tensor(IMAGE, dtype=torch.float64)[None], torch.eye(10, dtype=torch.float64)[[digit]]
    weights, biases = (
        [torch.tensor(part, dtype=torch.float64) for part in parts] for parts in zip(*layers, strict=True)
    )
    _, hidden, a = activations = backprop.feedforward(weights, biases, x)
    (_, blame), (_, deltas) = backprop.backpropagate(weights, activations, (a - y) * a * (1 - a))
    backprop.sgd_step(weights, biases, x, y, 0.1)
    after = backprop.feedforward(weights, biases, x)[-1]
    return [part.numpy() for part in (hidden[0], a[0], blame, deltas, after[0])]


def test_backpropagation_has_the_errors_and_the_step_of_digits_backprop():
    """Almost, as each number is rounded before the next. Each phase has a sentence; after the last, a step is made."""
    layers, models = shown(
        """const models = [show("backpropagation")];
        for (let n = 0; n < 8; n++) {
            act("backpropagation", "next");
            models.push(show("backpropagation"));
        }
        return [plain(small.untrained()), models];"""
    )
    hidden, outputs, blame, deltas, after = passes(arrays(layers))
    first, last, second = models[0], models[7], models[8]
    j, shown_deltas = first["neuron"]["j"], [output["delta"] for output in first["outputs"]]
    assert first["neuron"]["a"] == pytest.approx(hidden[j], abs=0.006)
    assert [output["a"] for output in first["outputs"]] == pytest.approx(outputs, abs=0.01)
    assert shown_deltas == pytest.approx(deltas, abs=0.01)
    assert first["neuron"]["delta"] == pytest.approx(blame[j], abs=0.01)
    assert first["neuron"]["products"][DIGIT] * first["neuron"]["sum"] > 0 and second["neuron"]["j"] == j
    assert last["after"]["outputs"] == pytest.approx(after, abs=0.01) and last["costs"][1] < last["costs"][0]
    assert [model["phase"] for model in models] == [*range(8), 0] and len({model["says"] for model in models}) == 9
    assert second["steps"] == 1 and [output["a"] for output in second["outputs"]] == last["after"]["outputs"]
    assert f"You drew a {DIGIT}, so output {DIGIT} should be 1" in first["says"]


def test_the_question_of_backpropagation_names_no_digit_that_one_may_have_drawn():
    page = (STOPS.parents[1] / "page.html").read_text("utf-8")
    article = page.split('id="stop-backpropagation"')[1].split("</article>")[0]
    assert "output 5" not in article.lower()


LESSON = """
Object.assign(globalThis, { dispatchEvent() {}, requestAnimationFrame: (done) => setTimeout(done) });
small.small.layers = layers;
const scribble = image, digit = Float32Array.from(pixels).reverse();
STOPS.nonsense.arrive({});
const at = (shown) => {
    seen.image = shown;
    return show("nonsense");
};
"""


def test_after_a_lesson_a_drawing_and_a_digit_are_compared_before_and_after():
    """With the network of the other stops, which learns nothing of it. A digit that is still read is no failure."""
    plain, before, after, read, same = shown(
        MNIST
        + LESSON
        + """const own = at(digit);
        const before = at(scribble);
        await act("nonsense", "teach");
        const after = at(scribble);
        return [feedforward.outputsOf(layers, scribble), before, after, at(digit), at(digit).outputs];"""
    )
    assert not before["isTaught"] and len(before["rows"]) == 1 and before["outputs"] == plain
    drawing, digit = after["rows"]
    assert drawing["before"] == plain and max(drawing["after"]) < 0.4 < max(plain)
    assert digit["image"] == IMAGE[::-1].tolist() and len(read["rows"]) == 2
    assert "not a digit" in after["says"]
    assert ("still read" in read["says"]) == (max(same) > 0.5) and "not take" not in read["says"]


def test_the_few_images_are_the_first_ones():
    """A network that trains on the first five images learns the same whatever the others are."""
    first, same, all_of_them = shown(
        """const { train } = await import(trainer);
        const bytes = Uint8Array.from({ length: 30 * 99 }, (_, i) => (7 * i) % 10);
        const other = bytes.map((byte, i) => (i >= 5 && i < 20 ? (byte + 1) % 10 : byte)); // labels
        const learned = (bytes, n) => {
          const layers = backprop.freshLayers([784, 10], backprop.seeded());
          train({ fresh: { mnist: { bytes, train: 20, test: 10 }, layers, batch: 5, rate: 3, n }, share: 0 });
          return [train({ share: 1 }).epoch, [...layers[0].biases]];
        };
        return [learned(bytes, 5), learned(other, 5), learned(other)];""",
        trainer=(STOPS.parent.parent / "network" / "trainer.js").as_uri(),
    )
    assert first == same and first[0] == all_of_them[0] == 1
    assert first != all_of_them


def test_the_remedy_of_overfitting_is_not_called_overfitted():
    """Of the network with many images nothing is said but its errors, however few of its own it misreads."""
    none, few_only, both = shown(
        """const says = (few, many) => STOPS.overfitting.says({ few, many, epoch: 9 });
        const good = { seen: 0, unseen: 4 }, bad = { seen: 20, unseen: 30 }, overfitted = { seen: 0, unseen: 30 };
        return [says(bad, good), says(overfitted, bad), says(overfitted, good)];"""
    )
    heart = "first network has learned its 100 images by heart"
    assert heart in few_only and heart in both and both.count("by heart") == 1 and "by heart" not in none
