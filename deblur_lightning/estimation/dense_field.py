"""The motion field of a photo from the photo itself: the camera's path, or one kernel, or a still part and a moving."""

import torch
from torch import Tensor

from deblur_lightning.estimation.camera_path import camera_path
from deblur_lightning.estimation.local_evidence import LocalEvidence
from deblur_lightning.estimation.own_motion import moving_kernel, part_field
from deblur_lightning.estimation.pyramid import blind_kernel
from deblur_lightning.estimation.straight_lines import straight_lines
from deblur_lightning.estimation.variational_kernel import SOFTNESS, softened
from deblur_lightning.field import KernelField, delta_field
from deblur_lightning.image import check_image
from deblur_lightning.physics import check_gamma, to_linear

STRIDE, COARSE_STRIDE = 8, 32  # pixels from window to window of evidence: for a region's outline, for a whole field
STILL_PART = -30.0  # mean evidence against all motion, where against: below, a part of the picture stood still
MOVED = 20.0  # evidence for motion of any kind from which a pixel helps to find the kernel
LEAST_MOVED = 0.02  # of the picture; less shows too few edges
BELIEVED, DOUBT = 15.0, 5.0  # evidence at which the found motion is believed by half, and how fast belief grows
LARGEST = 400 * 400  # pixels up to which a camera's path is looked for


@torch.no_grad()
def dense_field(blurry: Tensor, *, gamma: float = 2.2, kernel_size: int = 33) -> KernelField:
    """Estimate the motion field of a photo from nothing but the photo.

    Where parts of the picture are too sharp for any motion, what else there is must have moved by itself: it gets a
    kernel of its own (`moving_kernel`) where that is clearly likelier than no blur, and the rest is left alone.
    Otherwise all of it moved: by one kernel (`blind_kernel`) or as a camera that turns (`camera_path`), whichever the
    parts of the picture find likelier (`LocalEvidence`), which restores nothing and so cannot be talked round.

    Args:
        blurry: ``[1, C, H, W]`` in [0, 1], display values, both sides at least twice the kernel's.
        gamma: display to linear light.
        kernel_size: side K of the kernels, in pixels, odd and at least 5.

    Returns:
        ``[1, B, K, K]``: B is 1, 2 (no blur first) or 25.

    Raises:
        ValueError: a picture that is none, several, too small or not in [0, 1]; a kernel size that is even.
    """
    check_image(blurry, "blurry")
    check_gamma(gamma)
    if len(blurry) != 1:
        raise ValueError(f"blurry holds {len(blurry)} pictures, but a field is of one. Pass them one by one.")
    if kernel_size < 5 or kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}, but it is odd and at least 5. Pass {max(5, kernel_size | 1)}.")
    if min(blurry.shape[-2:]) < 2 * kernel_size:
        raise ValueError(
            f"blurry is {blurry.shape[-2]} x {blurry.shape[-1]}, but a kernel of {kernel_size} needs "
            f"{2 * kernel_size} pixels each way. Pass a smaller kernel_size."
        )
    light = to_linear(blurry.float(), gamma)[0].mean(0)
    share = moving_share(light, kernel_size)
    if share is None:
        return likelier([uniform_field(light, kernel_size), *turning_fields(light, kernel_size)], light)
    if share.mean() < LEAST_MOVED:
        return delta_field(blurry[:, :1].float(), kernel_size)
    kernel = softened(moving_kernel(light, share, kernel_size), SOFTNESS)
    return part_field(kernel, believed_share(light, kernel))


def moving_share(light: Tensor, kernel_size: int) -> Tensor | None:
    """Tell where a picture moved before a background that stood still, or that it has no such background.

    Straight lines stand in for all motion (`straight_lines`); no blur, sharp or soft, competes with them in each
    window. A background with sharp detail is far likelier to stand still, by hundreds of nats.

    Args:
        light: ``[H, W]``, linear light.
        kernel_size: side of the kernels to think of, in pixels.

    Returns:
        1 where something moved and else 0, ``[H, W]``; None where nothing is known to have stood still.
    """
    evidence = LocalEvidence(light, STRIDE)
    moved = evidence.of(straight_lines(kernel_size)).amax(0) - evidence.of(_nothing(kernel_size))[0]
    return (evidence.spread(moved) > MOVED).float() if moved.clamp(max=0).mean() < STILL_PART else None


def believed_share(light: Tensor, kernel: Tensor) -> Tensor:
    """Tell how far to trust a kernel rather than no blur at each pixel, ``[H, W]`` in [0, 1]."""
    evidence = LocalEvidence(light, STRIDE)
    likelier = evidence.of(kernel[None])[0] - evidence.of(_nothing(len(kernel)))[0]
    return torch.sigmoid((evidence.spread(likelier) - BELIEVED) / DOUBT)


def likelier(fields: list[KernelField], light: Tensor) -> KernelField:
    """Choose the field that a picture finds likeliest in the mean of its parts."""
    evidence = LocalEvidence(light, COARSE_STRIDE)
    return max(fields, key=lambda field: evidence.of_field(field).mean().item()) if len(fields) > 1 else fields[0]


def uniform_field(light: Tensor, kernel_size: int) -> KernelField:
    """Estimate one kernel for all of a picture ``[H, W]``, see `blind_kernel`."""
    kernel = softened(blind_kernel(light, kernel_size), SOFTNESS)
    return KernelField(kernel[None, None], torch.ones_like(light)[None, None])


def turning_fields(light: Tensor, kernel_size: int) -> list[KernelField]:
    """Estimate the field of a camera that turns, see `camera_path`; none for pictures too large to wait for."""
    if light.numel() > LARGEST:
        return []
    field = camera_path(light, kernel_size)
    return [field._replace(basis=torch.stack([softened(kernel, SOFTNESS) for kernel in field.basis[0]])[None])]


def _nothing(kernel_size: int) -> Tensor:
    kernel = torch.zeros(1, kernel_size, kernel_size)
    kernel[0, kernel_size // 2, kernel_size // 2] = 1
    return kernel
