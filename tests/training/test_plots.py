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


def test_mistakes_are_shown_with_prediction_and_label_the_most_confident_first(written):
    generator = torch.Generator().manual_seed(0)
    labels, activations = torch.arange(60) % 10, torch.zeros(60, 10)
    predicted = (labels + (torch.arange(60) < 50) * 3) % 10
    activations[range(60), predicted] = torch.rand(60, generator=generator)
    plots.first_mistakes(torch.zeros(60, 28, 28, dtype=torch.uint8), labels, activations)
    chosen = sorted(range(50), key=lambda n: -activations[n, predicted[n]])[:36]
    title, *words = (text for text, _ in written.values())
    assert title == "36 of 50 mistakes, the most confident first"
    assert words == [f"said {predicted[n]}, is {labels[n]}" for n in chosen]
