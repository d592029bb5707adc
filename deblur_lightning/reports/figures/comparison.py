"""One picture by several methods in a row, the same place enlarged below each, and where each errs."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from torch import Tensor

from deblur_lightning.reports.figures.canvas import COLOURS, MAP, TALLEST, new_figure, one_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


TITLE_WIDTH = 30
"""Characters of a title that stand over a picture."""

PANEL = 3.0
"""Inches from one picture to the next."""


class Crop(NamedTuple):
    """A rectangle of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int


def most_blurred(blurry: Tensor, sharp: Tensor, side: int | None = None) -> Crop:
    """Find the square where blur took most of the picture's gradients away.

    Args:
        blurry: ``[C, H, W]`` or ``[1, C, H, W]`` in [0, 1].
        sharp: likewise, of the same size; a restored picture serves where no sharp one is known.
        side: of the square, in pixels, clipped to the picture; None takes a quarter of the shorter side, 64 at least.
    """
    seen, true = one_picture(blurry).mean(axis=2), one_picture(sharp).mean(axis=2)
    if seen.shape != true.shape:
        raise ValueError(f"blurry is {seen.shape}, but sharp is {true.shape}. Pass pictures of one size.")
    side = min(max(64, min(seen.shape) // 4) if side is None else side, *seen.shape)
    lost = _steepness(true) - _steepness(seen)
    total = np.pad(lost.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    boxes = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    top, left = np.unravel_index(int(boxes.argmax()), boxes.shape)
    return Crop(int(top), int(left), side, side)


def draw_comparison(
    pictures: Mapping[str, Tensor],
    crop: Crop | None = None,
    sharp: str = "Sharp",
    scores: Mapping[str, str] | None = None,
) -> Figure:
    """Draw pictures side by side, one place enlarged below each.

    Args:
        pictures: by title, in order, such as Blurry, DeblurGAN, Adaptive, Sharp; the first is the blurry one.
        crop: the place; None finds the most blurred one.
        sharp: the title of the true picture, or the one to compare with; the last one where there is none.
        scores: what to say below a title.

    Raises:
        ValueError: fewer than two pictures, different sizes, or a crop outside.
    """
    from matplotlib.patches import Rectangle

    shown = _same_size(pictures)
    first, reference = next(iter(pictures)), sharp if sharp in pictures else list(pictures)[-1]
    crop = crop or most_blurred(pictures[first], pictures[reference])
    height, width = shown[first].shape[:2]
    if crop.top < 0 or crop.left < 0 or crop.top + crop.height > height or crop.left + crop.width > width:
        raise ValueError(f"crop is {tuple(crop)}, but the picture is {height} x {width}. Keep it inside.")
    tall = _tall(height, width), _tall(crop.height, crop.width)
    figure = new_figure(PANEL * len(shown), sum(tall) + 0.4)
    axes = figure.subplots(2, len(shown), squeeze=False, height_ratios=tall)
    for (title, picture), whole, inset in zip(shown.items(), *axes, strict=True):
        whole.imshow(picture)
        said = (scores or {}).get(title)
        whole.set_title("\n".join([*wrap(title, TITLE_WIDTH), *([said] if said else [])]), fontsize=10)
        corner = (crop.left - 0.5, crop.top - 0.5)
        whole.add_patch(Rectangle(corner, crop.width, crop.height, fill=False, edgecolor=COLOURS[5], linewidth=2))
        enlarged = picture[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
        inset.imshow(enlarged, interpolation="nearest")
        for ax in (whole, inset):
            ax.set_xticks([])
            ax.set_yticks([])
        for spine in inset.spines.values():
            spine.set_color(COLOURS[5])
            spine.set_linewidth(2)
    return figure


def draw_errors(pictures: Mapping[str, Tensor], sharp: str = "Sharp") -> Figure:
    """Draw where each picture differs from the sharp one: mean absolute error over channels, one scale for all.

    Args:
        pictures: by title; one of them is the sharp one.
        sharp: its title.

    Raises:
        ValueError: there is no sharp picture, fewer than two, or different sizes.
    """
    shown = _same_size(pictures)
    if sharp not in shown:
        raise ValueError(f"pictures are {list(shown)}, but errors need {sharp!r}. Add it.")
    errors = {name: np.abs(one - shown[sharp]).mean(axis=2) for name, one in shown.items() if name != sharp}
    height, width = shown[sharp].shape[:2]
    top = max(float(np.quantile(error, 0.995)) for error in errors.values()) or 1.0
    figure = new_figure(PANEL * len(errors) + 0.8, _tall(height, width) + 0.5)
    axes = figure.subplots(1, len(errors), squeeze=False)[0]
    for (name, error), ax in zip(errors.items(), axes, strict=True):
        drawn = ax.imshow(error, cmap=MAP, vmin=0, vmax=top)
        ax.set_title("\n".join(wrap(f"{name}: mean {error.mean():.4f}", TITLE_WIDTH + 6)), fontsize=9)
        ax.set_axis_off()
    figure.colorbar(drawn, ax=list(axes), shrink=0.8, label="absolute error")
    return figure


def _tall(height: int, width: int) -> float:
    """Give the inches of a picture that is as wide as its panel."""
    return min(PANEL * height / width, TALLEST)


def _steepness(picture: np.ndarray) -> np.ndarray:
    """Give each pixel's slope, down to pictures of one pixel, which has none."""
    height, width = picture.shape
    steep: np.ndarray = np.hypot(*np.gradient(np.pad(picture, ((0, height < 2), (0, width < 2)), "edge")))
    return steep[:height, :width]


def _same_size(pictures: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    shown = {title: one_picture(picture) for title, picture in pictures.items()}
    sizes = {title: picture.shape[:2] for title, picture in shown.items()}
    if len(shown) < 2 or len(set(sizes.values())) > 1:
        raise ValueError(f"pictures are {sizes}, but a comparison needs two or more of one size. Pass those.")
    return shown
