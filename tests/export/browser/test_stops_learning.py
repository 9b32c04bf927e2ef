"""The stops on how a network learns: errors that flow back, and images that are learned by heart."""

import re

import numpy as np
import pytest
import torch

from digits import backprop
from tests.support.pages import draw, frames, numbers, sentence, violations

pytestmark = pytest.mark.mnist

GUESS, ERRORS, BLAME, WEIGHTS, STEP = range(5)
RATE = 0.1


@pytest.fixture(scope="module")
def page(tour_page):
    draw(tour_page, 3)
    return tour_page


@pytest.fixture
def flow(page):
    """Come to the stop on backpropagation, with a fresh network, in a phase."""
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    yield lambda phase=GUESS: at_backpropagation(page, phase)
    close(page)


def at_backpropagation(page, phase):
    go_to(page, "backpropagation")
    for _ in range(phase):
        page.locator("#backpropagation-next").click()


def go_to(page, stop):
    """Go to a stop, by which the page may get another height. At the stop, nothing may move."""
    page.evaluate(f"resized = true; location.hash = 'stop={stop}'")
    page.locator(f"#stop-{stop}.here").wait_for()
    page.wait_for_function("() => digits.small.layers")
    frames(page, 3)
    page.evaluate("resized = false")


def close(page):
    """Close the tour, by which the page may get another height, too."""
    page.evaluate("resized = true")
    page.locator("#close").click()
    frames(page, 3)
    page.evaluate("resized = false")


def formula(page):
    return page.locator("#backpropagation-formula p").all_text_contents()


def pick(page, kind, j):
    page.locator(f".here [data-neuron='{kind} {j}']").last.dispatch_event("click")


def passed(page):
    """What digits.backprop computes of the network and the digit on the pad: activations, errors and the cost."""
    layers, image, y = page.evaluate(
        """() => {
            const { backflow, backpropagation, network, state } = digits, [{ image }] = state.digits;
            const y = backpropagation.desired(network.predictionOf(network.outputsOf(state.network.layers, image)));
            return [backflow.layers.map(({ weights, biases }) => [[...weights], [...biases]]), [...image], [...y]];
        }"""
    )
    biases = [torch.tensor(b, dtype=torch.float64) for _, b in layers]
    weights = [torch.tensor(w, dtype=torch.float64).view(len(b), -1) for w, b in layers]
    x, y = (torch.tensor(values, dtype=torch.float64)[None] for values in (image, y))
    activations = backprop.feedforward(weights, biases, x)
    a = activations[-1]
    (_, hidden), (_, outputs) = backprop.backpropagate(weights, activations, (a - y) * a * (1 - a))
    before = cost(a, y)
    backprop.sgd_step(weights, biases, x, y, RATE)
    after = backprop.feedforward(weights, biases, x)[-1]
    return {
        "hidden": activations[1][0].numpy(),
        "outputs": a[0].numpy(),
        "y": y[0].numpy(),
        "deltas": outputs.numpy(),
        "blame": hidden.numpy(),
        "weights": np.array(layers[1][0]).reshape(10, 30),
        "costs": [before, cost(after, y)],
        "after": after[0].numpy(),
    }


def cost(a, y):
    return ((y - a) ** 2).sum().item() / 2


