"""Any picture of handwriting to digits drawn as MNIST's: every kind of file, size, light, line and mistake."""

import io
import itertools
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from digits import UserError, mnist
from digits.handwriting import find_digit, find_digits, group_parts
from digits.handwriting.ink import Part, find_ink, without_lines
from digits.handwriting.redraw import BOX, FINE, LEAN, STROKE, centre_of_mass, normal_strokes, redraw, upright
from digits.model import DigitClassifier
from tests.support.pens import APART, INK, PAPER, STROKES, as_mnist, box, cover, on_paper

NEAR = 0.02  # mean absolute difference of two drawings of a digit in 28x28 that are nearly the same
SIZE = 320, 240


def difference(one, other):
    assert one.shape == other.shape == (28, 28)
    return float(np.abs(one - other).mean())


def assert_finds(picture, ink, near=NEAR, pixels=2):
    """The one digit in the picture is that of `ink`, nearly, and its box too, up to so many pixels."""
    (digit,) = find_digits(picture)
    assert difference(digit.image, as_mnist(ink)) < near
    assert np.abs(np.subtract(digit.box, box(ink))).max() <= pixels
    clearest = find_digit(picture)
    assert np.array_equal(clearest.image, digit.image) and clearest.box == digit.box


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def two():
    return cover(SIZE, (STROKES[2], 110, 60, 120))


def test_digits_that_differ_are_far_apart():
    """So that what is nearly the same says something."""
    drawn = [as_mnist(cover(SIZE, (strokes, 100, 50, 120))) for strokes in STROKES.values()]
    assert min(difference(one, other) for one, other in itertools.combinations(drawn, 2)) > 4 * NEAR


@pytest.mark.parametrize("digit", STROKES)
def test_a_digit_is_found_and_drawn_as_mnist_would(digit):
    ink = cover(SIZE, (STROKES[digit], 110, 50, 120))
    assert_finds(on_paper(ink), ink)


# MNIST's own images.


@pytest.mark.mnist
def test_the_test_images_as_files_pass_unchanged(mnist_dir):
    images, _ = mnist.load(mnist_dir, train=False)
    found = [find_digit(encoded(Image.fromarray(image), "PNG", compress_level=1)) for image in images.numpy()]
    assert {digit.box for digit in found} == {(0, 0, 28, 28)}
    read = torch.from_numpy(np.stack([digit.image for digit in found]))
    assert read.dtype == torch.float32 and torch.equal(read, images / 255)
    for seed in range(3):
        model = DigitClassifier([30], init="gaussian", seed=seed)
        assert all(torch.equal(a, b) for a, b in zip(model.predict(read), model.predict(images), strict=True))


def test_a_picture_of_28x28_that_is_not_drawn_so_is_redrawn():
    ink = cover((28, 28), (STROKES[2], 2, 1, 18))
    digit = find_digit((255 * ink).astype(np.uint8))
    assert digit.box != (0, 0, 28, 28)
    assert np.abs(np.subtract(centre_of_mass(digit.image), 14.5)).max() < 0.5


# Every kind of picture.


