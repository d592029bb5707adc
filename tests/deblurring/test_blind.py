"""The estimator without a network, in a network's place."""

import sys

import pytest
import torch
from small_models import small_direct_deblurrer, small_learned_deblurrer, small_seeing_deblurrer

from deblur_lightning.deblurring import (
    BlindEstimator,
    MotionDeblurrer,
    PhotoDeblurrer,
    Restorer,
    RichardsonLucy,
)
from deblur_lightning.estimation import Found
from deblur_lightning.estimation.kernel_shape import SOFTNESS, softened
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import delta_field
from deblur_lightning.networks import KernelRefiner
from deblur_lightning.physics import blur, shake_kernels


def shaken(height=150, width=160):
    """A picture of hard edges, shaken by one kernel of 9 pixels, and that kernel."""
    generator = torch.Generator().manual_seed(4)
    blocks = torch.rand(1, 3, height // 10, width // 10, generator=generator)
    sharp = torch.nn.functional.interpolate(blocks, size=(height, width), mode="nearest")
    kernel = shake_kernels(1, 9, generator=generator)
    return blur(sharp, delta_field(sharp, 9)._replace(basis=kernel[None])), kernel[0]


def shifted(light):
    """A field of one kernel that is no dot."""
    field = delta_field(light, 9)
    return field._replace(basis=field.basis.roll(1, -1))


def test_light_less_a_half_gives_the_field_of_that_light():
    light, kernel = shaken()
    field = BlindEstimator(9)(light - 0.5)
    assert field.coefficients.shape[-2:] == light.shape[-2:]
    torch.testing.assert_close(field.basis.sum((2, 3)), torch.ones_like(field.basis.sum((2, 3))))
    nothing = delta_field(light, 9).basis[0, 0]
    assert (field.mean_kernel()[0] - kernel).square().sum() < 0.5 * (nothing - kernel).square().sum()


def test_pictures_smaller_than_two_kernels_are_left_alone():
    light = torch.rand(2, 1, 17, 40)
    field = BlindEstimator(9)(light - 0.5)
    assert torch.equal(field.basis, delta_field(light, 9).basis)


@pytest.mark.parametrize(("side", "seen"), [(33, False), (34, True)])
def test_the_smallest_picture_that_is_looked_at_is_looked_at(side, seen):
    light, _ = shaken(60, 60)
    estimator = BlindEstimator(9)
    small = light[..., :side, :50] - 0.5
    assert estimator.sees(small) == seen
    assert estimator(small).coefficients.shape[-2:] == (side, 50)


def test_how_sure_the_motion_is_is_told():
    class Sure(BlindEstimator):
        def find(self, light, tell=None):
            return Found(shifted(light), lambda: 0.7)

    photo = torch.rand(1, 3, 60, 70, generator=torch.Generator().manual_seed(1))
    assert MotionDeblurrer(Sure(9), RichardsonLucy(3)).estimate(photo, Exposure()).sureness() == 0.7


def test_a_large_photo_s_motion_is_estimated_at_once_and_undone_in_tiles():
    looks = []

    class Looking(BlindEstimator):
        def find(self, light, tell=None):
            looks.append(light.shape[-2:])
            field = delta_field(light, 9)
            basis = torch.zeros_like(field.basis)
            basis[..., 4, 3:6] = 1 / 3
            return Found(field._replace(basis=basis))

    photo = torch.rand(1, 3, 300, 500, generator=torch.Generator().manual_seed(1))
    photo = torch.nn.functional.avg_pool2d(photo, 5, 1, 2, count_include_pad=False)
    model = MotionDeblurrer(Looking(9), RichardsonLucy(3))
    whole, tiled = (PhotoDeblurrer(model, tile=tile)(photo) for tile in (None, 256))
    assert looks == 2 * [(300, 500)]  # so short a motion is not looked for at half the size
    assert tiled.field.coefficients.shape[-2:] == (300, 500)
    assert (whole.picture - tiled.picture).abs().max() < 2e-3


class _Failing(Restorer):
    """A restorer that fails as memory or weights do."""

    def __init__(self, failure):
        super().__init__()
        self.failure = failure

    def forward(self, blurry, field, exposure):
        if isinstance(self.failure, Exception):
            raise self.failure
        return torch.full_like(blurry, self.failure)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (float("nan"), r"ours answers with NaN\. Train it anew"),
        (MemoryError(), r"214 x 252 pixels at once need more memory than there is\. Reduce the photo, or lower --tile"),
        (RuntimeError("can't allocate memory"), r"214 x 252 pixels at once need more memory"),
        (RuntimeError("DefaultCPUAllocator: not enough memory"), r"214 x 252 pixels at once need more memory"),
        (torch.OutOfMemoryError("CUDA out of memory."), r"214 x 252 pixels at once need more memory"),
    ],
)
def test_a_large_photo_s_tiles_fail_with_the_sentences_of_any_tile(failure, sentence):
    class Moving(BlindEstimator):
        def find(self, light, tell=None):
            return Found(delta_field(light, 9))

    photo = torch.rand(1, 3, 300, 500, generator=torch.Generator().manual_seed(1))
    model = PhotoDeblurrer(MotionDeblurrer(Moving(9), _Failing(failure)), name="ours", tile=256)
    with pytest.raises(ValueError, match=sentence):
        model(photo)


