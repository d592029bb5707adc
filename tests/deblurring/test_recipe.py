"""A deblurrer's recipe, to YAML or a checkpoint and back."""

import json

import pytest
import torch
from small_models import small_direct_deblurrer, small_motion_deblurrer
from torch import nn

from deblur_lightning.deblurring import (
    DirectDeblurrer,
    HyperLaplacian,
    MotionDeblurrer,
    NoticedExposure,
    build,
    describe,
)
from deblur_lightning.deblurring.recipe import remembered, replaced
from deblur_lightning.networks import CompactBasisNetwork


def full():
    return MotionDeblurrer(
        CompactBasisNetwork(3, 9, 8, 4, 1), HyperLaplacian(0.2, allowance=0.5), NoticedExposure(2.0, 1.1)
    )


@pytest.mark.parametrize("make", [full, small_motion_deblurrer, small_direct_deblurrer])
def test_what_is_built_from_a_recipe_has_the_same_recipe_and_takes_the_same_weights(make):
    deblurrer = make()
    recipe = json.loads(json.dumps(describe(deblurrer)))
    again = build(recipe)
    assert describe(again) == describe(deblurrer)
    again.load_state_dict(deblurrer.state_dict())
    blurry = torch.rand(1, 3, 70, 70, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(again.eval()(blurry).picture, deblurrer.eval()(blurry).picture)


def test_classes_are_named_where_their_package_offers_them():
    recipe = describe(small_direct_deblurrer())
    assert recipe["class_path"] == "deblur_lightning.deblurring.DirectDeblurrer"
    assert recipe["init_args"]["generator"]["class_path"] == "deblur_lightning.networks.DeblurGANGenerator"


def test_what_is_no_part_of_a_chain_is_never_built():
    for path in ("os.system", "subprocess.Popen", "deblur_lightning.deblurring.RichardsonLucy", "no.such.Thing"):
        with pytest.raises(ValueError, match="the model cannot be built"):
            build({"class_path": path, "init_args": {}})
    nested = describe(small_direct_deblurrer())
    nested["init_args"]["generator"] = {"class_path": "subprocess.Popen", "init_args": {"args": ["false"]}}
    with pytest.raises(ValueError, match="the model cannot be built"):
        build(nested)


def test_a_part_that_does_not_keep_its_arguments_is_named():
    class Forgetful(nn.Module):
        def __init__(self, depth: int = 3) -> None:
            super().__init__()

    with pytest.raises(ValueError, match=r"Forgetful does not keep its argument depth.* Set self\.depth"):
        describe(DirectDeblurrer(Forgetful()))


class Forgetting(nn.Module):
    """A network of another package, which keeps its arguments otherwise than as they came, or not."""

    def __init__(self, depth=3, sizes=(1, 2), inner: nn.Module | None = None, options={"bias": True}):  # noqa: B006
        super().__init__()
        self.depth = nn.ModuleList([nn.Conv2d(3, 3, 1) for _ in range(depth)])
        self.inner = inner

    def forward(self, pictures):
        return pictures


def test_a_part_of_another_package_is_described_by_what_it_was_built_with():
    inner = remembered(Forgetting, depth=1)
    recipe = describe(DirectDeblurrer(remembered(Forgetting, depth=2, sizes=(4, 5), inner=inner)))
    told = json.loads(json.dumps(recipe))["init_args"]["generator"]["init_args"]
    assert told.pop("inner")["init_args"] == {"depth": 1}
    assert told == {"depth": 2, "sizes": [4, 5]}
    again = build(recipe)
    assert len(again.generator.depth) == 2
    assert len(again.generator.inner.depth) == 1
    assert describe(build(describe(again))) == describe(again)
    assert list(again.state_dict()) == [f"generator.{name}" for name in again.generator.state_dict()]


def test_our_own_parts_are_described_as_they_are_now():
    network = remembered(CompactBasisNetwork, num_basis=3, kernel_size=9)
    assert "_asked_for" not in vars(network)


def test_a_module_that_python_does_not_find_is_named_with_the_remedy():
    recipe = describe(small_direct_deblurrer())
    recipe["init_args"]["generator"] = {"class_path": "no_such_networks.Net", "init_args": {}}
    with pytest.raises(ValueError, match=r"No module named 'no_such_networks'\. Put the folder that holds no_s"):
        build(recipe)


def test_arguments_are_replaced_wherever_they_are():
    recipe = replaced(describe(full()), {"gamma": 1.8, "regularization": 0.4})
    assert recipe["init_args"]["exposure"]["init_args"]["gamma"] == 1.8
    assert recipe["init_args"]["restorer"]["init_args"]["regularization"] == 0.4
    assert describe(full())["init_args"]["restorer"]["init_args"]["regularization"] == 0.2
    with pytest.raises(ValueError, match=r"MotionDeblurrer with HyperLaplacian, which has no colour\."):
        replaced(recipe, {"colour": 3})


def test_choices_are_listed_without_python_s_brackets():
    recipe = describe(small_motion_deblurrer())
    with pytest.raises(ValueError, match=r"Expected one of basic, saturated, combined\. Got value: nix"):
        build(replaced(recipe, {"method": "nix"}))