def kinds():
    """By name: a picture of ink (H, W, 3) uint8 on light paper, given in another way."""

    def grey(rgb):
        return np.asarray(Image.fromarray(rgb).convert("L"))

    def transparent(rgb, colour):
        """Ink of a colour on paper that is not there, and black where it is not there, as drawing programs save it."""
        alpha = ((255.0 - grey(rgb)) * (255 / (255.0 - grey(rgb).min()))).clip(0, 255)
        alpha = np.where(alpha > 40, alpha, 0).astype(np.uint8)
        pixels = np.where(alpha[:, :, None] > 0, np.uint8(colour), np.uint8(0))
        return Image.fromarray(np.dstack([pixels, alpha]))

    def indexed(rgb):
        image = Image.fromarray(rgb).quantize(8)
        image.info["transparency"] = image.getpixel((0, 0))
        return image

    arrays = {
        "RGB uint8": lambda rgb: rgb,
        "grey uint8": grey,
        "RGBA uint8": lambda rgb: np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]),
        "RGB upside down in memory": lambda rgb: np.ascontiguousarray(rgb[::-1])[::-1],
        "grey uint16": lambda rgb: grey(rgb).astype(np.uint16) * 257,
        "RGB uint16": lambda rgb: rgb.astype(np.uint16) * 257,
        "bool": lambda rgb: grey(rgb) > 140,
        "grey float32": lambda rgb: grey(rgb) / np.float32(255),
        "RGB float64": lambda rgb: rgb / 255,
        "torch": lambda rgb: torch.from_numpy(grey(rgb).copy()),
    }
    images = {
        "L": lambda rgb: Image.fromarray(grey(rgb)),
        "RGB": Image.fromarray,
        "RGBA": lambda rgb: Image.fromarray(rgb).convert("RGBA"),
        "RGBA, dark on transparent": lambda rgb: transparent(rgb, INK),
        "RGBA, light on transparent": lambda rgb: transparent(rgb, (250, 250, 240)),
        "LA": lambda rgb: Image.fromarray(rgb).convert("LA"),
        "LA, dark on transparent": lambda rgb: transparent(rgb, INK).convert("LA"),
        "P": lambda rgb: Image.fromarray(rgb).quantize(16),
        "P, transparent paper": indexed,
        "1": lambda rgb: Image.fromarray(grey(rgb) > 140),
        "I;16": lambda rgb: Image.fromarray(grey(rgb).astype(np.uint16) * 200),
        "I": lambda rgb: Image.fromarray(grey(rgb).astype(np.int32) * 1000 - 70_000),
        "F": lambda rgb: Image.fromarray(grey(rgb) / np.float32(1000) - 1),
        "CMYK": lambda rgb: Image.fromarray(rgb).convert("CMYK"),
        "YCbCr": lambda rgb: Image.fromarray(rgb).convert("YCbCr"),
        "HSV": lambda rgb: Image.fromarray(rgb).convert("HSV"),
    }
    files = {
        f"{mode} {kind}": lambda rgb, kind=kind, mode=mode: encoded(images[mode](rgb), kind)
        for kind, mode in [
            *[("PNG", mode) for mode in ("L", "RGB", "RGBA, dark on transparent", "P, transparent paper", "1", "I;16")],
            *[("TIFF", mode) for mode in ("RGB", "CMYK", "F", "I;16")],
            *[("JPEG", mode) for mode in ("L", "RGB", "CMYK")],
            *[(kind, "RGB") for kind in ("BMP", "GIF", "WEBP", "PPM")],
        ]
    }
    return arrays | {f"PIL {name}": make for name, make in images.items()} | files


KINDS = kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_picture_is_read(kind, two):
    assert_finds(KINDS[kind](on_paper(two)), two)


@pytest.mark.parametrize("name", ["two.png", "two", "two.jpg.txt"])
def test_a_file_is_read_whatever_its_name(name, two, tmp_path):
    path = tmp_path / name
    path.write_bytes(encoded(Image.fromarray(on_paper(two)), "PNG"))
    assert_finds(path, two)
    assert_finds(str(path), two)


def test_what_is_passed_in_is_not_changed(two, tmp_path):
    array = on_paper(two)
    array.flags.writeable = False
    find_digit(array)
    for kind, make in KINDS.items():
        if kind.startswith("PIL"):
            image = make(on_paper(two))
            before = image.mode, image.size, dict(image.info), image.tobytes()
            find_digit(image), find_digits(image)
            assert before == (image.mode, image.size, image.info, image.tobytes())
    path = tmp_path / "large.jpg"
    Image.fromarray(np.full((1200, 1600), 255, np.uint8)).save(path)
    with Image.open(path) as image, pytest.raises(UserError):
        find_digit(image)
    with Image.open(path) as image:  # not decoded yet
        assert image.size == (1600, 1200) and image.getpixel((1599, 1199)) == 255


# What undoes an orientation; Pillow's names of them are those of what to do to the stored picture.
FLIPS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("size", [(320, 240), (1600, 1200)])
@pytest.mark.parametrize("orientation", FLIPS)
def test_a_photo_taken_with_the_camera_turned_is_read_upright(orientation, size):
    ink = cover(size, (STROKES[5], 0.2 * size[0], 0.3 * size[1], 0.4 * size[1]))
    image = Image.fromarray(on_paper(ink))
    stored = image.transpose(FLIPS[orientation]) if FLIPS[orientation] is not None else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(stored, "JPEG", exif=exif, quality=95)
    assert np.abs(np.float32(ImageOps.exif_transpose(Image.open(io.BytesIO(file)))) - on_paper(ink)).mean() < 3
    assert_finds(file, ink, pixels=2 * size[0] / 320)


