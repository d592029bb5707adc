"""Batches and samples, turned with their motion and stacked; datasets that use both are tested in tests/data."""

from itertools import product

import torch

from deblur_lightning.batch import batched, turned
from deblur_lightning.field import KernelField, check_field
from deblur_lightning.physics import blur


def sample(seed, kernels=3, size=5, side=24):
    generator = torch.Generator().manual_seed(seed)
    basis = torch.rand(1, kernels, size, size, generator=generator)
    coefficients = torch.rand(1, kernels, side, side, generator=generator)
    field = KernelField(basis, coefficients).normalised(torch.float32)
    sharp = torch.rand(3, side, side, generator=generator)
    return {"blurry": blur(sharp[None], field)[0], "sharp": sharp, "field": field, "name": str(seed)}


def test_turned_pictures_are_blurred_by_their_turned_field_in_all_eight_positions():
    batch, met = batched([sample(0), sample(1)]), set()
    batch["weights"] = batch["sharp"][:, 0]
    for coins in product((0.2, 0.7), repeat=3):
        one = turned(batch, coins)
        torch.testing.assert_close(blur(one["sharp"], one["field"]), one["blurry"])
        assert torch.equal(one["weights"], one["sharp"][:, 0])
        assert one["name"] == ["0", "1"]
        met.add(one["sharp"][0, 0, 0, :2].sum().item())
    assert len(met) == 8
    assert torch.equal(turned(batch, (0.5, 0.5, 0.5))["sharp"], batch["sharp"])


def test_coins_put_upside_down_mirror_and_swap_in_this_order():
    corner = {"sharp": torch.tensor([[1.0, 2.0], [3.0, 4.0]])}
    assert turned(corner, (0, 1, 1))["sharp"].tolist() == [[3, 4], [1, 2]]
    assert turned(corner, (1, 0, 1))["sharp"].tolist() == [[2, 1], [4, 3]]
    assert turned(corner, (1, 1, 0))["sharp"].tolist() == [[1, 3], [2, 4]]
    assert turned(corner, (0, 1, 0))["sharp"].tolist() == [[3, 1], [4, 2]]


def test_samples_of_unlike_fields_become_one_batch():
    samples = [sample(0), sample(1, kernels=1, size=7)]
    batch = batched(samples)
    assert batch["name"] == ["0", "1"]
    assert batch["field"].basis.shape == (2, 3, 7, 7)
    check_field(batch["field"])
    torch.testing.assert_close(blur(batch["sharp"], batch["field"]), batch["blurry"])
