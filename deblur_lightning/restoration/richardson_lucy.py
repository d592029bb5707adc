"""Richardson-Lucy deconvolution with a known motion field (Carbajal et al. 2021, arXiv 2102.01026, section 5)."""

from collections.abc import Callable
from typing import Literal, NamedTuple, SupportsIndex, get_args

import torch
from torch import Tensor

from deblur_lightning.exposure import NO_SIDE, Sides
from deblur_lightning.field import KernelField
from deblur_lightning.image import check_image
from deblur_lightning.physics import BlurOperator, check_gamma, saturate, to_display, to_linear
from deblur_lightning.physics.borders import darken_
from deblur_lightning.restoration.momentum import Momentum
from deblur_lightning.restoration.observation import Border, check_border, cut, observations, operator, surrounded
from deblur_lightning.restoration.response import CLIPPED, DARKEST, ratio, saturated_ratio, unsaturated_share
from deblur_lightning.restoration.ringing import hold_rims
from deblur_lightning.restoration.total_variation import STEEPEST, Surround, flatten_
from deblur_lightning.richardson_lucy_updates import Method

Adjoint = Literal["exact", "published"]
Callback = Callable[[int, int, float], None]
UNSEEN = 1e-2  # surrounding pixels that send less of their light into the picture follow it more slowly


class Update(NamedTuple):
    """What one update of one picture needs beside the restored light."""

    blurry: Tensor  # display values
    light: Tensor  # the same, linear
    forward: Callable[[Tensor], Tensor]
    backward: Callable[[Tensor], Tensor]
    reach: Tensor | float  # A^T 1, what share of a pixel's light arrives in the picture
    method: Method
    gamma: float
    regularization: float
    surround: Surround


@torch.no_grad()
def richardson_lucy(
    blurry: Tensor,
    field: KernelField,
    iterations: int = 30,
    *,
    initial: Tensor | None = None,
    gamma: float = 2.2,
    method: Method = "basic",
    regularization: float = 1e-3,
    adjoint: Adjoint = "exact",
    border: Border | None = None,
    dark: Sides = NO_SIDE,
    acceleration: bool = False,
    tolerance: float = 1e-6,
    callback: Callback | None = None,
    rims_held: bool | None = None,
) -> Tensor:
    """Undo a known blur: multiply, again and again, by what the blurry picture asks for.

    ``u <- u (A^T r / A^T 1)`` in linear light, then, on display, ``u <- u / (1 - lambda div(grad u / |grad u|))``
    with the u before the update in the last factor. r is ``v / A u`` for 'basic', and ``v R' / R + 1 - R'`` with the
    sensor's response R at ``A u`` for 'saturated'; 'combined' updates pixels below 0.99 (shrunk by one pixel and
    softened by a 3 x 3 mean) by what pixels outside the rest ask for, and the rest as 'saturated' does.

    Args:
        blurry: v, ``[N, C, H, W]`` in [0, 1], display values.
        field: its motion field, one for all pictures or one each.
        iterations: number of updates; few (3 to 6) where the field is uncertain.
        initial: picture to start from, display values of the shape of ``blurry``; None starts from ``blurry``.
        gamma: display to linear light; 1.0 for pictures that are linear already, as Köhler's.
        method: which ratio, see above.
        regularization: lambda of the total-variation factor, at most 0.05; 0 turns it off.
        adjoint: 'exact' is the transpose of the blur. 'published' is the authors' stand-in: kernels rotated by 180
            degrees with the coefficients applied after, and zeros beyond the border in the total-variation factor.
        border: 'extended' also estimates the K // 2 pixels around the picture that light came from; 'reflect' takes
            the picture to mirror there, as published, and rings where it does not. None is 'extended', and
            'reflect' for the published adjoint, which knows no other.
        dark: sides beyond which there was nothing, as where programs blur with zeros (`dark_beyond`); light is then
            looked for in the picture alone. Only with the border 'extended'.
        acceleration: extrapolate from step to step (Biggs and Andrews 1997). Compared with plain updates of the same
            method and field, by PSNR against the sharp picture, half as many come within 0.3 dB (15 for 30 in the
            tests), so pass about half.
        tolerance: a picture is done when its squared reblur error (mean over display values) improves by less; 0
            never stops.
        callback: called as ``callback(picture, iteration, error)`` before each update.
        rims_held: in the end, keep what surrounds clipped lights from turning darker than the blurry picture is
            nearby, see `hold_rims`; None does so with the exact adjoint.

    Returns:
        Restored display values in [0, 1], shape of ``blurry``, float32 or wider.

    Raises:
        ValueError: pictures that are none or not in [0, 1], a field that is none or of another size, an option out
            of its range.

    Source:
        Richardson 1972; Lucy 1974; Dey et al. 2004 (total variation); Whyte et al. 2014 (saturation). The published
        code has the masks of 'combined' and the Sobel gradients (of height 8) in the factor. The exact adjoint, the
        extended border and the acceleration are ours to offer.
    """
    border = border or ("reflect" if adjoint == "published" else "extended")
    check_border(border, dark)
    _check_options(iterations, gamma, method, regularization, adjoint, border, tolerance)
    restored, observed = [], observations(blurry, field)
    if initial is not None:
        check_image(initial, "initial")
        if initial.shape != blurry.shape:
            raise ValueError(f"initial is {list(initial.shape)}, but blurry {list(blurry.shape)}. Pass the same shape.")
    held = adjoint == "exact" if rims_held is None else rims_held
    with torch.autocast(blurry.device.type, enabled=False):
        for number, (picture, own) in enumerate(observed):
            radius = own.kernel_size // 2
            update = _update(picture, operator(own, border), adjoint, method, gamma, regularization)
            first = update.light if initial is None else to_linear(initial[number : number + 1].to(picture), gamma)
            sharp = darken_(surrounded(first, radius, border).clamp(min=DARKEST), radius, dark)
            sharp = _iterate(sharp, update, iterations, tolerance, acceleration, number, callback)
            display = (cut(sharp, radius, border) ** (1 / gamma)).clamp(0, 1)
            restored.append(hold_rims(display, picture, update.light >= CLIPPED, radius) if held else display)
    return torch.cat(restored)