def test_each_phase_says_in_words_what_has_happened(page, flow):
    """With the numbers of digits.backprop; after the step the cost is lower, and the new network begins again."""
    flow()
    known = passed(page)
    outputs, right = known["outputs"], int(known["y"].argmax())
    wrong = int(np.argmax(np.where(known["y"] == 1, -1, outputs)))
    assert right == 3
    assert "output 3 should be 1, and all others 0" in sentence(page)
    page.locator("#backpropagation-next").click()
    assert sentence(page).startswith(f"Output 3 should be 1 but is {outputs[3]:.2f}, so it wants to rise (red). How")
    assert sentence(page).endswith(
        f" Output {wrong} should be 0 but is {outputs[wrong]:.2f}, so it wants to fall (blue)."
    )
    page.locator("#backpropagation-next").click()
    most = int(known["blame"].argmax())
    assert re.match(
        rf"Neuron {most} (pushed|held) output \d (up|down) by mistake, so it is told to fire less", sentence(page)
    )
    page.locator("#backpropagation-next").click()
    rate, _, fires, _, wants, _, change = numbers(sentence(page))
    assert [rate, fires] == pytest.approx([RATE, known["hidden"][most]], abs=0.006)
    assert [wants, 10 * change] == pytest.approx([-known["blame"][most]] * 2, abs=0.0006)
    changes = page.locator(".here text.rises, .here text.falls").all_text_contents()
    expected = -RATE * known["deltas"] * known["hidden"][most]
    assert [numbers(text)[0] for text in changes] == pytest.approx(expected, abs=0.0006)
    page.locator("#backpropagation-next").click()
    assert numbers(sentence(page)) == pytest.approx([3, outputs[3], known["after"][3], *known["costs"]], abs=0.006)
    assert known["costs"][1] < known["costs"][0]
    page.locator("#backpropagation-next").click()
    assert sentence(page).startswith("After 1 step, ")
    assert passed(page)["costs"][0] == pytest.approx(known["costs"][1], abs=1e-5)


def test_a_hidden_neuron_is_told_what_its_error_says_and_by_the_output_that_says_so(page, flow):
    flow(BLAME)
    known = passed(page)
    for j in range(30):
        pick(page, "hidden", j)
        messages = -known["deltas"] * known["weights"][:, j]
        words = sentence(page)
        assert ("told to fire more (red)" if known["blame"][j] < 0 else "told to fire less (blue)") in words
        match = re.match(rf"Neuron {j} (pushe|hel|hold)\w+ output (\d) (up|down)", words)
        k = int(match[2])
        assert (match[3] == "up") == (known["weights"][k, j] > 0)
        assert abs(messages[k]) == max(abs(messages[np.sign(messages) == np.sign(messages.sum())]))
        total, _, _, wants = numbers(words)[-4:]
        assert total == pytest.approx(messages.sum(), abs=0.006)
        assert wants == pytest.approx(-known["blame"][j], abs=0.0006)
    shown = page.locator(".here text.rises, .here text.falls").all_text_contents()
    assert [numbers(text)[0] for text in shown] == pytest.approx([*-known["deltas"], *messages], abs=0.0006)


def test_an_output_says_what_it_wants_in_every_phase(page, flow):
    flow(ERRORS)
    known = passed(page)
    for k in (3, 5):
        pick(page, "output", k)
        y, a = known["y"][k], known["outputs"][k]
        assert numbers(sentence(page).replace("(1 − a)", "")) == pytest.approx(
            [k, y, a, a, 1 - a, a * (1 - a)], abs=0.006
        )
    page.locator("#backpropagation-next").click()
    pick(page, "output", 5)
    assert sentence(page).startswith(
        "Output 5 wants to fall. A neuron whose weight to this output is positive is told: fire less (blue)"
    )
    page.locator("#backpropagation-next").click()
    pick(page, "output", 5)
    j = int(known["hidden"].argmax())
    change = -RATE * known["deltas"][5] * known["hidden"][j]
    expected = [RATE, 5, -known["deltas"][5], j, known["hidden"][j], change]
    assert numbers(sentence(page)) == pytest.approx(expected, abs=0.006)


