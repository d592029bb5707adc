import numpy as np
import pytest
import torch
import torch.nn.functional as F

from deblur_lightning.data import CameraMotion, ObjectMotion, Unmoved
from deblur_lightning.data.scenes.motions import draw_paths, trimmed
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.physics import blur, kernels_along, scene_field

KERNEL = 17


def labels():
    """Two objects on a background, with a margin for the kernels: 40 x 30 pixels inside."""
    scene = np.zeros((40 + KERNEL - 1, 30 + KERNEL - 1), np.uint8)
    scene[5:20, 5:25], scene[30:50, 20:40] = 1, 2
    return scene


def reach(kernel):
    """How far from its centre a kernel's light falls, in pixels."""
    rows = (kernel > 0).nonzero() - kernel.shape[-1] // 2
    return int(rows.abs().max())


def test_nothing_moves_under_unmoved():
    field = Unmoved().draw(labels(), KERNEL, np.random.default_rng(0))
    check_field(field)
    picture = torch.rand(1, 3, 40, 30)
    assert torch.equal(blur(picture, field, "valid"), picture)


@pytest.mark.parametrize(("turning", "kernels"), [(0.0, 1), (1.0, 9)])
def test_a_cameras_field_is_one_and_no_larger_than_its_motion(turning, kernels):
    motion = CameraMotion(extent=(6.0, 6.0), turning=turning)
    for seed in range(20):
        field = motion.draw(labels(), KERNEL, np.random.default_rng(seed))
        check_field(field)
        assert field.basis.shape[1] == kernels
        assert field.coefficients.shape == (1, kernels, 40, 30)
        assert max(reach(kernel) for kernel in field.basis[0]) in (
            3,
            4,
        )  # 6 pixels, about the mean
        assert field.kernel_size in (7, 9)


def test_kernels_cut_to_their_light_blur_as_whole_ones_do():
    generator = np.random.default_rng(3)
    field = CameraMotion(extent=(9.0, 9.0), turning=1.0).draw(labels(), KERNEL, generator)
    picture = torch.rand(1, 3, 40 + KERNEL - 1, 30 + KERNEL - 1)
    margin = (KERNEL - field.kernel_size) // 2
    assert margin > 0
    cut = blur(picture[..., margin:-margin, margin:-margin], field, "valid")
    torch.testing.assert_close(cut, blur(picture, field.widened(KERNEL), "valid"))


def test_objects_move_by_the_field_of_their_whole_kernels():
    random, again = np.random.default_rng(7), np.random.default_rng(7)
    motion = ObjectMotion(extent=(2.0, 8.0), still=0.0, parallax=0.0)
    field = motion.draw(labels(), KERNEL, random)
    paths = draw_paths(3, motion.smooth, motion.video, again)
    kernels = kernels_along(paths, KERNEL, sides=torch.from_numpy(again.uniform(2.0, 8.0, 3)))
    masks = torch.stack([torch.from_numpy(labels() == layer) for layer in range(3)]).float()
    whole = scene_field(masks.unsqueeze(0), kernels.unsqueeze(0))
    torch.testing.assert_close(field.widened(KERNEL).basis, whole.basis)
    torch.testing.assert_close(field.coefficients, whole.coefficients, rtol=0, atol=1e-5)


def test_a_still_background_has_a_delta_kernel_and_the_objects_have_not():
    field = ObjectMotion(extent=(6.0, 8.0), still=1.0).draw(labels(), KERNEL, np.random.default_rng(1))
    background, *objects = field.basis[0]
    assert reach(background) == 0
    assert all(reach(kernel) >= 3 for kernel in objects)


def test_a_scene_without_objects_is_never_all_still():
    empty = np.zeros((40, 40), np.uint8)
    for seed in range(10):
        field = ObjectMotion(extent=(6.0, 8.0), still=1.0).draw(empty, KERNEL, np.random.default_rng(seed))
        assert field.basis.shape[1] == 1
        assert reach(field.basis[0, 0]) >= 3


def test_parallax_moves_all_along_one_path():
    field = ObjectMotion(extent=(8.0, 8.0), still=0.0, parallax=1.0).draw(labels(), KERNEL, np.random.default_rng(2))
    first, *others = field.basis[0]
    assert all(torch.allclose(first, other) for other in others)


def test_cutting_keeps_the_centre_and_all_light():
    kernels = torch.zeros(2, 9, 9)
    kernels[0, 4, 4] = kernels[1, 4, 6] = 1
    cut = trimmed(kernels)
    assert cut.shape == (2, 5, 5)
    assert torch.equal(F.pad(cut, (2,) * 4), kernels)


def test_what_a_motion_draws_depends_on_the_generator_alone():
    for motion in (CameraMotion(), ObjectMotion(), Unmoved()):
        one, same, other = (motion.draw(labels(), KERNEL, np.random.default_rng(seed)) for seed in (4, 4, 5))
        assert torch.equal(one.basis, same.basis)
        assert isinstance(one, KernelField)
        assert isinstance(motion, Unmoved) or not torch.equal(one.basis, other.basis[:, : one.basis.shape[1]])


@pytest.mark.parametrize("kind", [CameraMotion, ObjectMotion])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"extent": (-8.0, 4.0)}, r"extent is \(-8.0, 4.0\), but it is a least and a largest value, from 0 on"),
        ({"extent": (32.0, 0.0)}, "extent is"),
        ({"extent": (float("nan"), 8.0)}, "extent is"),
        ({"video": 1.5}, "video is 1.5, but it is a share"),
        ({"smooth": -0.1}, "smooth is -0.1, but it is a share"),
    ],
)
def test_motions_that_cannot_be_are_refused_before_a_sample_is_made(kind, wrong, message):
    with pytest.raises(ValueError, match=message):
        kind(**wrong)
