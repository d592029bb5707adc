"""A restored picture may not stray far from what the blurry one shows nearby, least of all around clipped lights."""

from torch import Tensor

from deblur_lightning.physics.nearby import largest_within


def limit_ringing(restored: Tensor, blurry: Tensor, radius: int, allowance: float = 1.0) -> Tensor:
    """Hold restored values within the blurry picture's local range, widened.

    Ringing shows where the blurry picture is nearly even: there the local range is small, and so is what may be
    added to it. Around edges, where restoring must overshoot what blur averaged, the range is wide.

    Args:
        restored: ``[N, C, H, W]``.
        blurry: of the same shape and units.
        radius: of the square neighbourhood, in pixels; K // 2 sees as far as the kernels.
        allowance: overshoot allowed below and above, as a share of the local range.

    Returns:
        ``restored``, limited.
    """
    side = 2 * radius + 1
    high = largest_within(blurry, side)
    low = -largest_within(-blurry, side)
    slack = (high - low) * allowance
    return restored.clamp(low - slack, high + slack)


def hold_rims(restored: Tensor, blurry: Tensor, clipped: Tensor, radius: int) -> Tensor:
    """Keep what surrounds a clipped light from turning darker than the blurry picture is anywhere within reach.

    How bright a light was, a clipped pixel does not tell: where restoration makes it too bright or too wide, it takes
    too much light away from the pixels around. Clipped areas that hold a square of the kernel's side, as the sky, are
    left alone: they are hardly brighter than white, and what stands before them is dark in truth.

    Args:
        restored: ``[N, C, H, W]``.
        blurry: of the same shape and units.
        clipped: where the blurry picture is at the sensor's ceiling, ``[N, C, H, W]`` of bool.
        radius: how far a kernel reaches, K // 2, in pixels.

    Returns:
        ``restored``, nowhere darker than the darkest blurry pixel within reach where light of a clipped pixel may have
        come from; itself where nothing is clipped.

    Source:
        Ours. A smaller window for the darkest pixel held rims a little better on textured scenes, and cost more on
        blown-out photographs.
    """
    if not clipped.any():
        return restored
    at_ceiling = clipped.any(dim=1, keepdim=True).to(restored.dtype)
    side = 2 * radius + 1
    areas = largest_within(-largest_within(-at_ceiling, side), side)
    lights = at_ceiling * (1 - largest_within(areas, side))
    within_reach = largest_within(lights, side) > 0
    darkest = -largest_within(-blurry, side)
    return restored.where(~within_reach, restored.maximum(darkest))
