"""Augment the training images, so that each epoch sees new images.

`augment` makes the images of an epoch, and `Prefetcher` makes them while the network learns from the last ones.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from digits.augment import elastic
from digits.augment.allographs import with_allographs
from digits.augment.negatives import negative_examples
from digits.augment.neighbours import with_neighbours

NEGATIVES = 0.35  # negative examples per training image
MILD = 0.5  # least strength of the distortion with `handwriting`
Examples = tuple[Tensor, Tensor]  # images (N, H, W) uint8 and targets (N, outputs)


def augment(
    images: Tensor, targets: Tensor, epoch: int, seed: int = 0, distort: float = 0.0, handwriting: bool = False
) -> Examples:
    """Return images (N, H, W) uint8 of digits and their targets (N, 10) as an epoch sees them, on the same device.

    With `handwriting`, a third of the images are redrawn in other handwriting styles, and a fifth are cut from a digit
    that touches them. Then negative examples are added: NEGATIVES per image, with all targets 0. Finally, all images
    are distorted with the strength `distort`, at least MILD with `handwriting`. The result depends only on the
    arguments and on the type of device.
    """
    if handwriting:
        digits, extra = targets.argmax(1), round(NEGATIVES * len(images))
        images = with_neighbours(with_allographs(images, digits, seed, epoch), seed, epoch)
        images = torch.cat([images, negative_examples(images, digits, extra, seed, epoch)])
        targets = torch.cat([targets, targets.new_zeros(extra, targets.shape[1])])
        distort = max(distort, MILD)
    if distort:
        images = elastic.distort(images, distort, seed, epoch)
    return images, targets


class Prefetcher:
    """Makes the examples of each epoch with `make(epoch)`. Meanwhile, a thread prepares the next epoch."""

    def __init__(self, make: Callable[[int], Examples]) -> None:
        self.make, self.made = make, dict[int, Future[Examples]]()
        # One thread, in which torch uses one core: more threads would take cores from the training.
        self.background = ThreadPoolExecutor(1, initializer=torch.set_num_threads, initargs=(1,))

    def get(self, epoch: int, epochs: int | None) -> Examples:
        """Return the examples of an epoch (the first is 0). Start to prepare the next one, unless this is the last."""
        for n in (epoch, epoch + 1):
            if n not in self.made and n != epochs:
                self.made[n] = self.background.submit(self.make, n)
        return self.made.pop(epoch).result()
