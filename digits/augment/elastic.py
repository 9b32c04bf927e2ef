"""Distorted copies of images of digits: training examples that never run out.

As in P. Simard, D. Steinkraus and J. Platt, "Best Practices for Convolutional Neural Networks Applied to Visual
Document Analysis" (2003): each image is rotated, scaled, sheared and shifted a little, and bent by a displacement field
of random numbers, smoothed by a Gaussian.
"""

from math import radians

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

# Limits at strength 1.
ROTATION = 7.5  # degrees, either way
SCALE = 0.09  # logarithm of a factor, one for each axis: exp(-0.09) to exp(0.09)
SHEAR = 0.11  # pixels sideways per pixel down, either way
SHIFT = 0.75  # pixels along each axis, either way
ELASTIC = 1.0  # pixels along each axis, root mean square over the images

SIGMA = 4.0  # standard deviation in pixels of the Gaussian that smooths the displacement field
PART = 500  # images at a time on a CPU, few enough for its cache
ELSEWHERE = 20  # times as many on a GPU, where launching a kernel takes longer than running it
# Each use of random numbers but distortion has a number, and its own random numbers.
ALLOGRAPHS, NEGATIVES, NEIGHBOURS, LETTERS_OF_SCENES = 1, 2, 3, 4


def distort(images: Tensor, strength: float, seed: int, epoch: int) -> Tensor:
    """Return distorted copies of images (N, H, W) uint8, on their device; black where nothing of an image is left.

    `strength` is a factor of all the limits above; 0 changes nothing.
    """
    generator = random_numbers(images.device, seed, epoch)
    return torch.cat([_distorted(part, strength, generator) for part in parts(images, PART)])


def parts(tensor: Tensor, on_cpu: int) -> tuple[Tensor, ...]:
    """Split a tensor into parts of `on_cpu` rows, or of more on another device."""
    return tensor.split(on_cpu if tensor.device.type == "cpu" else ELSEWHERE * on_cpu)


def random_numbers(device: torch.device, *key: int) -> torch.Generator:
    """Return a generator on a device that depends on the key alone: a seed, an epoch, and the number of a use."""
    return torch.Generator(device).manual_seed(int(np.random.default_rng(key).integers(2**63)))


def uniform(generator: torch.Generator, shape: tuple[int, ...], low: float, high: float) -> Tensor:
    """Return random numbers of this shape, evenly spread from low to high, on the device of the generator."""
    return low + (high - low) * torch.rand(shape, generator=generator, device=generator.device)


def _distorted(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Copy images (N, H, W): each pixel is looked up where it comes from, x and y counted from the centre."""
    n, height, width = images.shape
    device = images.device
    limits = torch.tensor([radians(ROTATION), SCALE, SCALE, SHEAR, SHIFT, SHIFT], device=device)
    either_way = uniform(generator, (n, 6), -1, 1)
    angle, wide, high, shear, right, down = (strength * limits * either_way).unbind(1)
    sin, cos, wide, high = angle.sin(), angle.cos(), wide.exp(), high.exp()
    rows = [wide * cos, wide * (shear * cos - sin), right, high * sin, high * (shear * sin + cos), down]
    affine = torch.stack(rows, 1).view(n, 2, 3)  # shears, then rotates, then scales, then shifts
    edges = affine.new_tensor([2 / width, 2 / height]).view(2, 1)  # of pixels, so that -1 to 1 is from edge to edge

    centred = (torch.arange(size, device=device) - (size - 1) / 2 for size in (height, width))
    y, x = torch.meshgrid(*centred, indexing="ij")
    bend = strength * ELASTIC * edges[..., None]
    places = smooth_noise(n, 2, height, width, generator=generator, scale=bend).flatten(2)
    places.baddbmm_(edges * affine, torch.stack([x, y, torch.ones_like(x)]).flatten(1).expand(n, -1, -1))
    places = places.view(n, 2, height, width)
    pixels = grid_sample(images[:, None].float(), places.permute(0, 2, 3, 1), align_corners=False)
    return pixels.round_().to(torch.uint8).squeeze(1)


def smooth_noise(*shape: int, generator: torch.Generator, scale: Tensor | float = 1.0) -> Tensor:
    """Return fields (..., H, W) of random numbers, smoothed by a Gaussian, of standard deviation `scale`.

    So smooth a field needs no more points, and a random number for each pixel would take longer than all the rest.
    """
    smooth_y, smooth_x = (_smooth(size, generator.device) for size in shape[-2:])
    shape = *shape[:-2], smooth_y.shape[1], smooth_x.shape[1]
    noise = torch.randn(shape, generator=generator, device=generator.device)
    return smooth_y @ noise.mul_(scale) @ smooth_x.T


def _smooth(size: int, device: torch.device) -> Tensor:
    """Return weights (size, points) that smooth noise on points SIGMA apart into a field; both have variance 1."""
    points = torch.arange(-3 * SIGMA, size + 3 * SIGMA, SIGMA, device=device)
    weights = torch.exp(-((torch.arange(size, device=device).view(-1, 1) - points) ** 2) / (2 * SIGMA**2))
    return weights / weights.norm(dim=1, keepdim=True)
