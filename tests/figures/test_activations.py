import numpy as np
import pytest
import torch

from digits.figures.activations import activations
from digits.model import DigitClassifier


@pytest.mark.parametrize("hidden, only_digit", [([6], None), ([6, 5], None), ([], None), ([6], 9)])
def test_circles_are_as_dark_as_the_activations(hidden, only_digit):
    model = DigitClassifier(hidden, seed=3, only_digit=only_digit)
    image = torch.rand(28, 28, generator=torch.Generator().manual_seed(1))
    left, right = activations(model, image).axes
    assert np.allclose(left.images[0].get_array(), image)
    a = image.view(1, 784)
    circles = iter(right.collections)
    for layer in model.network:
        a = layer(a).detach()
        if isinstance(layer, torch.nn.Sigmoid):
            assert np.allclose(next(circles).get_array(), a[0], atol=1e-6)
    assert next(circles, None) is None
    labels = [text.get_text() for text in right.texts][-a.numel() :]
    names = range(10) if only_digit is None else [only_digit]
    assert labels == [f"{name}   {activation:.2f}" for name, activation in zip(names, a[0].tolist(), strict=True)]
