"""Check images for a network, and convert them to a tensor."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

Images = Tensor | np.ndarray | Image.Image


def to_tensor(images: Images, size: int) -> Tensor:
    """Return images as a tensor (N, size, size) uint8 or float 0..1.

    They may be (N, size, size), (N, 1, size, size) or (N, size * size), or a single image (size, size).

    Raises TypeError for another type, and ValueError for another shape, dtype, mode or range.
    """
    if isinstance(images, Image.Image):
        if images.mode not in ("1", "L", "RGB"):
            raise ValueError(f"expected a PIL image of mode 1, L or RGB, got {images.mode}; try image.convert('L')")
        images = np.asarray(images.convert("L"))
    if not isinstance(images, Tensor):
        images = torch.from_numpy(np.array(images, order="C"))  # a copy: PyTorch refuses negative strides
    if images.ndim == 2:  # a single image, or inputs of the network
        images = images.unflatten(1, (size, size)) if images.shape[1] == size * size else images[None]
    images = images[:, 0] if images.ndim == 4 and images.shape[1] == 1 else images
    check_shape(images, size)
    if images.is_floating_point() and images.numel() and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError("expected float images within 0..1; for 0..255 pass uint8, or divide by 255")
    return images


def check_shape(images: Tensor, size: int) -> None:
    """Raise ValueError if images are not (N, size, size)."""
    if images.shape[1:] != (size, size):
        raise ValueError(f"expected images of shape (N, {size}, {size}), got {tuple(images.shape)}")
