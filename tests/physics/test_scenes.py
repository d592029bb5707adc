import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.physics import blur, expose, saturate, scene_field, shake_kernels, to_display


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def layers(seed=0, kernel_size=5, height=13, width=17):
    """Two pictures of three segments that tile a scene, and their kernels, float64."""
    generator = seeded(seed)
    labels = torch.randint(3, (2, 1, 4, 4), generator=generator).double()
    size = (height + kernel_size - 1, width + kernel_size - 1)
    labels = F.interpolate(labels, size=size, mode="nearest")[:, 0]
    masks = torch.stack([labels == layer for layer in range(3)], dim=1).double()
    kernels = torch.rand(2, 3, kernel_size, kernel_size, generator=generator, dtype=torch.float64)
    return masks, kernels / kernels.sum((-2, -1), keepdim=True)


def test_each_mask_is_softened_by_its_own_kernel_and_all_sum_to_one():
    masks, kernels = layers()
    field = scene_field(masks, kernels)
    for picture in range(2):
        for row in range(13):
            for column in range(17):
                window = masks[picture, :, row : row + 5, column : column + 5]
                parts = (window * kernels[picture]).sum((-2, -1))
                expected = parts / parts.sum()
                assert torch.allclose(field.coefficients[picture, :, row, column], expected, atol=1e-12)
    assert torch.equal(field.basis, kernels)


def test_far_from_every_border_a_pixel_moves_with_its_segment_alone():
    masks = torch.zeros(1, 2, 20, 30)
    masks[:, 0, :, :15], masks[:, 1, :, 15:] = 1, 1
    field = scene_field(masks, shake_kernels(2, 5, generator=seeded(), samples=50).unsqueeze(0))
    assert torch.allclose(field.coefficients[0, 0, :, :9], torch.ones(16, 9), atol=1e-6)
    assert field.coefficients[0, 0, :, 15:].abs().max() < 1e-6


def test_where_no_segment_has_any_part_the_first_takes_all():
    masks = torch.zeros(1, 2, 3, 5)
    masks[..., 0, :, :3], masks[..., 1, :, 3:] = 1, 1
    left, right = torch.zeros(3, 3), torch.zeros(3, 3)
    left[1, 0], right[1, 2] = 1, 1
    away = torch.stack((right, left)).unsqueeze(0)  # at the border, each looks into the other
    field = scene_field(masks, away)
    assert torch.allclose(field.coefficients[0, :, 0], torch.tensor([[1.0, 1, 1], [0, 0, 0]]), atol=1e-6)


def test_blurring_the_scene_with_its_field_gives_the_picture_within_noise_and_rounding():
    masks, kernels = layers(height=60, width=70)
    scene = torch.rand(2, 3, 64, 74, generator=seeded(1), dtype=torch.float64) * 1.6
    field = scene_field(masks, kernels)
    picture = expose(scene, field, generator=seeded(2), noise=0.01)
    exact = to_display(saturate(blur(scene, field, padding="valid")), 2.2).clamp(0, 1)
    error = (picture - exact)[exact > 0.3]
    assert error.std().item() == pytest.approx(0.01 / 2.2, rel=0.35)  # even on display, as photon noise is
    assert error.mean().abs().item() < 5e-4
    silent = expose(scene, field, generator=seeded(2), noise=0.0)
    assert (silent - exact).abs().max().item() <= 0.5 / 255 + 1e-12
    assert torch.equal(silent, (silent * 255).round() / 255)
    assert torch.allclose(expose(scene, field, generator=seeded(2), noise=0.0, levels=None), exact)


def test_light_beyond_full_well_saturates():
    masks, kernels = layers()
    field = scene_field(masks, kernels)
    bright = expose(torch.full((2, 3, 17, 21), 3.0, dtype=torch.float64), field, generator=seeded())
    assert bright.min().item() == 1.0
    dark = expose(torch.zeros(2, 3, 17, 21, dtype=torch.float64), field, generator=seeded(), noise=0.01)
    assert dark.min().item() == 0.0


@pytest.mark.parametrize("wrong", [{"noise": float("nan")}, {"noise": -0.1}, {"noise": float("inf")}, {"levels": 0}])
def test_noise_and_levels_out_of_range_are_refused(wrong):
    field = scene_field(*layers())
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is {next(iter(wrong.values()))}, but"):
        expose(torch.zeros(2, 3, 17, 21), field, generator=seeded(), **wrong)


def test_masks_and_kernels_that_do_not_fit_are_refused():
    masks, kernels = layers()
    with pytest.raises(ValueError, match="Give each basis kernel one"):
        scene_field(masks[:, :2], kernels)
    with pytest.raises(ValueError, match="Pad them to 5 x 5"):
        scene_field(masks, kernels[..., :4, :4])
    with pytest.raises(ValueError, match=r"masks are 17 x 4, but kernels of 5 must fit .* at least 5 x 5"):
        scene_field(masks[..., :4], kernels)
    assert scene_field(masks[..., :5, :5], kernels).coefficients.shape[-2:] == (1, 1)
