"""The spatially varying blur and its exact transpose (Carbajal et al. 2021, arXiv 2102.01026, eq. 2)."""

import torch
from torch import Tensor

from deblur_lightning.field import KernelField, check_field, check_field_shape
from deblur_lightning.physics.borders import Padding, check_padding, extend, fold
from deblur_lightning.physics.convolution import correlate, prepare, spread


def blur(image: Tensor, field: KernelField, padding: Padding = "reflect") -> Tensor:
    """Blur each pixel with its own kernel: ``v_i = sum_b m_i^b <u_nn(i), k^b>``, a correlation as of `F.conv2d`.

    Differentiable once by the image and by both parts of the field. Computed in float32 or wider, also under
    autocast. To apply one field many times, keep a `BlurOperator`.

    Args:
        image: pictures u in linear light, ``[N, C, H, W]``; ``[N, C, H + K - 1, W + K - 1]`` for padding ``valid``.
        field: N kernel fields for H x W pixels, or one for all pictures.
        padding: what lies beyond the border: ``reflect`` (without repeating the edge, as often as a small picture
            needs), ``replicate``, ``circular``, ``zeros``; ``valid`` if the image brings its surround along.

    Returns:
        Blurry pictures, ``[N, C, H, W]``, float32 or wider.

    Raises:
        ValueError: sizes, types or devices that do not fit, values that are no field, an image with NaN or infinity.
    """
    operator = BlurOperator(field, padding)
    _check_finite(image)
    return operator.blur(image)


def blur_adjoint(image: Tensor, field: KernelField, padding: Padding = "reflect") -> Tensor:
    """Send each pixel's light back along its kernel: the exact transpose of `blur` for the same padding.

    ``<blur(u), v> == <u, blur_adjoint(v)>``: the coefficients weigh first, then the kernels convolve, then what fell
    beyond the border returns to the pixels that the border was copied from.

    Args:
        image: pictures v, ``[N, C, H, W]``.
        field: as for `blur`.
        padding: as for `blur`.

    Returns:
        ``[N, C, H, W]``, or ``[N, C, H + K - 1, W + K - 1]`` for padding ``valid``; float32 or wider.

    Raises:
        ValueError: as `blur`.
    """
    operator = BlurOperator(field, padding)
    _check_finite(image)
    return operator.adjoint(image)


class BlurOperator:
    """`blur` and `blur_adjoint` of one field, for many pictures: its kernels are transformed once.

    Gradients reach the field's tensors as they were when the operator was built; do not write into them.

    Args:
        field: N kernel fields ``[N, B, K, K]`` and ``[N, B, H, W]``, or one for all pictures.
        padding: as for `blur`.
        check_values: False skips the check that kernels and coefficients sum to 1, which makes a GPU wait; for
            fields that a softmax vouches for.

    Raises:
        ValueError: an unknown padding, or tensors that are no field.
    """

    def __init__(self, field: KernelField, padding: Padding = "reflect", *, check_values: bool = True) -> None:
        check_padding(padding)
        (check_field if check_values else check_field_shape)(field)
        self.dtype = _working_type("field", torch.promote_types(field.basis.dtype, field.coefficients.dtype))
        self.field, self.padding = field, padding
        self.height, self.width = field.coefficients.shape[-2:]
        self._basis, self._coefficients = field.to(dtype=self.dtype)
        self._engine = prepare(self._basis, self._coefficients)

    def blur(self, image: Tensor) -> Tensor:
        """Blur pictures, see `blur`; their values are not checked."""
        margin = self.field.kernel_size - 1 if self.padding == "valid" else 0
        image = self._fitting(image, self.height + margin, self.width + margin)
        large = extend(image, self.field.kernel_size // 2, self.padding)
        return correlate(large, *self._field_for(len(image)), self._engine)

    def adjoint(self, image: Tensor) -> Tensor:
        """Transpose `blur`, see `blur_adjoint`; values are not checked."""
        image = self._fitting(image, self.height, self.width)
        large = spread(image, *self._field_for(len(image)), self._engine)
        return fold(large, self.field.kernel_size // 2, self.padding)

    def _field_for(self, pictures: int) -> tuple[Tensor, Tensor]:
        return self._basis.expand(pictures, -1, -1, -1), self._coefficients.expand(pictures, -1, -1, -1)

    def _fitting(self, image: Tensor, height: int, width: int) -> Tensor:
        if image.ndim != 4:
            raise ValueError(f"image is {list(image.shape)}, but pictures have four axes. Pass [N, C, H, W].")
        if list(image.shape[-2:]) != [height, width]:
            raise ValueError(
                f"image is {image.shape[-2]} x {image.shape[-1]}, but coefficients of {self.height} x {self.width} "
                f"with padding {self.padding!r} need {height} x {width}. Resize the coefficients, or crop the image."
            )
        fields = len(self.field.basis)
        if fields not in (1, len(image)):
            raise ValueError(
                f"image holds {len(image)} pictures, but field {fields}. Pass one field, or one a picture."
            )
        if image.device != self._basis.device:
            raise ValueError(f"image is on {image.device}, but field on {self._basis.device}. Move one with .to().")
        dtype = _working_type("image", image.dtype)
        if dtype != self.dtype:
            raise ValueError(f"image is {dtype}, but field {self.dtype}. Cast one with .to(dtype={self.dtype}).")
        return image.to(dtype)


def _working_type(what: str, dtype: torch.dtype) -> torch.dtype:
    if not dtype.is_floating_point:
        raise ValueError(f"{what} is {dtype}, but light is a real number. Convert to float32 in [0, 1].")
    return torch.promote_types(dtype, torch.float32)


def _check_finite(image: Tensor) -> None:
    """Refuse what would silently spread over a whole tile."""
    if image.numel() and not torch.stack(image.detach().aminmax()).isfinite().all():
        raise ValueError("image has a NaN or infinite value, but blur would smear it. Replace it first.")