# Sizes, places, colours.


@pytest.mark.parametrize("side", [60, 90, 150, 299, 300, 301, 450, 1000, 1501, 3000])
def test_the_size_of_the_picture_does_not_matter(side):
    ink = cover((side, side), (STROKES[2], 0.2 * side, 0.15 * side, 0.6 * side))
    assert_finds(on_paper(ink), ink, pixels=max(2, side / 100))
    if side >= 1000:  # these are decoded smaller
        assert_finds(encoded(Image.fromarray(on_paper(ink)), "JPEG"), ink, pixels=side / 100)


@pytest.mark.parametrize("side", [16, 20, 24, 28, 32, 40])
def test_tiny_pictures_are_read_less_exactly(side):
    ink = cover((side, side), (STROKES[2], 0.2 * side, 0.15 * side, 0.6 * side))
    assert_finds(on_paper(ink), ink, near=3 * NEAR)


@pytest.mark.parametrize("side", [8, 10, 12, 14])
def test_pictures_too_small_to_read_do_not_crash(side):
    ink = cover((side, side), (STROKES[2], 0.2 * side, 0.15 * side, 0.6 * side))
    left, top, right, bottom = find_digit(on_paper(ink)).box
    assert 0 <= left < right <= side and 0 <= top < bottom <= side


@pytest.mark.parametrize("size", [(1000, 60), (60, 1000), (3000, 200), (200, 3000), (1234, 567)])
def test_the_shape_of_the_picture_does_not_matter(size):
    ink = cover(size, (STROKES[5], 0.4 * size[0], 0.3 * size[1], 0.5 * min(size)))
    assert_finds(on_paper(ink), ink, near=1.5 * NEAR, pixels=max(2, (size[0] * size[1]) ** 0.5 / 100))


@pytest.mark.parametrize("share", [0.2, 0.35, 0.55, 0.75, 0.95])
def test_a_digit_of_any_height_from_a_fifth_of_the_picture_is_read(share):
    ink = cover(SIZE, (STROKES[5], 25, 5, share * SIZE[1]))
    assert_finds(on_paper(ink), ink)


@pytest.mark.parametrize("left", [0.01, 0.4, 0.79])
@pytest.mark.parametrize("top", [0.01, 0.3, 0.59])
def test_a_digit_is_read_wherever_it_is(left, top):
    ink = cover(SIZE, (STROKES[3], left * SIZE[0], top * SIZE[1], 0.4 * SIZE[1]))
    assert_finds(on_paper(ink), ink)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((0, 0, 0), (255, 255, 255)),
        ((32, 52, 150), (246, 238, 214)),  # blue on cream
        ((188, 28, 40), (251, 241, 160)),  # red on yellow
        ((105, 105, 108), (243, 243, 238)),  # pencil
        ((90, 90, 90), (140, 140, 140)),  # in a dim room
        ((255, 255, 255), (0, 0, 0)),
        ((240, 240, 236), (46, 84, 68)),  # chalk
        ((245, 232, 150), (30, 42, 96)),
    ],
)
def test_any_ink_on_any_paper(ink, paper, two):
    assert_finds(on_paper(two, ink, paper), two)


def test_light_on_dark_equals_dark_on_light(two):
    dark, light = on_paper(two, (30, 30, 30), (225, 225, 225)), on_paper(two, (225, 225, 225), (30, 30, 30))
    assert difference(find_digit(dark).image, find_digit(light).image) < NEAR


# Paper with lines, in a light that is not even.


def ruled(pixels, spacing, squared, tint=(0.62, 0.72, 0.9), width=2, slope=0.0):
    """Pictures (H, W, 3) with printed lines, `width` pixels wide, at a slope."""
    height, across = pixels.shape[:2]
    y, x = np.mgrid[:height, :across]
    on = (y + slope * x + spacing / 3) % spacing < width
    on |= squared & ((x - slope * y + spacing / 5) % spacing < width)
    return np.where(on[:, :, None], pixels * np.float32(tint), pixels).astype(np.uint8)


@pytest.mark.parametrize("slope", [0, 0.03])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("spacing", [35, 60, 110])
def test_printed_lines_are_not_read(spacing, squared, slope, two):
    assert_finds(ruled(on_paper(two), spacing, squared, slope=slope), two)


