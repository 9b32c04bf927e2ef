import numpy as np
import pytest
import torch

from digits.training import plots


@pytest.fixture
def written(monkeypatch):
    """The words of a picture and their colours, by their centre. They are not drawn."""
    words = {}

    def write(picture, x, y, text, size=24, colour="black"):
        assert 0 < x < picture.width and 0 < y < picture.height
        words[x, y] = text, colour

    monkeypatch.setattr(plots, "write", write)
    return words


def test_the_confusion_matrix_has_its_counts_in_the_right_cells(written):
    labels, predicted = torch.tensor([4, 4, 4, 2, 7, 7]), torch.tensor([9, 9, 4, 3, 7, 7])
    inside = np.array(plots.confusion(labels, predicted))[152::54, 102::54, 0][:10, :10]  # the middle of each cell
    counts = {(x, y): word for (x, y), word in written.items() if 76 < x < 616 and y > 126 and word[0]}
    cells = {((x - 102) / 54, (y - 152) / 54): word for (x, y), word in counts.items()}
    black, white = "black", "white"  # white on the darkest cell
    assert cells == {(9, 4): ("2", white), (4, 4): ("1", black), (3, 2): ("1", black), (7, 7): ("2", black)}
    assert written[658, 153 + 4 * 54][0] == "33.3 %" and "3 of 6" in written[350, 28][0]
    assert inside[4, 9] < inside[2, 3] < inside[4, 4] and inside[0, 1] == 255


@pytest.mark.parametrize("wrong", [0, 3, 50])
def test_mistakes_are_shown_with_prediction_and_label(wrong, written):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (60, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.arange(60) % 10
    activations = torch.zeros(60, 10)
    predicted = (labels + (torch.arange(60) < wrong) * 3) % 10
    activations[range(60), predicted] = torch.rand(60, generator=generator)
    picture = np.array(plots.first_mistakes(images, labels, activations))
    chosen = sorted(range(wrong), key=lambda n: -activations[n, predicted[n]])[:36]
    assert written.pop((350, 28))[0] == f"{len(chosen)} of {wrong} mistakes, the most confident first"
    assert len(written) == len(chosen) and (picture < 255).any() == bool(wrong)
    for place, n in enumerate(chosen):
        top, left = 60 + place // 6 * 126, 8 + place % 6 * 116
        assert written[left + 52, top + 17][0] == f"said {predicted[n]}, is {labels[n]}"
        tile = picture[top + 30 : top + 114 : 3, left + 10 : left + 94 : 3, 0]
        assert np.array_equal(tile, 255 - images[n].numpy())
