"""What is minimised: the supervised loss alone, or with a method of distillation."""

import torch
from monai.losses import DiceFocalLoss
from torch import Tensor, nn

from hlfd.distillation.distiller import Distiller
from hlfd.distillation.targets import Provider, Targets
from hlfd.distillation.weighing import Weighing
from hlfd.models.contract import Network


def focal_dice_loss() -> DiceFocalLoss:
    """L_seg of the paper: soft Dice of the named labels plus focal loss, MONAI's `DiceFocalLoss`, on logits b k h w.

    MONAI takes the Dice of the softmax and the focal loss of each label's own sigmoid; background has no term of its
    own in either.

    Dice is summed over the batch before it is divided, so that crops without tumour count too.
    """
    return DiceFocalLoss(include_background=False, to_onehot_y=True, softmax=True, batch=True)


class Supervised(nn.Module):
    """Focal Dice loss of every map that a network is supervised on: all heads of UNet++, the output of the student."""

    def __init__(self, network: nn.Module) -> None:
        """Hold the network to train."""
        super().__init__()
        assert isinstance(network, Network)
        self.network = network
        self.segmentation_loss = focal_dice_loss()

    def forward(self, images: Tensor, labels: Tensor, _targets: Targets | None = None) -> dict[str, Tensor]:
        """Give `loss` and its parts for images b 1 h w and labels b h w."""
        maps = self.network.taps(images).maps
        losses = [self.segmentation_loss(logits.float(), labels[:, None]) for logits in maps.values()]
        return {"loss": torch.stack(losses).mean(), "seg": losses[-1].detach()}


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
        self.segmentation_loss = focal_dice_loss()
        # No part of this module: a live teacher is never trained, saved or switched to training.
        self._provide = provider

    def forward(self, images: Tensor, labels: Tensor, targets: Targets | None = None) -> dict[str, Tensor]:
        """Give `loss` and its parts for images b 1 h w, labels b h w and what is known of the teacher's answers."""
        if not targets:
            assert self._provide is not None
            targets = self._provide(images, labels)
        shown = self.network.taps(images)
        segmentation = self.segmentation_loss(shown.maps["late"].float(), labels[:, None])
        terms = self.distiller(targets, shown)
        parts = {name: value.detach() for name, value in terms.items()}
        return {"loss": segmentation + self.weighing(segmentation, terms), "seg": segmentation.detach(), **parts}