@pytest.mark.parametrize("slope", [0, 0.03])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("spacing", [35, 60, 110])
def test_printed_lines_half_as_dark_as_a_small_digit_change_nothing(spacing, squared, slope):
    ink = cover(SIZE, (STROKES[2], 110, 60, 45), pen=0.1)
    lines = 1 - (1 - np.array(INK) / PAPER) / 2
    plain, lined = (
        find_digits(page) for page in (on_paper(ink), ruled(on_paper(ink), spacing, squared, lines, 2, slope))
    )
    assert len(plain) == len(lined) == 1
    assert difference(plain[0].image, lined[0].image) < NEAR / 2


@pytest.mark.parametrize("upright_lines", [False, True])
def test_without_lines_leaves_paper_and_ink(upright_lines, two):
    plain = on_paper(two)[:, :, 1] / np.float32(255)
    lined = ruled(on_paper(two), 60, False)[:, :, 1] / np.float32(255)
    if upright_lines:
        plain, lined = np.ascontiguousarray(plain.T), np.ascontiguousarray(lined.T)
    paper = (two.T if upright_lines else two) == 0
    assert np.abs(lined - plain)[paper].max() > 0.2
    assert np.abs(without_lines(lined) - plain)[paper].max() < 0.05
    assert np.abs(without_lines(plain) - plain).mean() < 0.005


def shadow(edge, angle, softness, depth, size=SIZE):
    """Its share of light (H, W, 1): darker by `depth` on one side of a line through the share `edge` of the picture."""
    y, x = np.mgrid[: size[1], : size[0]]
    along = (x - edge * size[0]) * np.cos(angle) + (y - edge * size[1]) * np.sin(angle)
    return (1 - depth / (1 + np.exp(-along / softness)))[:, :, None]


@pytest.mark.parametrize("softness", [0.5, 3, 30])
@pytest.mark.parametrize("angle", [0, 0.6, 1.6, 2.5, 4])
def test_a_shadow_across_the_digit_changes_little(angle, softness, two):
    """Hard as of paper in the sun, or soft as of a hand; it takes 45 % of the light."""
    light = shadow(0.47, angle, softness, 0.45)
    assert (light[two > 0.5] < 0.6).mean() > 0.1 and (light[two > 0.5] > 0.9).mean() > 0.1 or softness > 10
    assert_finds((on_paper(two) * light).astype(np.uint8), two, near=1.5 * NEAR)


def test_a_picture_darker_at_one_end_with_noise(two):
    rng = np.random.default_rng(0)
    light = np.linspace(1, 0.4, SIZE[0])[None, :, None]
    noisy = on_paper(two) * light + rng.normal(0, 4, (*two.shape, 3))
    assert_finds(noisy.clip(0, 255).astype(np.uint8), two)


def test_an_edge_of_the_table_is_not_read(two):
    pixels = on_paper(two)
    pixels[:, 285:] = (70, 50, 40)
    assert_finds(pixels, two)


# Several parts, several digits.


@pytest.mark.parametrize("digit", APART)
def test_the_parts_of_a_digit_are_put_together(digit):
    ink = cover(SIZE, (APART[digit], 110, 50, 120))
    assert cv2.connectedComponents((ink > 0.1).astype(np.uint8))[0] == 3  # with the paper
    assert_finds(on_paper(ink), ink)


@pytest.mark.parametrize(
    "line", [[5, 3], [1, 1, 1], [2, 0, 4, 7, 8], [3, "5, its bar apart", 1, "5, its bar apart", 7]]
)
@pytest.mark.parametrize("dark", [False, True])
def test_digits_are_found_left_to_right_with_their_boxes(line, dark):
    rng, left, placed = np.random.default_rng(0), 30.0, []
    for digit in line:
        strokes = (STROKES | APART)[digit]
        height = rng.uniform(62, 78)
        placed.append((strokes, left, rng.uniform(60, 75), height))
        left = box(cover((1000, 200), placed[-1]))[2] + 0.25 * height
    size = int(left) + 20, 200
    colours = [(230, 230, 225), (44, 60, 52)] if dark else [INK, PAPER]
    found = find_digits(on_paper(cover(size, *placed), *colours))
    assert len(found) == len(line)
    for digit, one in zip(found, placed, strict=True):
        ink = cover(size, one)
        assert np.abs(np.subtract(digit.box, box(ink))).max() <= 4
        assert difference(digit.image, as_mnist(ink)) < 1.5 * NEAR


