"""A(.) of the paper: where a layer looks, as a unit vector."""

from torch import Tensor
from torch.nn.functional import interpolate


def rescale(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring `features`, b c h w, to the other side's spatial size by bilinear interpolation."""
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
    energy = features.abs().pow(power).mean(dim=1).flatten(start_dim=1)
    # A common factor leaves the unit vector as it is; without it, small maps would underflow when squared.
    peak = energy.detach().amax(dim=1, keepdim=True)
    scaled = energy / peak.masked_fill(peak == 0, 1.0)
    squared_norm = scaled.square().sum(dim=1, keepdim=True)
    return scaled * squared_norm.masked_fill(squared_norm == 0, 1.0).rsqrt()