def test_memory_that_is_misused_is_not_said_to_have_run_out():
    misuse = RuntimeError("CUDA error: an illegal memory access was encountered")
    model = PhotoDeblurrer(MotionDeblurrer(BlindEstimator(9), _Failing(misuse)))
    with pytest.raises(RuntimeError, match="illegal memory access"):
        model(torch.full((1, 3, 90, 100), 0.5))


@pytest.mark.parametrize("ask", ["restore", "field"])
def test_motion_that_takes_too_much_memory_to_find_is_said_in_a_sentence(ask):
    class Greedy(BlindEstimator):
        def find(self, light, tell=None):
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    model = PhotoDeblurrer(MotionDeblurrer(Greedy(9), RichardsonLucy(3)))
    photo = torch.rand(1, 3, 90, 100, generator=torch.Generator().manual_seed(1))
    with pytest.raises(ValueError, match="90 x 100 pixels at once need more memory"):
        (model if ask == "restore" else model.field)(photo)


def test_a_restorer_that_answers_with_the_photo_itself_does_no_harm_to_it():
    class Leaving(Restorer):
        def forward(self, blurry, field, exposure):
            return blurry

    class Moving(BlindEstimator):
        def find(self, light, tell=None):
            return Found(shifted(light))

    photo = torch.rand(1, 3, 90, 100, generator=torch.Generator().manual_seed(1))
    given = photo.clone()
    assert torch.equal(PhotoDeblurrer(MotionDeblurrer(Moving(9), Leaving()))(photo).picture, given)
    assert torch.equal(photo, given)


def test_photos_are_restored_one_by_one():
    model = PhotoDeblurrer(MotionDeblurrer(BlindEstimator(9), RichardsonLucy(3)))
    for ask in (model, model.field):
        with pytest.raises(ValueError, match=r"blurry holds 2 photos.* Pass \[1, C, H, W\]"):
            ask(torch.rand(2, 3, 90, 100))


def test_methods_are_told_apart_by_what_sees_the_motion():
    assert MotionDeblurrer(BlindEstimator(9)).method == "Blind"
    assert small_learned_deblurrer().method == small_seeing_deblurrer().method == "Learned"
    assert small_direct_deblurrer().method == "DeblurGAN"


def test_a_refiner_is_asked_where_the_restorer_s_network_tells_what_it_sees(monkeypatch):
    asked, nothing = [], delta_field(torch.zeros(1, 1, 9, 9), 9).basis[0, 0]

    def refined(colours, found, refiner, tell):
        asked.append(tell(colours[None, :, :40, :48]))
        return nothing

    monkeypatch.setattr(sys.modules["deblur_lightning.deblurring.blind"], "refined_kernel", refined)
    monkeypatch.setattr(sys.modules["deblur_lightning.estimation.dense_field"], "estimated_turning", lambda *_: None)
    blurry, _ = shaken()
    seeing = small_seeing_deblurrer()
    for restorer, answers in ((RichardsonLucy(), 0), (seeing.restorer, 1)):
        model = MotionDeblurrer(BlindEstimator(9, KernelRefiner(9, width=6)), restorer).eval()
        field = model.estimate(blurry, Exposure()).field
        assert len(asked) == answers
        assert torch.equal(field.basis[0, 0], softened(nothing, SOFTNESS)) == bool(answers)
    network = seeing.restorer.seeing
    expected = network.both(blurry[..., :40, :48])[1].exp().mean((2, 3)).view(9, 9)
    torch.testing.assert_close(asked[0], expected / expected.sum(), atol=1e-5, rtol=1e-3)


def test_what_the_network_sees_is_asked_on_its_own_device_where_the_estimate_is_made_on_the_cpu(monkeypatch):
    shown = []

    class Asking(BlindEstimator):
        def find(self, light, tell=None):
            shown.append(tell(light.cpu()))
            return Found(shifted(light))

    restorer = small_seeing_deblurrer().restorer.to("meta")  # no CPU, as a GPU
    monkeypatch.setattr(restorer.seeing, "mean_kernel", lambda light: light)
    MotionDeblurrer(Asking(9), restorer).estimate(torch.rand(1, 1, 60, 70), Exposure())
    assert (shown[0].device.type, shown[0].shape) == ("meta", (1, 3, 60, 70))


def test_how_sure_the_motion_is_does_not_depend_on_the_refiner(monkeypatch):
    blurry, _ = shaken()
    monkeypatch.setattr(
        sys.modules["deblur_lightning.deblurring.blind"], "refined_kernel", lambda light, *_, **__: torch.eye(9) / 9
    )
    found = [
        BlindEstimator(9, refiner).find(blurry, lambda light: torch.eye(9) / 9)
        for refiner in (None, KernelRefiner(9, width=6))
    ]
    assert found[0].sureness() == found[1].sureness()
    assert not torch.equal(found[0].field.basis, found[1].field.basis)


def test_a_refiner_of_other_kernels_is_refused():
    with pytest.raises(ValueError, match="refiner has a kernel_size of 33, but the estimator's is 9"):
        BlindEstimator(9, KernelRefiner(33, width=6))