@pytest.mark.parametrize(
    ("strokes", "top", "height", "pen"),
    [([[(0, 0), (0, 1)]], 136, 14, 0.8), ([[(0.4, 0), (0, 1)]], 142, 20, 0.4), ([[(0, 0), (20, 0)]], 100, 9, 0.9)],
    ids=["dot", "comma", "dash"],
)
def test_a_small_mark_between_digits_is_dropped(strokes, top, height, pen):
    """Lower than a quarter of the digits, and a quarter of their height away."""
    places = (STROKES[3], 40, 60, 90), (STROKES[5], 172, 60, 90)
    digits = [cover(SIZE, place) for place in places]
    mark = cover(SIZE, (strokes, box(digits[0])[2] + 24, top, height), pen=pen)
    assert 90 < (mark > 0.5).sum() < 400 and box(digits[1])[0] - box(mark)[2] > 22
    found = find_digits(on_paper(np.max([*digits, mark], axis=0)))
    assert len(found) == 2
    for digit, ink in zip(found, digits, strict=True):
        assert difference(digit.image, as_mnist(ink)) < NEAR and np.abs(np.subtract(digit.box, box(ink))).max() <= 2


def test_of_several_digits_find_digit_takes_one_of_them():
    ink = cover(SIZE, (STROKES[3], 40, 60, 90), (STROKES[5], 190, 60, 90))
    digit, found = find_digit(on_paper(ink)), find_digits(on_paper(ink))
    assert digit.box in [one.box for one in found] and len(found) == 2


def part(left, top, right, bottom, score=1.0, label=1):
    return Part(label, left, top, right, bottom, score)


def test_groups_of_parts():
    tall, far = part(10, 10, 60, 110), part(90, 10, 140, 110)
    assert group_parts([far, tall]) == [[tall], [far]]
    bar = part(55, 8, 85, 20)
    assert group_parts([far, bar, tall]) == [[tall, bar], [far]]  # small, and nearer to the first
    dot, faint = part(175, 100, 185, 110), part(200, 10, 250, 110, score=0.1)
    assert group_parts([faint, tall, dot, far]) == [[tall], [far]]
    upper, lower = part(10, 10, 60, 60), part(12, 66, 58, 110)
    assert group_parts([upper, lower]) == [[upper, lower]]
    assert group_parts([upper, part(90, 66, 140, 116)]) == [[upper], [part(90, 66, 140, 116)]]  # beside each other


def test_the_labels_of_the_ink_are_those_of_its_parts(two):
    ink = find_ink(on_paper(two))
    (one,) = ink.parts
    mask = ink.labels == one.label
    assert box(mask.astype(float)) == (one.left, one.top, one.right, one.bottom)
    assert (mask == (two > 0.5)).mean() > 0.99 and ink.darkness[two > 0.99].min() > 0.4
    assert np.abs(ink.darkness[two == 0]).mean() < 0.05 and ink.darkness.shape == two.shape


# Drawn as MNIST's.


def test_redrawn_in_a_box_of_20_about_the_centre_of_mass():
    for strokes, height in itertools.product(STROKES.values(), (15, 40, 100, 333)):
        drawn = redraw(cover((400, 400), (strokes, 30, 10, height)))
        assert drawn.shape == (28, 28) and drawn.dtype == np.float32 and drawn.min() >= 0 and drawn.max() <= 1
        x, y = centre_of_mass(drawn)
        assert max(abs(x - 14.5), abs(y - 14.5)) < 0.5
        left, top, right, bottom = box(drawn)
        assert BOX - 1 <= max(right - left, bottom - top) <= BOX + 1
        all_of_it = Image.fromarray(drawn > 0).getbbox()
        assert max(all_of_it[2] - all_of_it[0], all_of_it[3] - all_of_it[1]) <= BOX + 1


def test_a_digit_cut_out_anyhow_is_drawn_the_same(two):
    left, top, right, bottom = box(two)
    tight = two[top - 1 : bottom + 1, left - 1 : right + 1]
    assert np.array_equal(redraw(tight), redraw(two))


