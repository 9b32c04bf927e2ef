"""Training images made anew for each epoch, so that they never run out: `augment` makes those of one epoch.

Only scenes and composed.py do something else: they draw what the eye and the line network of `digits.handwriting` learn
from, eye_learning.py and line_learning.py.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from digits.augment import elastic
from digits.augment.allographs import with_allographs
from digits.augment.negatives import negative_examples
from digits.augment.neighbours import with_neighbours

NEGATIVES = 0.35  # images without a digit per training image
Examples = tuple[Tensor, Tensor]  # images (N, H, W) uint8, and their targets (N, outputs)


def augment(
    images: Tensor,
    targets: Tensor,
    epoch: int,
    seed: int = 0,
    distort: float = 0.0,
    handwriting: bool = False,
) -> Examples:
    """Return images (N, H, W) uint8 of digits, and their targets (N, 10), as an epoch sees them, on their device.

    With `handwriting`, a third are redrawn in other handwriting styles and a fifth cut from a neighbour. Then images
    without a digit follow, NEGATIVES for each with one, their targets all 0. In the end all are distorted with the
    strength `distort`. The result depends on the arguments alone, and on the kind of device.
    """
    if handwriting:
        digits, extra = targets.argmax(1), round(NEGATIVES * len(images))
        images = with_neighbours(with_allographs(images, digits, seed, epoch), seed, epoch)
        images = torch.cat([images, negative_examples(images, digits, extra, seed, epoch)])
        targets = torch.cat([targets, targets.new_zeros(extra, targets.shape[1])])
    if distort:
        images = elastic.distort(images, distort, seed, epoch)
    return images, targets


class Prefetcher:
    """Make the examples `make(epoch)` of each epoch; if `ahead`, those of the next meanwhile, on another core."""

    def __init__(self, make: Callable[[int], Examples], ahead: bool) -> None:
        self.make, self.ahead, self.made = make, ahead, dict[int, Future[Examples]]()
        # One thread, in which torch uses one thread: with more, they would compete with the training for the cores.
        self.background = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))

    def get(self, epoch: int, epochs: int | None) -> Examples:
        """Return the examples of `epoch`, from 0, and start to make the next, unless it is the last of `epochs`."""
        if not self.ahead:
            return self.make(epoch)
        for wanted in (epoch, epoch + 1):
            if wanted not in self.made and wanted != epochs:
                self.made[wanted] = self.background.submit(self.make, wanted)
        return self.made.pop(epoch).result()
