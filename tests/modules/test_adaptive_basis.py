"""What AdaptiveBasisModule trains its network on."""

import pytest
import torch
from small_models import small_motion_deblurrer

from deblur_lightning.deblurring import MotionDeblurrer
from deblur_lightning.exposure import Exposure
from deblur_lightning.field import KernelField
from deblur_lightning.losses import kernel_loss, kernel_weights, reblur_loss, sampled_cross_entropy
from deblur_lightning.modules import AdaptiveBasisModule, FieldLosses
from deblur_lightning.networks import AdaptiveBasisNetwork


def batch_of(count):
    generator = torch.Generator().manual_seed(1)
    kernels = torch.rand(count, 2, 9, 9, generator=generator)
    field = KernelField(kernels / kernels.sum((2, 3), keepdim=True), torch.full((count, 2, 40, 40), 0.5))
    blurry, sharp = torch.rand(2, count, 3, 40, 40, generator=generator)
    weights = torch.rand(count, 40, 40, generator=generator)
    return {"blurry": blurry, "sharp": sharp, "field": field, "weights": weights, "name": ["a"] * count}


def loss_of(losses, batch, gamma=2.2):
    module = AdaptiveBasisModule(small_motion_deblurrer(), losses)
    module.log = lambda *_, **__: None
    return module, module.training_step(batch, 0)


def test_the_default_is_the_published_method_and_its_two_losses():
    with torch.device("meta"):
        module = AdaptiveBasisModule()
    assert isinstance(module.deblurrer, MotionDeblurrer)
    assert isinstance(module.deblurrer.network, AdaptiveBasisNetwork)
    assert (module.losses.kernel, module.losses.reblur, module.losses.cross_entropy) == (1.0, 1.0, 0.0)


def test_losses_add_up_with_their_factors_on_what_the_network_sees_at_a_glance():
    batch = batch_of(2)
    module, total = loss_of(FieldLosses(kernel=0.5, reblur=2.0, cross_entropy=0.1, samples=30), batch)
    field = module.deblurrer.network(batch["blurry"] ** 2.2 - 0.5)
    expected = 0.5 * kernel_loss(field, batch["field"], batch["weights"])
    expected = expected + 2 * reblur_loss(batch["blurry"], batch["sharp"], field, batch["weights"])
    pixels = torch.Generator().manual_seed(0)
    expected = expected + 0.1 * sampled_cross_entropy(field, batch["field"], 30, pixels)
    torch.testing.assert_close(total, expected)


def test_the_kernel_loss_becomes_l1_in_its_epoch():
    batch = batch_of(1)
    module, total = loss_of(FieldLosses(reblur=0.0, l1_from_epoch=0), batch)
    torch.testing.assert_close(total, kernel_loss(module(batch["blurry"]), batch["field"], batch["weights"], p=1))
    module, total = loss_of(FieldLosses(reblur=0.0, l1_from_epoch=1), batch)
    torch.testing.assert_close(total, kernel_loss(module(batch["blurry"]), batch["field"], batch["weights"], p=2))


def test_only_the_network_is_trained():
    deblurrer = small_motion_deblurrer()
    optimizer = AdaptiveBasisModule(deblurrer).configure_optimizers()
    trained = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
    assert trained == {id(weight) for weight in deblurrer.network.parameters()}


def test_losses_that_are_all_left_out_are_refused():
    with pytest.raises(ValueError, match="every loss has factor 0"):
        FieldLosses(kernel=0.0, reblur=0.0)


def test_each_picture_is_blurred_again_as_it_was_exposed():
    deblurrer = small_motion_deblurrer()
    deblurrer.exposure = lambda one: Exposure(1.0 if one.mean() < 0.5 else 2.2)
    batch = batch_of(2)
    batch["blurry"] = torch.stack((0.4 * batch["blurry"][0], 0.6 + 0.4 * batch["blurry"][1]))
    module = AdaptiveBasisModule(deblurrer)
    _, figures = module.measure(batch)
    parts = {name: value for name, value in batch.items() if name in ("blurry", "sharp", "field")}
    for number in range(2):
        mine = slice(number, number + 1)
        alone = {name: value[mine] for name, value in parts.items() if name != "field"}
        field = KernelField(*(part[mine] for part in parts["field"]))
        _, own = module.measure(alone | {"field": field, "name": ["a"]})
        torch.testing.assert_close(figures["reblur_psnr"][mine], own["reblur_psnr"], atol=1e-3, rtol=0)


@pytest.mark.parametrize("factor", [-1.0, float("nan"), float("inf")])
def test_factors_that_are_none_are_refused(factor):
    with pytest.raises(ValueError, match=r"reblur is (-1\.0|nan|inf), but it is a loss's factor\. Pass 0 or more"):
        FieldLosses(reblur=factor)


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"samples": -1}, {"l1_from_epoch": -5}])
def test_losses_of_no_pixels_or_before_the_first_epoch_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name} is {wrong[name]}, but "):
        FieldLosses(**wrong)


def test_pixels_weigh_by_their_segments_where_a_batch_brings_no_weights():
    batch = batch_of(2)
    del batch["weights"]
    module, found = loss_of(FieldLosses(), batch)
    told = module.training_step(batch | {"weights": kernel_weights(batch["field"])}, 0)
    torch.testing.assert_close(found, told)


def test_data_without_fields_are_refused_in_a_sentence():
    batch = batch_of(1)
    del batch["field"]
    module = AdaptiveBasisModule(small_motion_deblurrer())
    with pytest.raises(ValueError, match=r"no field, but AdaptiveBasisModule learns from it\. Pass data with motion"):
        module.on_train_batch_start(batch, 0)


def test_it_learns_in_double_precision():
    module = AdaptiveBasisModule(small_motion_deblurrer()).double()
    module.log = lambda *_, **__: None
    batch = {name: part.to(dtype=torch.float64) if name != "name" else part for name, part in batch_of(1).items()}
    module.training_step(batch, 0).backward()
    assert all(weights.grad is None or weights.grad.dtype == torch.float64 for weights in module.parameters())