@pytest.mark.mnist
def test_mnist_enlarged_and_redrawn_is_nearly_the_same(mnist_dir):
    """And so near that the nearest of all the validation images, often the original, is of the same digit."""
    images, labels = (tensor[50_000:].numpy() for tensor in mnist.load(mnist_dir, train=True))
    images = images.reshape(-1, 784) / np.float32(255)
    large = [
        cv2.resize(image.reshape(28, 28), None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC) for image in images[:200]
    ]
    redrawn = np.stack([redraw(image.clip(0, 1)).ravel() for image in large])
    assert np.abs(redrawn - images[:200]).mean() < 0.05
    squares = (images**2).sum(1) - 2 * redrawn @ images.T  # and a term that is the same for all
    nearest = squares.argmin(axis=1)
    assert (nearest == np.arange(200)).mean() > 0.5 and (labels[nearest] == labels[:200]).mean() > 0.95


@pytest.mark.parametrize("angle", [0, 8])
@pytest.mark.parametrize("pen", [0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4])
def test_strokes_are_brought_to_mnists_width(pen, angle):
    """At least half of what they are too thin or thick is made good, to a pixel of the finer drawing on each side."""
    line = [[(0, 0), (-np.tan(np.radians(angle)), 1)]]

    def width(drawn):
        middle = len(drawn) // 2
        return drawn[middle - 2 : middle + 2].sum() / 4 * np.cos(np.radians(angle))

    before = BOX * pen
    within = min(max(before, STROKE[0]), STROKE[1])
    after = width(normal_strokes(cover((200, 160), (line, 60, 40, BOX * FINE), pen=pen) > 0.5)) / FINE
    redrawn = width(redraw(cover((400, 400), (line, 100, 50, 300), pen=pen)))  # scaled to the box once more
    assert abs(after - within) <= abs(before - within) / 2 + 2 / FINE
    assert abs(redrawn - within) <= abs(before - within) / 2 + 2 / FINE
    if before == within:
        assert abs(after - before) < 0.5 / FINE + 0.05 and abs(redrawn - before) < 1 / FINE


@pytest.mark.parametrize("shear", [-0.8, -0.4, -0.2, -0.1, 0.1, 0.4, 0.8])
def test_digits_that_lean_are_set_upright(shear):
    def lean(image):
        x, y = centre_of_mass(image)
        down, across = (np.arange(n) + 0.5 - c for n, c in zip(image.shape, (y, x), strict=True))
        return (image * np.outer(down, across)).sum() / (image.sum(1) * down**2).sum()

    strokes = [[(x + shear * y, y) for x, y in stroke] for stroke in STROKES[0]]
    ink = cover((500, 400), (strokes, 150, 100, 150))
    before, after = lean(ink), lean(upright(ink))
    assert np.sign(before) == np.sign(shear) and upright(ink).sum() == pytest.approx(ink.sum(), rel=0.01)
    assert after == pytest.approx(min(max(before, LEAN[0]), LEAN[1]), abs=0.01)
    assert lean(redraw(ink)) == pytest.approx(after, abs=0.04)


def degenerate():
    one = np.zeros((40, 30), np.float32)
    one[7, 9] = 1
    row, column, faint = np.zeros_like(one), np.zeros_like(one), np.zeros_like(one)
    row[20], column[:, 3], faint[5:30, 5:8] = 1, 1, 0.01
    full, alone, wide = np.ones((50, 50)), np.ones((1, 1)), np.ones((1, 3000))
    speckled = np.indices((40, 40)).sum(axis=0) % 2
    return {
        "one pixel": one,
        "one row": row,
        "one column": column,
        "faint": faint,
        "a full square": full.astype(np.float32),
        "a pixel alone": alone.astype(np.float32),
        "a row alone": wide.astype(np.float32),
        "a column alone": wide.T.astype(np.float32),
        "a chessboard": speckled.astype(np.float32),
        "two far corners": np.fliplr(np.eye(2, dtype=np.float32)).repeat(2, 0),
    }


@pytest.mark.parametrize("what", degenerate())
def test_redrawing_what_is_no_digit(what):
    drawn = redraw(degenerate()[what])
    assert drawn.shape == (28, 28) and np.isfinite(drawn).all() and drawn.min() >= 0 and drawn.max() <= 1
    assert drawn.max() > 0.3


# Mistakes.


def noise(deviation, blur=0.0):
    rng = np.random.default_rng(0)
    pixels = 160 + deviation * rng.standard_normal((240, 320)).astype(np.float32)
    pixels = cv2.GaussianBlur(pixels, (0, 0), blur) if blur else pixels
    return pixels.clip(0, 255).astype(np.uint8)


