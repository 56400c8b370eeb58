"""What is minimised: the supervised loss alone, or with a method of distillation."""

import torch
from monai.losses import FocalLoss
from torch import Tensor, nn
from torch.nn.functional import one_hot

from hlfd.distillation.distiller import Distiller
from hlfd.distillation.targets import Provider, Targets
from hlfd.distillation.weighing import Weighing
from hlfd.models.contract import Network
from hlfd.together import sum_everywhere


class FocalDice(nn.Module):
    """L_seg of the paper: soft Dice of the named labels plus focal loss, as MONAI's `DiceFocalLoss` on logits b k h w.

    Dice is of the softmax, the focal loss of each label's own sigmoid; background has no term of its own in either.
    Dice is summed over the batch before it is divided, so that crops without tumour count too. That sum reaches over
    all processes that share a batch, which MONAI's does not; so Dice is worked out here.
    """

    SMOOTH = 1e-5

    def __init__(self) -> None:
        """Hold MONAI's focal loss."""
        super().__init__()
        self._focal = FocalLoss(include_background=False, to_onehot_y=True)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Give the loss of logits b k h w against labels b h w."""
        shares = logits.softmax(dim=1)[:, 1:]
        truth = one_hot(labels, logits.shape[1]).movedim(-1, 1)[:, 1:].to(shares)
        sums = torch.stack([part.sum((0, 2, 3)) for part in (shares * truth, shares, truth)])
        overlap, predicted, true = sum_everywhere(sums)
        dice = (2 * overlap + self.SMOOTH) / (predicted + true + self.SMOOTH)
        focal: Tensor = self._focal(logits, labels[:, None])
        return (1 - dice).mean() + focal


class Supervised(nn.Module):
    """Focal Dice loss of every map that a network is supervised on: all heads of UNet++, the output of the student."""

    def __init__(self, network: nn.Module) -> None:
        """Hold the network to train."""
        super().__init__()
        assert isinstance(network, Network)
        self.network = network
        self.segmentation_loss = FocalDice()

    def forward(self, images: Tensor, labels: Tensor, _targets: Targets | None = None) -> dict[str, Tensor]:
        """Give `loss` and its parts for images b 1 h w and labels b h w."""
        maps = self.network.taps(images).maps
        losses = [self.segmentation_loss(logits.float(), labels) for logits in maps.values()]
        return {"loss": torch.stack(losses).mean(), "seg": losses[-1].detach()}

    def step_done(self) -> None:
        """Tell that the optimiser has made a step."""


class Distilled(nn.Module):
    """Eq. 5 of Gorade et al. 2024: focal Dice loss of the student's output plus the weighted terms of a method."""

    def __init__(self, network: nn.Module, distiller: Distiller, steps: int, provider: Provider | None) -> None:
        """Hold the student to train and the distiller with its adapters.

        Args:
            network: the student.
            distiller: runs the routes.
            steps: length of the run.
            provider: gives the targets of a batch that comes without.
        """
        super().__init__()
        assert isinstance(network, Network)
        self.network, self.distiller = network, distiller
        self.weighing = Weighing(distiller.recipe, steps)
        self.segmentation_loss = FocalDice()
        # No part of this module: a live teacher is never trained, saved or switched to training.
        self._provide = provider

    def forward(self, images: Tensor, labels: Tensor, targets: Targets | None = None) -> dict[str, Tensor]:
        """Give `loss` and its parts for images b 1 h w, labels b h w and what is known of the teacher's answers."""
        if not targets:
            assert self._provide is not None
            targets = self._provide(images, labels)
        shown = self.network.taps(images)
        segmentation = self.segmentation_loss(shown.maps["late"].float(), labels)
        terms = self.distiller(targets, shown)
        parts = {name: value.detach() for name, value in terms.items()}
        return {"loss": segmentation + self.weighing(segmentation, terms), "seg": segmentation.detach(), **parts}

    def step_done(self) -> None:
        """Tell that the optimiser has made a step: the schedule of the weights goes on."""
        self.weighing.step_done()
