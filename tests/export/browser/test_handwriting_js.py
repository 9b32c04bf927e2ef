"""The redrawing of digits in JavaScript is that in Python: the same digits of the same pixels."""

import base64
import json
from importlib.resources import files
from io import BytesIO

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from digits import mnist
from digits.errors import UserError
from digits.handwriting import background, find_digit, find_digits, find_lines
from digits.handwriting.normalize import redraw
from digits.handwriting.segmentation import best_way, sureness
from digits.model import DigitClassifier
from tests.support.pens import STROKES, box, cover, on_paper
from tests.support.photos import line, photo
from tests.support.small_mnist import DATA

SCRIPTS = "images.js", "ink.js", "redraw.js", "cuts.js", "handwriting.js"
RUN = """async ([expression, arrays]) => {
  const decoded = Object.values(arrays).map(async ([kind, width, height, base64]) => {
    const bytes = await (await fetch(`data:;base64,${base64}`)).arrayBuffer();
    return { width, height, data: kind === "u" ? new Uint8ClampedArray(bytes) : new Float32Array(bytes) };
  });
  const value = new Function(...Object.keys(arrays), `return ${expression}`)(...(await Promise.all(decoded)));
  return JSON.stringify(value, (_, inner) => (ArrayBuffer.isView(inner) ? [...inner] : inner));
}"""


@pytest.fixture(scope="module")
def run(browser):
    """run(expression, name=array, ...): what an expression in JavaScript makes of arrays: images (H, W) float32 or,
    as a page has them, (H, W, 4) uint8."""
    page = browser.new_page()
    sources = "\n".join((files("digits.export") / "web" / name).read_text() for name in SCRIPTS)
    page.set_content(f"<script>{sources}</script>")

    def run(expression, **arrays):
        encoded = {
            name: (array.dtype.kind, array.shape[1], array.shape[0], base64.b64encode(array.tobytes()).decode())
            for name, array in arrays.items()
        }
        return json.loads(page.evaluate(RUN, [expression, encoded]))

    yield run
    page.close()


def as_image(result):
    return np.float32(result["data"]).reshape(result["height"], result["width"])


def clearest(found):
    return max(found, key=lambda digit: digit["clarity"])