def one_line_error(picture):
    for find in (find_digit, find_digits):
        with pytest.raises(UserError) as error:
            find(picture)
    message = str(error.value)
    assert message and "\n" not in message and len(message) < 100
    return message


@pytest.mark.parametrize("size", [(1, 1), (7, 400), (400, 7), (10, 1001), (20_000, 100)])
def test_too_small_or_too_narrow(size):
    assert "too small or too narrow" in one_line_error(Image.new("L", size, 200))


@pytest.mark.parametrize("colour", [0, 5, 30, 90, 128, 200, 255, (250, 240, 200), (20, 40, 30)])
@pytest.mark.parametrize("size", [(8, 8), (9, 20), (28, 28), (300, 400), (1500, 2000)])
def test_a_blank_page_shows_no_ink(colour, size):
    page = np.empty((*size, 3), np.uint8)
    page[:] = colour
    assert "no digit" in one_line_error(page)


@pytest.mark.parametrize("side", ["left", "top"])
def test_only_the_edge_of_a_table_is_no_ink(side):
    page = np.full((240, 320), 230, np.uint8)
    page[:, :60] = 60
    assert "no digit" in one_line_error(page if side == "left" else np.ascontiguousarray(page.T))


@pytest.mark.parametrize(("deviation", "blur"), [(2, 0), (5, 0), (40, 0), (20, 1)])
def test_noise_is_no_ink(deviation, blur):
    assert "no digit" in one_line_error(noise(deviation, blur))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a picture"),
        (b"3\n", "not a picture"),
        (b"A text about digits.\n" * 100, "not a picture"),
        (b"%PDF-1.7\n" + bytes(200), "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "not a picture"),
        (b"\xff\xd8\xff\xe0", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    ],
)
def test_what_is_no_picture(content, says, tmp_path):
    assert says in one_line_error(content)
    path = tmp_path / "digit.png"
    path.write_bytes(content)
    assert says in one_line_error(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_half_a_file_is_no_picture(kind, share):
    rng = np.random.default_rng(0)
    file = encoded(Image.fromarray(rng.integers(0, 255, (90, 120, 3), np.uint8)), kind)
    assert "damaged" in one_line_error(file[: int(share * len(file))])


def test_paths_to_nowhere(tmp_path):
    assert "no such file" in one_line_error(tmp_path / "none.png")
    assert "no such file" in one_line_error(str(tmp_path / "none.png"))
    assert "directory" in one_line_error(tmp_path)
    assert one_line_error("a\0b")


@pytest.mark.parametrize(
    "thing",
    [None, 3, object(), {"a": 1}, np.zeros((5, 5, 5, 5)), np.zeros((9, 9, 7)), np.zeros((0, 7), np.uint8), [["a"]]],
    ids=lambda thing: str(thing)[:9].split("\n")[0],
)
def test_what_is_no_array_of_a_picture(thing):
    one_line_error(thing)


BOMBS = """
import struct, time, zlib
from digits import UserError
from digits.handwriting import find_digit
from tests.campaigns.damage import peak_memory

def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

def png(width, height, rows, bits=1):
    packer, row = zlib.compressobj(9), b"\\0" + b"\\xff" * (-(-width * bits // 8))
    content = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")

files = [png(100_000, 100_000, 3), png(20_000, 20_000, 20_000), png(2**31 - 1, 1, 1), png(1, 2**31 - 1, 9)]
files += [png(9_000, 8_000, 8_000)]  # Pillow would decode this one
before, start = peak_memory(), time.perf_counter()
for file in files:
    try:
        print(find_digit(file))
    except UserError as error:
        print(error)
print((peak_memory() - before) / 1e6, time.perf_counter() - start)
"""


def test_decompression_bombs_are_refused_before_they_go_off():
    done = subprocess.run([sys.executable, "-c", BOMBS], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stderr) == (0, "")
    *errors, last = done.stdout.splitlines()
    assert len(errors) == 5 and all("too large" in error or "megapixels" in error for error in errors)
    megabytes, seconds = map(float, last.split())
    assert megabytes < 50 and seconds < 1


def test_a_short_campaign_of_damaged_pictures():
    """In a process of its own, whose peak memory it tells; `python -m tests.campaigns.pictures` reads 1,000."""
    command = [sys.executable, "-m", "tests.campaigns.pictures", "--count", "60"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    assert "60 pictures" in done.stdout
