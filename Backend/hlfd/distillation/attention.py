"""A(.) of the paper: where a layer looks, as a unit vector."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate


def full_precision(tensor: Tensor) -> Tensor:
    """Give at least 32 bits: squares, norms and logarithms of autocast's half precision lose too many digits."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def rescale(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring `features`, b c h w, to the other side's spatial size by bilinear interpolation, in full precision."""
    features = full_precision(features)
    if features.shape[2:] == size:
        return features
    return interpolate(features, size=size, mode="bilinear")


def energy(features: Sequence[Tensor], power: float) -> Tensor:
    """Mean of |z|^p over the channels of all `features`, each b c_j h w: b 1 h w, scaled to 0..1 an image.

    The scale is a factor that a unit vector forgets; without it, powers of large or small values leave the range.
    """
    magnitudes = [full_precision(tensor).abs() for tensor in features]
    peaks = torch.stack([tensor.detach().amax(dim=(1, 2, 3)) for tensor in magnitudes]).amax(dim=0)
    peaks = peaks.clamp_min(torch.finfo(peaks.dtype).tiny)[:, None, None, None]
    total = torch.stack([(tensor / peaks).pow(power).sum(dim=1, keepdim=True) for tensor in magnitudes]).sum(dim=0)
    return total / sum(tensor.shape[1] for tensor in magnitudes)


def unit(maps: Tensor) -> Tensor:
    """Flatten maps, b 1 h w, to vectors of L2 norm 1, b (h*w).

    A map that is zero everywhere stays zero, with a gradient of zero rather than NaN.
    """
    vectors = maps.flatten(start_dim=1)
    squared_norm = vectors.square().sum(dim=1, keepdim=True)
    return vectors * squared_norm.masked_fill(squared_norm == 0, 1.0).rsqrt()


def attention(features: Tensor, power: float = 2.0) -> Tensor:
    """Channel-normalised attention: the mean over channels of |z|^p, flattened, of L2 norm 1.

    Args:
        features: b c h w.
        power: exponent p.

    Returns:
        b (h*w).

    Source: Gorade et al. 2024, operation A of eqs. 1-2, after Zagoruyko and Komodakis 2017.
    """
    return unit(energy([features], power))