def rgba(picture):
    """A PIL image or array as a browser decodes it, (H, W, 4) uint8."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    return np.asarray(image.convert("RGBA"))


# The same digits.


@pytest.fixture(scope="module")
def real(trained):
    """The test images (10000, 28, 28) uint8 and a network that reads them."""
    return mnist.load(DATA, train=False)[0].numpy(), DigitClassifier.load_from_checkpoint(trained)


def assert_alike(drawn, wanted, model, mean, worst):
    """Images (N, 28, 28) differ by so much of 255 in the mean, none by more than the worst, and are read the same."""
    drawn, wanted = np.float32(drawn).reshape(-1, 28, 28), np.stack(wanted)
    difference = 255 * np.abs(drawn - wanted).mean((1, 2))
    assert difference.mean() <= mean and difference.max() <= worst
    one, other = (model.predict(torch.from_numpy(images))[0] for images in (drawn, wanted))
    assert (one == other).float().mean() >= 0.99


@pytest.mark.slow
@pytest.mark.mnist
@pytest.mark.parametrize("hard", [False, True])
def test_photos(hard, run, real):
    images, model = real
    rng, drawn, wanted = np.random.default_rng([19, hard]), [], []
    while len(drawn) < 40:
        pixels = rgba(photo(images[rng.integers(len(images))], rng, hard))
        if pixels.size > 1_000_000:  # takes long to send to the browser
            continue
        found = run("findDigits(pixels)", pixels=pixels)
        try:
            digit = find_digit(pixels)
        except UserError:
            assert found == []
            continue
        found = clearest(found)
        assert np.abs(np.subtract(found["box"], digit.box)).max() <= 4
        assert found["clarity"] == pytest.approx(digit.clarity, rel=0.02)
        drawn.append(found["image"])
        wanted.append(digit.image)
    assert_alike(drawn, wanted, model, mean=0.2, worst=8)


@pytest.fixture(scope="module")
def drawings():
    """How much of each pixel a pen covers, (H, W) float32, on 120 drawings of all sizes."""
    rng = np.random.default_rng(20)

    def draw(strokes):
        side, height = rng.integers(160, 360), rng.uniform(60, 150)
        corner = rng.uniform(0.05, 0.25, 2) * side
        return cover((side, side), (strokes, *corner, height), pen=rng.uniform(0.04, 0.26))

    return [draw(strokes) for strokes in STROKES.values() for _ in range(15)]


@pytest.mark.slow
@pytest.mark.mnist
def test_drawings_are_all_ink(run, real, drawings):
    """Strokes are redrawn as they are, and nearly as if they had been photographed."""
    drawn = [run("redraw(ink)", ink=ink) for ink in drawings]
    assert_alike(drawn, [redraw(ink) for ink in drawings], real[1], mean=0.02, worst=1)
    pictures = [on_paper(ink, (0, 0, 0), (255, 255, 255)) for ink in drawings]
    assert_alike(drawn, [find_digit(picture).image for picture in pictures], real[1], mean=2, worst=16)


@pytest.mark.parametrize("x", [-30, 90])
def test_a_drawing_over_the_border_is_read_as_far_as_it_goes(x, run):
    strokes = cover((120, 120), (STROKES[0], x, -10, 100))
    assert np.allclose(np.reshape(run("redraw(ink)", ink=strokes), (28, 28)), redraw(strokes), atol=0.02)


@pytest.mark.mnist
@pytest.mark.parametrize("digit", [0, 7])
def test_a_picture_cut_to_its_ink(digit, run, real):
    ink = cover((230, 300), (STROKES[digit], 40, 40, 200), pen=0.03)
    left, top, right, bottom = box(ink)
    pixels = rgba(on_paper(ink)[top:bottom, left:right])
    (found,) = run("findDigits(pixels)", pixels=pixels)
    assert_alike([found["image"]], [find_digit(pixels).image], real[1], mean=0.5, worst=0.5)


@pytest.mark.mnist
def test_lines(run, real):
    images, model = real
    rng, drawn, wanted = np.random.default_rng(21), [], []
    for i in range(8):
        pixels = rgba(line(list(images[rng.choice(len(images), 4)]), rng, hard=i % 2 == 1)[0])
        found, digits = run("findDigits(pixels)", pixels=pixels), find_digits(pixels)
        assert len(found) == len(digits)
        drawn += [digit["image"] for digit in found]
        wanted += [digit.image for digit in digits]
    assert_alike(drawn, wanted, model, mean=0.2, worst=8)


@pytest.mark.mnist
def test_the_same_cuts_and_the_same_way_through_them(run, real):
    images, model = real
    rng = np.random.default_rng(26)
    for i in range(8):
        pixels = rgba(line(list(images[rng.choice(len(images), 4)]), rng, hard=i % 2 == 1, touching=i > 3)[0])
        found, lines = run("findLines(pixels)", pixels=pixels), find_lines(pixels)
        assert len(found) == len(lines)
        for one, other in zip(found, lines, strict=True):
            assert [list(trial.values()) for trial in one["trials"]] == [
                pytest.approx(trial, abs=0.1) for trial in other.trials
            ]
            assert_alike([digit["image"] for digit in one["digits"]], [d.image for d in other.digits], model, 0.5, 8)
            outputs = model.predict(torch.from_numpy(np.stack([digit.image for digit in other.digits])))[1].numpy()
            tried = json.dumps([trial._asdict() for trial in other.trials])
            way = run(f"bestWay({tried}, {json.dumps(outputs.tolist())})")
            assert way == [list(step) for step in best_way(other.trials, outputs)]
            sure = run(f"sureness({tried}, {json.dumps(outputs.tolist())}, {json.dumps(way)})")
            assert sure == pytest.approx(sureness(other.trials, outputs, best_way(other.trials, outputs)))


@pytest.mark.mnist
def test_images_of_mnist_are_not_changed(run, real):
    for image in real[0][:20]:
        (found,) = run("findDigits(pixels)", pixels=rgba(image))
        assert np.array_equal(np.float32(found["image"]).reshape(28, 28), image / np.float32(255))
        assert (found["box"], found["clarity"]) == ([0, 0, 28, 28], 1)
        shifted = np.roll(image, 2, axis=0)
        found = clearest(run("findDigits(pixels)", pixels=rgba(shifted)))
        assert np.abs(np.subtract(found["box"], find_digit(shifted).box)).max() <= 1  # which are rounded
        assert found["box"] != [0, 0, 28, 28]


@pytest.mark.parametrize("size", [(24, 31), (90, 130), (410, 395), (700, 420), (601, 807)])
@pytest.mark.parametrize("colour", [0, 255, (230, 240, 90)])
def test_transparent_pictures_of_any_size(size, colour, run):
    ink = cover(size, (STROKES[3], 0.3 * size[0], 0.2 * size[1], 0.55 * min(size)))
    pixels = np.dstack([np.full((*ink.shape, 3), colour, np.uint8), (255 * ink).astype(np.uint8)])
    (found,), (digit,) = run("findDigits(pixels)", pixels=pixels), find_digits(pixels)
    assert np.abs(np.reshape(found["image"], (28, 28)) - digit.image).mean() < 2 / 255
    assert np.abs(np.subtract(found["box"], digit.box)).max() <= np.ceil(max(size) / 300)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (9, 901), (8, 8), (28, 28), (300, 400)])
@pytest.mark.parametrize("colour", [0, 90, 255])
def test_no_ink_no_digit(size, colour, run):
    page = np.full((*size, 4), colour, np.uint8)
    with pytest.raises(UserError):
        find_digits(page)
    assert run("findDigits(pixels)", pixels=page) == []


# The same operations.


@pytest.fixture
def image():
    rng = np.random.default_rng(22)
    return cv2.GaussianBlur(rng.random((61, 83), np.float32), (0, 0), 2)


@pytest.mark.parametrize(
    ("how", "size"),
    [("area", (83, 61)), ("area", (27, 20)), ("area", (80, 7)), ("linear", (191, 170)), ("cubic", (166, 122))],
)
def test_sizes(how, size, run, image):
    wanted = cv2.resize(image, size, interpolation=getattr(cv2, f"INTER_{how.upper()}"))
    found = run(f"resampled(image, {how}(83, {size[0]}), {how}(61, {size[1]}))", image=image)
    assert np.allclose(as_image(found), wanted, atol=1e-4)


@pytest.mark.parametrize("side", [3, 9])
def test_closing(side, run, image):
    found, square = as_image(run(f"closing(image, {side})", image=image)), np.ones((side, side), np.uint8)
    wanted = cv2.morphologyEx(image, cv2.MORPH_CLOSE, square, borderType=cv2.BORDER_CONSTANT, borderValue=2)
    assert np.allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("deviation", [1, 12.9, 70])
def test_blur(deviation, run, image):
    wanted = cv2.GaussianBlur(image, (0, 0), deviation)
    assert np.allclose(as_image(run(f"blurred(image, {deviation})", image=image)), wanted, atol=1e-3)


def test_steepness(run, image):
    (slopes, edges), (found, mask) = background.steepness(image), run("steepness(image)", image=image)
    assert np.allclose([as_image(slope) for slope in found], slopes, atol=1e-4)
    assert 0 < edges.mean() < 0.5 and np.array_equal(as_image(mask), edges)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_distances(share, run, image):
    mask = (image > np.quantile(image, share)).astype(np.uint8)
    wanted = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert np.allclose(as_image(run("distances(mask)", mask=np.float32(mask))), wanted, atol=1e-4)


@pytest.mark.parametrize("values", [[3], [2, 1], [5, 1, 4, 1, 3], [0] * 7 + [1], range(50)])
def test_quantiles(values, run):
    values = np.random.default_rng(23).permutation(np.float32(values))
    for share in (0, 0.3, 0.5, 0.995):
        assert run(f"quantile(row.data, {share})", row=values[None]) == np.sort(values)[int(share * len(values))]


@pytest.mark.parametrize("upright", [False, True])
def test_printed_lines_are_taken_away(upright, run):
    rng = np.random.default_rng(24)
    page = 0.9 + 0.01 * rng.random((180, 220), np.float32) - 0.6 * cover((220, 180), (STROKES[2], 80, 40, 90))
    for row in (20, 75, 130):
        page[row + np.arange(220) // 60, np.arange(220)] -= 0.2
    page = np.ascontiguousarray(page.T if upright else page)
    wanted = background.without_lines(page)
    assert (wanted != page).mean() > 0.03
    assert np.allclose(as_image(run("withoutLines(page)", page=page)), wanted, atol=1e-4)


def test_parts(run, image):
    mask, (slopes, _) = image < np.quantile(image, 0.25), background.steepness(image)
    labels, parts = background.parts(mask, slopes)
    sides = dict(zip(("right", "left", "below", "above"), slopes, strict=True))
    call = "parts(mask, [right, left, below, above])"
    found, same = run(f"Object.values({call})", mask=np.float32(mask), **sides)
    assert len(parts) > 5 and len(set(found["data"])) == labels.max() + 1
    pairs = set(zip(labels.ravel().tolist(), found["data"], strict=True))
    assert len(pairs) == labels.max() + 1  # the same parts, whatever their numbers

    def known(part):
        sides = [part[side] for side in ("left", "top", "right", "bottom")]
        return [*sides, pytest.approx(part["score"], abs=1e-3), part["main"]]

    assert sorted(list(part[1:]) for part in parts) == sorted(map(known, same), key=lambda part: part[:4])


def test_a_large_file_as_the_browser_opens_it(run):
    """Python reads a JPEG at a half or less, the browser in full; so the two need not have the same size to work on."""
    rng, size = np.random.default_rng(25), (1600, 1200)
    ink = cover(size, (STROKES[5], 0.3 * size[0], 0.2 * size[1], 0.5 * size[1]))
    pixels = (on_paper(ink) + rng.normal(0, 4, (*ink.shape, 3))).clip(0, 255).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    (found,), digit = run("findDigits(pixels)", pixels=rgba(Image.open(file))), find_digit(file.getvalue())
    assert np.abs(np.reshape(found["image"], (28, 28)) - digit.image).mean() < 4 / 255
