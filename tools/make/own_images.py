"""Draw example pictures for docs/your_own_images.md: `python -m tools.make.own_images`.

The folders mine and test get 200 pictures each, in the style of a writer whose 1 has a flag and whose 7 has a bar.
"""

from pathlib import Path

import torch
from PIL import Image

from digits.augment import pen
from digits.augment.allographs import ATLAS


def main():
    figures = pen.parse(tuple(ATLAS[digit][0] for digit in range(10)))
    for seed, folder in enumerate(("mine", "test")):
        drawn = pen.draw(figures, torch.arange(10).repeat(20), torch.Generator().manual_seed(seed))
        for number, image in enumerate(drawn):
            path = Path(folder, str(number % 10), f"{number:03}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(255 - image.numpy()).resize((140, 140)).save(path)
        print(f"{folder}: {len(drawn)} pictures")


if __name__ == "__main__":
    main()
