"""A(.) of the paper: where a layer looks, as a unit vector."""

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


def attention(features: Tensor, power: float = 2.0) -> Tensor:
    """Channel-normalised attention: the mean over channels of |z|^p, flattened, of L2 norm 1.

    A map that is zero everywhere stays zero, with a gradient of zero rather than NaN.

    Args:
        features: b c h w.
        power: exponent p.

    Returns:
        b (h*w).

    Source: Gorade et al. 2024, operation A of eqs. 1-2, after Zagoruyko and Komodakis 2017.
    """
    magnitude = full_precision(features).abs()
    # A common factor leaves the unit vector as it is; without it, powers of large or small values leave the range.
    peak = magnitude.detach().amax(dim=(1, 2, 3), keepdim=True).clamp_min(torch.finfo(magnitude.dtype).tiny)
    energy = (magnitude / peak).pow(power).mean(dim=1).flatten(start_dim=1)
    squared_norm = energy.square().sum(dim=1, keepdim=True)
    return energy * squared_norm.masked_fill(squared_norm == 0, 1.0).rsqrt()
