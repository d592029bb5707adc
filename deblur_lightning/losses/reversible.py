"""A cross-entropy between kernels that forgives a reversed one: ours."""

import torch
from torch import Tensor


def reversible_cross_entropy(drawn: Tensor, true: Tensor) -> Tensor:
    """Compare kernels as probabilities of where light went, ``-sum_x g(x) log k(x)``, with g or g turned by 180°.

    Of both the smaller counts, picture by picture: a path and the same path backwards are equally right.

    Args:
        drawn: logarithms of kernels up to a constant, ``[N, K, K]``.
        true: kernels ``[N, K, K]``, unit sum.

    Returns:
        The mean over pictures, in nats; at best the true kernels' mean entropy.

    Raises:
        ValueError: other or unlike shapes.

    Source:
        Ours; not in the paper.
    """
    if drawn.ndim != 3 or drawn.shape != true.shape:
        raise ValueError(
            f"drawn is {list(drawn.shape)} and true {list(true.shape)}, but both are [N, K, K]. "
            "Pass kernels of one size."
        )
    wide = torch.promote_types(torch.promote_types(drawn.dtype, true.dtype), torch.float32)
    logarithm, aim = drawn.to(wide).flatten(1).log_softmax(dim=1), true.to(wide).flatten(1)
    return torch.minimum(-(aim * logarithm).sum(1), -(aim.flip(1) * logarithm).sum(1)).mean()