def test_one_equation_at_a_time_with_the_numbers_of_the_neuron(page, flow):
    """None is named before its phase."""
    flow()
    assert "BP" not in page.locator("#stop-backpropagation").inner_text()
    assert not re.search(
        r"BP\d", page.evaluate("document.getElementById('tour').innerHTML.replace(/<p>BP1.*?<.p>/g, '')")
    )
    known = passed(page)
    page.get_by_role("button", name="Show the formula").click()
    assert not any("BP" in line for line in formula(page))
    page.locator("#backpropagation-next").click()
    assert re.findall(r"BP\d", " ".join(formula(page))) == ["BP1"]
    assert numbers(formula(page)[1])[-1] == pytest.approx(known["deltas"][3], rel=0.01)
    page.locator("#backpropagation-next").click()
    pick(page, "hidden", 7)
    assert re.findall(r"BP\d", " ".join(formula(page))) == ["BP2"]
    assert numbers(formula(page)[1])[-1] == pytest.approx(known["blame"][7], rel=0.01)
    page.locator("#backpropagation-next").click()
    assert re.findall(r"BP\d", " ".join(formula(page))) == ["BP3", "BP4"]
    assert [numbers(line)[-1] for line in formula(page)] == pytest.approx([known["blame"][7]] * 2, rel=0.01)
    pick(page, "output", 5)
    j = int(known["hidden"].argmax())
    slopes = [numbers(line)[-1] for line in formula(page)]
    assert slopes == pytest.approx([known["deltas"][5], known["deltas"][5] * known["hidden"][j]], rel=0.02)
    page.get_by_role("button", name="Hide the formula").click()
    assert page.locator("#backpropagation-formula").is_hidden()


def test_pulses_run_back_from_the_outputs_in_the_colours_of_blame(page, flow):
    flow(BLAME)
    pulses = page.locator(".here .pulse").evaluate_all(
        "(all) => all.map(({ style }) => [parseFloat(style.getPropertyValue('--across')), style.fill])"
    )
    assert pulses and all(across < 0 for across, _ in pulses)
    assert {fill for _, fill in pulses} == {"var(--red)", "var(--blue)"}
    page.locator("#backpropagation-back").click()
    page.locator("#backpropagation-back").click()
    assert all(
        page.locator(".here .pulse").evaluate_all(
            "(all) => all.map((dot) => parseFloat(dot.style.getPropertyValue('--across')) > 0)"
        )
    )


def test_with_reduced_motion_phases_change_without_pulses(page, flow):
    page.emulate_media(reduced_motion="reduce")
    flow()
    seen = set()
    for _ in range(5):
        assert page.locator(".here .pulse").count() == 0
        seen.add(sentence(page))
        page.locator("#backpropagation-next").click()
    assert len(seen) == 5


def test_the_colours_of_hidden_neurons_are_those_of_their_blame(page, flow):
    page.emulate_media(reduced_motion="reduce")
    flow(BLAME)
    blame = passed(page)["blame"]
    fills = page.locator(".here .neuron[data-neuron^=hidden]").evaluate_all(
        "(all) => all.map(({ style }) => style.fill)"
    )
    assert ["red" if "--red" in fill else "blue" for fill in fills] == np.where(blame < 0, "red", "blue").tolist()


def test_play_goes_through_all_phases_and_then_rests(visit, page_file):
    page = visit(page_file)
    draw(page, 3)
    go_to(page, "backpropagation")
    page.clock.install()
    seen = [sentence(page)]
    page.get_by_role("button", name="Play").click()
    for _ in range(4):
        assert page.locator("#backpropagation-play").inner_text() == "Pause"
        page.clock.run_for(6100)
        seen.append(sentence(page))
    assert len(set(seen)) == 5
    assert page.locator("#backpropagation-play").inner_text() == "Play"
    page.clock.run_for(20_000)
    assert sentence(page) == seen[-1]
    page.locator("#backpropagation-play").click()  # the next step
    assert sentence(page).startswith("After 1 step")
    page.locator("#backpropagation-play").click()
    page.clock.run_for(20_000)
    assert sentence(page).startswith("After 1 step")


