"""Elastic distortion moves pixels as far as its limits say."""

import math

import pytest
import torch

from digits.augment import elastic


def noise(images=20, height=28, width=28):
    return torch.randint(256, (images, height, width), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(1, 28, 28), (501, 28, 28), (3, 20, 31)])
def test_a_strength_of_0_changes_nothing(shape):
    assert elastic.distort(noise(*shape), 0.0, 1, 2).equal(noise(*shape))
    assert not elastic.distort(noise(*shape), 1.0, 1, 2).equal(noise(*shape))


def test_white_images_stay_white_inside_and_become_black_at_the_border():
    copies = elastic.distort(torch.full((2000, 28, 28), 255, dtype=torch.uint8), 1.0, 0, 0)
    assert (copies[:, 10:18, 10:18] == 255).all()
    assert (copies == 0).any()


def displacements(monkeypatch, strength, **limits):
    """Return the displacements x, y of the inner pixels of 2,000 copies, in pixels: (N, 16, 16, 2).

    They are read off two ramps, in which a pixel is 9 times its x or y. Other limits than `limits` are 0.
    """
    for name in ("ROTATION", "SCALE", "SHEAR", "SHIFT", "ELASTIC"):
        monkeypatch.setattr(elastic, name, limits.get(name, 0.0))
    column = torch.arange(28).expand(28, 28)
    moved = []
    for ramp in (column, column.T):
        images = (9 * ramp).to(torch.uint8).expand(2000, 28, 28)
        moved.append(elastic.distort(images, strength, 0, 0)[:, 6:22, 6:22] / 9 - ramp[6:22, 6:22])
    return torch.stack(moved, -1)


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_rotation_scale_shear_and_shift_are_uniform_within_their_limits_and_independent(strength, monkeypatch):
    """Least squares fits an affine map to the displacements, which is then taken apart."""
    moved = displacements(monkeypatch, strength, ROTATION=10.0, SCALE=0.12, SHEAR=0.15, SHIFT=1.0)
    y, x = (grid.flatten() for grid in torch.meshgrid(torch.arange(16) - 7.5, torch.arange(16) - 7.5, indexing="ij"))
    positions = torch.stack([x, y, torch.ones_like(x)], 1)
    places = moved.flatten(1, 2) + positions[:, :2]
    affine = torch.linalg.lstsq(positions.expand(len(moved), -1, -1), places).solution.mT  # weights of x, y and 1
    a, b, right, c, d, down = affine.flatten(1).unbind(1)
    angle = torch.asin(2 * a * c / (a * d - b * c)) / 2
    wide, shear = a / angle.cos(), b / a + angle.tan()
    amounts = torch.stack([angle.rad2deg(), wide.log(), ((a * d - b * c) / wide).log(), shear, right, down])
    for values, at_strength_1 in zip(amounts, [10, 0.12, 0.12, 0.15, 1, 1], strict=True):
        limit = at_strength_1 * strength
        assert 0.95 * limit < values.abs().max() < 1.1 * limit  # the ramps are rounded to whole numbers
        assert abs(values.mean()) < 0.06 * limit
        assert values.std().item() == pytest.approx(limit / 3**0.5, rel=0.06)
    assert (amounts.corrcoef() - torch.eye(6)).abs().max() < 0.1


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_the_elastic_displacement_has_the_size_and_smoothness_of_its_limits(strength, monkeypatch):
    """It is the same everywhere, and correlated like noise that a Gaussian of 4 pixels has smoothed."""
    moved = displacements(monkeypatch, strength, ELASTIC=1.3)
    assert moved.mean().abs() < 0.05
    rms = moved.square().mean(0).sqrt() / (1.3 * strength)
    assert rms.min() > 0.9 and rms.max() < 1.1
    for apart in (2, 4, 8):
        for a, b in ((moved[:, :, apart:], moved[:, :, :-apart]), (moved[:, apart:], moved[:, :-apart])):
            correlation = (a * b).mean() / moved.square().mean()
            assert correlation.item() == pytest.approx(math.exp(-(apart**2) / (4 * 4.0**2)), abs=0.05)
    x, y = moved.unbind(-1)
    assert (x * y).mean().abs() < 0.05 * x.square().mean()
