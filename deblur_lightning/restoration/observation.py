"""What every restoration starts from: checked pictures, one at a time, and the operator that blurred them."""

from collections.abc import Iterator
from typing import Literal, get_args

import torch
from torch import Tensor

from deblur_lightning.exposure import Sides
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.image import check_image
from deblur_lightning.physics import BlurOperator, Padding
from deblur_lightning.physics.borders import extend

Border = Literal["extended", "reflect"]


def observations(blurry: Tensor, field: KernelField) -> Iterator[tuple[Tensor, KernelField]]:
    """Check a batch, then yield each picture ``[1, C, H, W]``, clamped to [0, 1], with its own field.

    One at a time, so that no picture's result depends on its neighbours in the batch; the blur operator works
    picture by picture anyway. Types become the wider of both, at least float32.

    Raises:
        ValueError: no pictures in [0, 1], no field, or sizes that do not fit.
    """
    check_image(blurry, "blurry")
    check_field(field)
    height, width = blurry.shape[-2:]
    if list(field.coefficients.shape[-2:]) != [height, width]:
        raise ValueError(
            f"field is for {field.coefficients.shape[-2]} x {field.coefficients.shape[-1]} pixels, but blurry is "
            f"{height} x {width}. Resize the coefficients, or crop the picture."
        )
    if len(field.basis) not in (1, len(blurry)):
        raise ValueError(
            f"blurry holds {len(blurry)} pictures, but field {len(field.basis)}. Pass one field, or one a picture."
        )
    wide = torch.promote_types(torch.promote_types(blurry.dtype, field.basis.dtype), field.coefficients.dtype)
    wide = torch.promote_types(wide, torch.float32)
    return _one_by_one(blurry, field, wide)


def _one_by_one(blurry: Tensor, field: KernelField, wide: torch.dtype) -> Iterator[tuple[Tensor, KernelField]]:
    for number in range(len(blurry)):
        mine = slice(number, number + 1) if len(field.basis) > 1 else slice(0, 1)
        own = KernelField(field.basis[mine], field.coefficients[mine]).used().to(dtype=wide)
        yield blurry[number : number + 1].to(wide).clamp(0, 1), own


def operator(field: KernelField, border: Border) -> BlurOperator:
    """Build the blur of a checked field: of a picture with its surround, or of one whose border mirrors."""
    return BlurOperator(field, _padding(border), check_values=False)


def check_border(border: str, dark: Sides) -> None:
    """Raise unless a border is one we know, and sides are dark only where there is a surround.

    Raises:
        ValueError: another border, or dark sides without a surround.
    """
    if border not in get_args(Border):
        raise ValueError(f"border is {border!r}, but only these are known. Pass one of {', '.join(get_args(Border))}.")
    if any(dark) and border != "extended":
        raise ValueError(f"dark sides have no light beyond, but border is {border!r}. Pass border='extended'.")


def surrounded(image: Tensor, radius: int, border: Border) -> Tensor:
    """Guess the sharp picture's surround, where it counts, by mirroring."""
    return extend(image, radius, "reflect") if border == "extended" else image


def cut(image: Tensor, radius: int, border: Border) -> Tensor:
    """Cut off what `surrounded` adds."""
    if border == "reflect" or radius == 0:
        return image
    return image[..., radius:-radius, radius:-radius]


def _padding(border: Border) -> Padding:
    return "valid" if border == "extended" else "reflect"