def lucy_light(light: Tensor, blurring: BlurOperator, border: Border, iterations: int, dark: Sides = NO_SIDE) -> Tensor:
    """Restore one picture's linear light, its surround included, beyond the ceiling: 'saturated', accelerated."""
    radius = blurring.field.kernel_size // 2
    sharp = darken_(surrounded(light, radius, border).clamp(min=DARKEST), radius, dark)
    if not iterations:
        return sharp
    update = _update(light, blurring, "exact", "saturated", 1.0, 0.0)
    return _iterate(sharp, update, iterations, 0.0, True, 0, None)


def _update(
    picture: Tensor, blurring: BlurOperator, adjoint: Adjoint, method: Method, gamma: float, regularization: float
) -> Update:
    light = to_linear(picture, gamma)
    if adjoint == "published":
        flipped = blurring.field._replace(basis=blurring.field.basis.flip(-2, -1))
        turned = BlurOperator(flipped, "reflect", check_values=False)
        return Update(picture, light, blurring.blur, turned.blur, 1.0, method, gamma, regularization, "constant")
    reach = blurring.adjoint(torch.ones_like(light[:, :1])).clamp(min=UNSEEN)
    return Update(picture, light, blurring.blur, blurring.adjoint, reach, method, gamma, regularization, "replicate")


def _iterate(
    sharp: Tensor,
    update: Update,
    iterations: int,
    tolerance: float,
    acceleration: bool,
    number: int,
    callback: Callback | None,
) -> Tensor:
    momentum = Momentum()
    before = float("inf")
    for iteration in range(iterations):
        start = momentum.predict(sharp) if acceleration else sharp
        reblurred = update.forward(start)
        if tolerance or callback:
            error = _reblur_error(reblurred, update)
            if callback:
                callback(number, iteration, error)
            if tolerance and before - error < tolerance:
                if not momentum.rolling:
                    break
                momentum.stop()
                start, reblurred = sharp, update.forward(sharp)
                error = _reblur_error(reblurred, update)
            before = error
        result = step(start, reblurred, update)
        if acceleration:
            momentum.learn(start, sharp, result)
        sharp = result
    return sharp


def step(sharp: Tensor, reblurred: Tensor, update: Update) -> Tensor:
    """Update restored light once, given its reblurred picture."""
    display = sharp  # not by `to_display`, which lifts the faintest light for the sake of gradients
    if update.gamma != 1 and (update.regularization or update.method == "combined"):
        display = sharp ** (1 / update.gamma)
    if update.method == "combined":
        factor = _combined_factor(display, reblurred, update)
    else:
        asked = ratio if update.method == "basic" else saturated_ratio
        factor = _averaged(asked(update.light, reblurred), update)
    result = factor.mul_(sharp)
    if update.regularization:
        flatten_(result, display, update.regularization, update.gamma, update.surround)
    return result


def _averaged(asked: Tensor, update: Update) -> Tensor:
    """``A^T r / A^T 1``, written as a departure from 1: rounding then shrinks with the correction."""
    return update.backward(asked.sub_(1)).div_(update.reach).add_(1).clamp_(min=0)


def _combined_factor(display: Tensor, reblurred: Tensor, update: Update) -> Tensor:
    share = unsaturated_share(display)
    margin = (share.shape[-2] - update.light.shape[-2]) // 2
    trusted = share[..., margin : share.shape[-2] - margin, margin : share.shape[-1] - margin]
    asked = torch.cat(
        (saturated_ratio(update.light, reblurred, trusted), saturated_ratio(update.light, reblurred)), dim=1
    )
    unsaturated, saturated = _averaged(asked, update).pow_(1 / update.gamma).chunk(2, dim=1)
    return saturated.lerp(unsaturated, share).pow_(update.gamma)


def _reblur_error(reblurred: Tensor, update: Update) -> float:
    recorded = reblurred.clamp(max=1) if update.method == "basic" else saturate(reblurred)
    return (to_display(recorded, update.gamma) - update.blurry).square().mean().item()


def _check_options(
    iterations: int, gamma: float, method: str, regularization: float, adjoint: str, border: str, tolerance: float
) -> None:
    for name, value, known in (("method", method, Method), ("adjoint", adjoint, Adjoint)):
        if value not in get_args(known):
            raise ValueError(
                f"{name} is {value!r}, but only these are known. Pass one of {', '.join(get_args(known))}."
            )
    if adjoint == "published" and border != "reflect":
        raise ValueError(f"border is {border!r}, but the published adjoint mirrors. Pass border='reflect'.")
    if not (isinstance(iterations, SupportsIndex) and iterations >= 0):
        raise ValueError(f"iterations is {iterations}, but it counts updates. Pass 30, or 0 for none.")
    check_gamma(gamma)
    if not 0 <= regularization * STEEPEST < 0.9:
        raise ValueError(f"regularization is {regularization}, but beyond 0 to 0.05 light may be negative. Pass 1e-3.")
    if not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance}, but it is an improvement. Pass 1e-6, or 0 to never stop.")