def test_on_a_small_phone_its_buttons_stay_between_the_pad_and_the_figure(phone):
    """When Play has scrolled the figure into view, so that one can pause."""
    draw(phone, 3)
    go_to(phone, "backpropagation")
    phone.evaluate("scrollTo(0, 0); resized = true")  # from here on the page may scroll
    phone.locator("#backpropagation-play").click()
    frames(phone, 3)
    above, below = (phone.locator(part).bounding_box() for part in (".draw", "#tour nav"))
    figure = phone.locator("#stop-backpropagation .figure").bounding_box()
    assert figure["y"] + figure["height"] <= below["y"]
    for button in phone.locator("#stop-backpropagation .does button").all():
        box = button.bounding_box()
        assert above["y"] + above["height"] <= box["y"] <= figure["y"] - box["height"], button.inner_text()


def test_a_neuron_can_be_picked_by_keyboard_and_another_digit_begins_anew(page, flow):
    flow(BLAME)
    first = int(numbers(sentence(page))[0])
    page.locator("#backpropagation-other").press("Enter")
    assert numbers(sentence(page))[0] == (first + 1) % 30
    page.locator(".here [data-neuron='phase 3']").click()
    assert sentence(page).startswith("A weight changes by its input times")
    draw(page, 7)
    assert sentence(page).startswith("Nobody has trained this network yet")
    page.locator("#clear").click()
    draw(page, 3)


def test_few_images_are_learned_by_heart_and_many_are_not(page):
    """The curves part, on numbered axes; the workers end when the stop is left."""
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    go_to(page, "overfitting")
    workers = len(page.workers)
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_function("() => digits.overfit.trainings.every(({ points }) => points.length > 2)")
    assert len(page.workers) == workers + 2
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function("() => !digits.overfit.busy")
    paused = sentence(page)
    assert page.locator(".here polyline").count() == 4
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function("() => !digits.overfit.goes")
    few, many = page.evaluate("digits.overfit.trainings.map(({ train, points }) => ({ train, ...points[20] }))")
    assert sentence(page) != paused
    assert few["train"] == 100 and many["train"] > 1000
    assert few["seen"] < 3 and few["unseen"] > 20
    assert many["unseen"] - many["seen"] < 12
    gaps = [round(errors["unseen"]) - round(errors["seen"]) for errors in (few, many)]
    assert f"The gap is {gaps[0]} against {gaps[1]}." in sentence(page)
    assert f"{round(few['unseen'])} in 100 others" in sentence(page)
    labels = page.locator(".here .axes text").all_text_contents()
    assert [labels.count(label) for label in ("Epoch", "Error in %", "100", "20")] == [2, 2, 2, 4]
    go_to(page, "pixels")
    page.wait_for_function("() => digits.overfit.trainings.every(({ worker }) => !worker)")
    assert len(page.workers) == workers
    close(page)


def test_the_few_images_are_the_first_and_the_others_stay_the_same(page):
    """The images of the training of few, as its worker is given them."""
    go_to(page, "overfitting")
    page.evaluate("void (holdsUp = (job) => { if (job.fresh) (window.jobs ??= []).push(job.fresh.mnist); })")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_function("() => window.jobs?.length === 2")
    assert page.evaluate(
        """async () => {
            const { exampleOf } = digits.backpropagation, all = await digits.heldImages(), [few] = jobs;
            const same = (i, j) => ["image", "y"].every((part) => exampleOf(few, i)[part].every(
                (value, k) => value === exampleOf(all, j)[part][k]));
            return few.train === 100 && few.test === all.test && [0, 1, 99].every((i) => same(i, i))
                && [0, 1, all.test - 1].every((i) => same(few.train + i, all.train + i));
        }"""
    )
    page.evaluate("holdsUp = null")
    close(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_the_stops_on_learning(scheme, page):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    go_to(page, "overfitting")
    assert violations(page, "#tour") == []
    go_to(page, "backpropagation")
    page.locator("#backpropagation-show").click()
    for _ in range(5):
        assert violations(page, "#tour") == []
        page.locator("#backpropagation-next").click()
    page.locator("#backpropagation-show").click()
    close(page)
