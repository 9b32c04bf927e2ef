"""Elastic distortion: copies of images that are rotated, scaled, sheared, shifted and bent a little at random.

The bend is a displacement field of random numbers, smoothed by a Gaussian. See P. Simard, D. Steinkraus and J. Platt,
"Best Practices for Convolutional Neural Networks Applied to Visual Document Analysis" (2003).
"""

from math import radians

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

# Limits at strength 1.
ROTATION = 7.5  # degrees, either way
SCALE = 0.09  # logarithm of the factor along each axis: exp(-0.09) to exp(0.09)
SHEAR = 0.11  # pixels sideways per pixel down, either way
SHIFT = 0.75  # pixels along each axis, either way
ELASTIC = 1.0  # pixels along each axis, root mean square over the images

SIGMA = 4.0  # standard deviation in pixels of the Gaussian that smooths the displacement field
PART = 500  # images that a CPU distorts at a time, few enough for its cache
ELSEWHERE = 20  # a GPU takes this many times more, because launching a kernel takes longer than running it
# Last part of a key for `random_numbers`: each use has its own random numbers. A key for distortion has no such part.
ALLOGRAPHS, NEGATIVES, NEIGHBOURS, LETTERS_OF_SCENES = 1, 2, 3, 4


def distort(images: Tensor, strength: float, seed: int, epoch: int) -> Tensor:
    """Return distorted copies of images (N, H, W) uint8, on the same device. Pixels from outside an image are black.

    All the limits above are multiplied by `strength`. At 0, nothing changes.
    """
    generator = random_numbers(images.device, seed, epoch)
    return torch.cat([_distorted(part, strength, generator) for part in parts(images, PART)])


def parts(tensor: Tensor, on_cpu: int) -> tuple[Tensor, ...]:
    """Split a tensor into parts of `on_cpu` rows, or of ELSEWHERE times as many rows on a GPU."""
    return tensor.split(on_cpu if tensor.device.type == "cpu" else ELSEWHERE * on_cpu)


def random_numbers(device: torch.device, *key: int) -> torch.Generator:
    """Return a random generator on a device, seeded by a key: a seed, an epoch, and a constant such as NEGATIVES."""
    return torch.Generator(device).manual_seed(int(np.random.default_rng(key).integers(2**63)))


def uniform(generator: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Return uniform random numbers from low to high, of this shape, on the device of the generator."""
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)


def _distorted(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Distort images (N, H, W): look up where each pixel comes from, with x and y relative to the centre."""
    n, height, width = images.shape
    device = images.device
    limits = torch.tensor([radians(ROTATION), SCALE, SCALE, SHEAR, SHIFT, SHIFT], device=device)
    amounts = uniform(generator, (n, 6), -1, 1)
    angle, wide, high, shear, right, down = (strength * limits * amounts).unbind(1)
    sin, cos, wide, high = angle.sin(), angle.cos(), wide.exp(), high.exp()
    rows = [wide * cos, wide * (shear * cos - sin), right, high * sin, high * (shear * sin + cos), down]
    affine = torch.stack(rows, 1).view(n, 2, 3)  # shear, rotate, scale, shift
    edges = affine.new_tensor([2 / width, 2 / height]).view(2, 1)  # grid_sample has -1 at one edge and 1 at the other

    centred = (torch.arange(size, device=device) - (size - 1) / 2 for size in (height, width))
    y, x = torch.meshgrid(*centred, indexing="ij")
    bend = strength * ELASTIC * edges[..., None]
    places = smooth_noise(n, 2, height, width, generator=generator, scale=bend).flatten(2)
    places.baddbmm_(edges * affine, torch.stack([x, y, torch.ones_like(x)]).flatten(1).expand(n, -1, -1))
    places = places.view(n, 2, height, width)
    pixels = grid_sample(images[:, None].float(), places.permute(0, 2, 3, 1), align_corners=False)
    return pixels.round_().to(torch.uint8).squeeze(1)


def smooth_noise(*shape: int, generator: torch.Generator, scale: Tensor | float = 1.0) -> Tensor:
    """Return random fields (..., H, W) with standard deviation `scale`, smoothed by a Gaussian.

    Random numbers at points SIGMA apart are enough for so smooth a field. One per pixel would take most of the time.
    """
    smooth_y, smooth_x = (_smooth(size, generator.device) for size in shape[-2:])
    shape = *shape[:-2], smooth_y.shape[1], smooth_x.shape[1]
    noise = torch.randn(shape, generator=generator, device=generator.device)
    return smooth_y @ noise.mul_(scale) @ smooth_x.T


def _smooth(size: int, device: torch.device) -> Tensor:
    """Return weights (size, points) that turn noise at points SIGMA apart into a smooth field, also of variance 1."""
    points = torch.arange(-3 * SIGMA, size + 3 * SIGMA, SIGMA, device=device)
    weights = torch.exp(-((torch.arange(size, device=device).view(-1, 1) - points) ** 2) / (2 * SIGMA**2))
    return weights / weights.norm(dim=1, keepdim=True)
