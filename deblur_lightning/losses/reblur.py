"""The reblur loss of Carbajal et al. 2021 (arXiv 2102.01026): blur the sharp picture by the field, compare."""

from torch import Tensor

from deblur_lightning.field import KernelField, check_field_shape
from deblur_lightning.physics import BlurOperator, saturate, to_display, to_linear


def reblur_loss(
    blurry: Tensor,
    sharp: Tensor,
    field: KernelField,
    weights: Tensor | None = None,
    gamma: float = 2.2,
    max_value: float = 1.0,
    sharpness: float = 50.0,
) -> Tensor:
    """Compare a blurry picture with its sharp one as the camera would blur it.

    ``sum_i w_i (v_i - v_i^GT)²`` with ``v = R(sum_b m^b (k^b * u))^(1 / gamma)``, u in linear light. The authors'
    code puts R at 0.5 of pictures shifted by -0.5, which is the same sensor.

    Args:
        blurry: v^GT, ``[N, C, H, W]`` in [0, 1], display values.
        sharp: u, ``[N, C, H, W]``, or ``[N, C, H + K - 1, W + K - 1]`` with the surround that light comes from:
            then no border is made up (the authors' 'valid'). Display values; may exceed 1 where lights saturate.
        field: the motion field, for the pixels of ``blurry``.
        weights: w_i, ``[N, H, W]``; 1 everywhere if None.
        gamma: display to linear light.
        max_value: the sensor's full well, in linear light.
        sharpness: of the sensor's response, see `saturate`.

    Returns:
        The sum over pixels and channels, divided by the number N of pictures; a scalar, float32 or wider.

    Raises:
        ValueError: sizes that do not fit, or integers.
    """
    check_field_shape(field)
    for name, picture in (("blurry", blurry), ("sharp", sharp)):
        if not picture.is_floating_point():
            raise ValueError(f"{name} holds {picture.dtype}, but light is a real number. Pass floats in [0, 1].")
    margin = field.kernel_size - 1
    surrounded = [size + margin for size in blurry.shape[-2:]]
    if sharp.shape[:2] != blurry.shape[:2]:
        raise ValueError(
            f"sharp is {list(sharp.shape)}, but blurry is {list(blurry.shape)}. Pass as many pictures and channels."
        )
    if list(sharp.shape[-2:]) not in (surrounded, list(blurry.shape[-2:])):
        raise ValueError(
            f"sharp is {list(sharp.shape[-2:])}, but blurry is {list(blurry.shape[-2:])} and kernels reach "
            f"{margin // 2} pixels. Pass the size of blurry, or {surrounded}."
        )
    valid = margin > 0 and list(sharp.shape[-2:]) == surrounded
    wide = sharp.float() if sharp.dtype.itemsize < 4 else sharp
    operator = BlurOperator(field, "valid" if valid else "reflect", check_values=False)  # a softmax made the field
    exposed = saturate(operator.blur(to_linear(wide, gamma)), max_value, sharpness)
    squares = (to_display(exposed, gamma) - blurry) ** 2
    if weights is not None:
        if weights.shape != blurry[:, 0].shape:
            raise ValueError(f"weights are {list(weights.shape)}, but pixels {list(blurry[:, 0].shape)}. Match them.")
        squares = squares * weights.unsqueeze(1)
    return squares.sum() / len(blurry)
