import pytest
import torch
from torch import nn

from digits.checkpoint.contents import load_network
from digits.checkpoint.untrusted import read_checkpoint
from digits.common.errors import UserError
from digits.kernels.stacks import StackedClassifier, StackedMNIST, stacked
from digits.model import DigitClassifier
from tests.support.small_mnist import TRAINING
from tests.support.training import quick_trainer


@pytest.mark.parametrize("handwriting, images", [(False, TRAINING), (True, TRAINING + 175)])
def test_l2_is_divided_by_the_number_of_training_images(handwriting, images, data_dir):
    trainer = quick_trainer(max_epochs=1)
    trainer.fit(StackedClassifier([5], l2=3.0), StackedMNIST(data_dir, batch_size=5, handwriting=handwriting))
    assert trainer.global_step == images / 5
    assert trainer.optimizers[0].param_groups[0]["weight_decay"] == 3.0 / images


def test_training_refuses_images_of_another_size(set_up):
    module = set_up()
    module.training = torch.zeros(500, 64, 64, dtype=torch.uint8), module.training[1]
    with pytest.raises(ValueError, match=r"expected images of shape \(N, 28, 28\), got \(500, 64, 64\)"):
        quick_trainer(max_epochs=1).fit(StackedClassifier([5]), module)


class DecayingByStep(DigitClassifier):
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def test_schedulers_within_an_epoch_are_refused(data_dir):
    model = stacked(DecayingByStep)([12])
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(UserError, match="step once per epoch"):
        quick_trainer(max_epochs=2).fit(model, StackedMNIST(data_dir))
    assert all(p.equal(q) for p, q in zip(model.parameters(), before, strict=True))


class Rectified(DigitClassifier):
    """A network whose weights have the same names as those of a sigmoid network."""

    def __init__(self, hidden, *args, **options):
        super().__init__(hidden, *args, **options)
        self.network = nn.Sequential(nn.Linear(784, hidden[0]), nn.ReLU(), nn.Linear(hidden[0], 10), nn.Sigmoid())


class Inverted(DigitClassifier):
    def forward(self, images):
        return super().forward(255 - images)


@pytest.mark.parametrize("kind", [Rectified, Inverted])
def test_a_custom_network_trains_and_is_not_mistaken_for_a_sigmoid_network(kind, data_dir, tmp_path):
    model, trainer, path = stacked(kind)([12], lr=0.1), quick_trainer(max_epochs=1), tmp_path / "net.ckpt"
    trainer.fit(model, StackedMNIST(data_dir))
    images, labels = trainer.datamodule.test
    right = (model.predict(images)[0] == labels).double().mean().item()
    assert trainer.callback_metrics["accuracy/test"].item() == pytest.approx(right)
    trainer.save_checkpoint(path)
    assert kind.load_from_checkpoint(path).predict(images)[1].equal(model.predict(images)[1])
    with pytest.raises(UserError, match="net.ckpt .* layers of another kind"):
        DigitClassifier.load_from_checkpoint(path)
    with pytest.raises(UserError, match="net.ckpt does not hold the Linear and Sigmoid layers"):
        load_network(read_checkpoint(path), path)
