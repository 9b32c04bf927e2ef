"""Draw docs/forms/exam.pdf, three scanned sheets filled in by hand, and write their form definition, exam.yaml.

python -m tools.make.form
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

from digits.augment import pen
from digits.augment.allographs import ATLAS

SIZE = 874, 1240  # A5 at 150 pixels per inch
FIELDS = {
    "student": (400, 250, 820, 340, "8"),
    **{f"mark{n}": (400, 400 + 90 * n, 560, 480 + 90 * n, "1-2") for n in (1, 2, 3)},
}
FIELDS["total"] = 400, 770, 560, 850, "1-2"
SHEETS = (20261207, 9, 12, 4), (20254418, 10, 7, 8), (20263950, 6, 15, 11)  # student, marks
SURE = {"student": 0.99}  # fields in which a mistake is costly: below this confidence, they are doubtful
HEIGHT = 44  # of a digit, in pixels
PRINT, INK = 60, 90  # grey levels, on white


def main():
    folder, rng = Path("docs/forms"), np.random.default_rng(5)
    sheets = [sheet(rng, student, marks) for student, *marks in SHEETS]
    sheets[0].save(folder / "exam.pdf", save_all=True, append_images=sheets[1:], resolution=150, quality=60)
    lines = [
        "# The fields of exam.pdf. A box is left, top, right and bottom, as fractions of the page's width and height."
    ]
    for name, (*box, length) in FIELDS.items():
        shares = ", ".join(f"{side / SIZE[n % 2]:.3f}" for n, side in enumerate(box))
        lines += [f"{name}:", f"  box: [{shares}]", f"  length: {length}"]
        lines += [f"  sure: {SURE[name]}"] if name in SURE else []
    (folder / "exam.yaml").write_text("\n".join(lines) + "\n")


def sheet(rng, student, marks):
    """Return a scan of a printed form that was filled in by hand."""
    page = Image.new("L", SIZE, 255)
    draw = ImageDraw.Draw(page)
    draw.text((90, 90), "Physics, first term", PRINT, font_size=44)
    draw.text((90, 160), "To be filled in by the examiner", PRINT, font_size=26)
    titles = "Student number", "Question 1", "Question 2", "Question 3", "Total"
    for title, (left, top, right, bottom, _) in zip(titles, FIELDS.values(), strict=True):
        draw.text((90, (top + bottom) / 2), title, PRINT, font_size=30, anchor="lm")
        draw.rectangle((left + 8, top + 8, right - 8, bottom - 8), outline=PRINT, width=2)
    hand = {digit: rng.integers(len(figures)) for digit, figures in ATLAS.items()}
    for number, (left, top, _, bottom, _) in zip((student, *marks, sum(marks)), FIELDS.values(), strict=True):
        x = left + rng.uniform(26, 40)
        for digit in str(number):
            x = write(draw, rng, ATLAS[int(digit)][hand[int(digit)]], x, (top + bottom - HEIGHT) / 2 + rng.normal(0, 2))
    page = page.rotate(rng.normal(0, 0.3), Image.Resampling.BICUBIC, fillcolor=255).filter(
        ImageFilter.GaussianBlur(0.7)
    )
    light = np.linspace(1, rng.uniform(0.86, 0.94), SIZE[0])  # a shadow on one side
    return Image.fromarray(np.uint8(np.clip(np.asarray(page) * light + rng.normal(0, 2, SIZE[::-1]), 0, 255)))


def write(draw, rng, figure, x, y):
    """Draw a figure of the atlas, with shaken points, and return where the next digit begins."""
    figures = pen.parse((figure,))
    points = figures.points[0] + 2.5 * torch.from_numpy(rng.standard_normal(figures.points[0].shape)).float()
    dots = (figures.weights[0] @ points).numpy() * HEIGHT / 100
    dots[:, 0] -= 0.12 * dots[:, 1] + (dots[:, 0] - 0.12 * dots[:, 1]).min()
    for column, row in dots + [x, y]:
        draw.ellipse((column - 2.2, row - 2.2, column + 2.2, row + 2.2), INK)
    return x + dots[:, 0].max() + rng.uniform(9, 15)


if __name__ == "__main__":
    main()
