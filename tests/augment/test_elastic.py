"""Distorted copies: repeatable, each another, and moved as far as the limits say."""

import math

import pytest
import torch

from digits.augment import elastic


def noise(images=20, height=28, width=28):
    return torch.randint(256, (images, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(1, 28, 28), (501, 28, 28), (3, 20, 31)])
def test_no_strength_changes_nothing(shape):
    assert elastic.distort(noise(*shape), 0.0, 1, 2).equal(noise(*shape))
    assert not elastic.distort(noise(*shape), 1.0, 1, 2).equal(noise(*shape))


def test_full_images_stay_full_inside_and_what_comes_in_is_black():
    copies = elastic.distort(torch.full((2000, 28, 28), 255, dtype=torch.uint8), 1.0, 0, 0)
    assert (copies[:, 10:18, 10:18] == 255).all()
    assert (copies == 0).any()


def displacements(monkeypatch, strength, **limits):
    """How far each inner pixel of 2,000 copies moved, in pixels, as (N, 16, 16, 2), x and y; limits not given are 0.

    Read off two ramps, of which the value of a pixel is 9 times its x, or its y.
    """
    for name in ("ROTATION", "SCALE", "SHEAR", "SHIFT", "ELASTIC"):
        monkeypatch.setattr(elastic, name, limits.get(name, 0.0))
    along = torch.arange(28).expand(28, 28)
    found = []
    for ramp in (along, along.T):
        images = (9 * ramp).to(torch.uint8).expand(2000, 28, 28)
        found.append(elastic.distort(images, strength, 0, 0)[:, 6:22, 6:22] / 9 - ramp[6:22, 6:22])
    return torch.stack(found, -1)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_rotation_scale_shear_and_shift_fill_their_limits_evenly_each_by_its_own_chance(strength, monkeypatch):
    """An affine map is found behind the displacements, by least squares, and taken apart."""
    moved = displacements(monkeypatch, strength, ROTATION=10.0, SCALE=0.12, SHEAR=0.15, SHIFT=1.0)
    y, x = (grid.flatten() for grid in torch.meshgrid(torch.arange(16) - 7.5, torch.arange(16) - 7.5, indexing="ij"))
    positions = torch.stack([x, y, torch.ones_like(x)], 1)
    places = moved.flatten(1, 2) + positions[:, :2]
    affine = torch.linalg.lstsq(positions.expand(len(moved), -1, -1), places).solution.mT  # weights of x, y and 1
    a, b, right, c, d, down = affine.flatten(1).unbind(1)
    angle = torch.asin(2 * a * c / (a * d - b * c)) / 2
    wide, shear = a / angle.cos(), b / a + angle.tan()
    found = torch.stack([angle.rad2deg(), wide.log(), ((a * d - b * c) / wide).log(), shear, right, down])
    for values, most in zip(found, [10, 0.12, 0.12, 0.15, 1, 1], strict=True):
        limit = most * strength
        assert 0.95 * limit < values.abs().max() < 1.1 * limit  # the ramps are of whole numbers
        assert abs(values.mean()) < 0.06 * limit
        assert values.std().item() == pytest.approx(limit / 3**0.5, rel=0.06)
    assert (found.corrcoef() - torch.eye(6)).abs().max() < 0.1


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_elastic_displacement_in_pixels(strength, monkeypatch):
    """Its size, the same everywhere, and how alike neighbours move: noise smoothed by a Gaussian of 4 pixels."""
    moved = displacements(monkeypatch, strength, ELASTIC=1.3)
    assert moved.mean().abs() < 0.05
    rms = moved.square().mean(0).sqrt() / (1.3 * strength)
    assert rms.min() > 0.9 and rms.max() < 1.1
    for apart in (2, 4, 8):
        for one, other in ((moved[:, :, apart:], moved[:, :, :-apart]), (moved[:, apart:], moved[:, :-apart])):
            alike = (one * other).mean() / moved.square().mean()
            assert alike.item() == pytest.approx(math.exp(-(apart**2) / (4 * 4.0**2)), abs=0.05)
    x, y = moved.unbind(-1)
    assert (x * y).mean().abs() < 0.05 * x.square().mean()
