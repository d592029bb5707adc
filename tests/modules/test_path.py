"""The training of the path network by itself."""

import torch

from deblur_lightning.field import KernelField
from deblur_lightning.modules import PathModule
from deblur_lightning.networks import PathNetwork, path_features


def test_the_loss_is_that_of_the_mean_kernels_of_all_reflections():
    torch.manual_seed(0)
    module = PathModule(PathNetwork(9, 8))
    module.log = lambda *_, **__: None
    kernels = torch.rand(2, 2, 9, 9)
    field = KernelField(kernels / kernels.sum((2, 3), keepdim=True), torch.full((2, 2, 40, 40), 0.5))
    batch = {"blurry": torch.rand(2, 3, 40, 40), "field": field, "name": ["a", "b"]}
    loss = module.training_step(batch, 0)
    light, kernel = batch["blurry"] ** 2.2, field.basis.mean(1)
    each = []
    for picture, true in ((light, kernel), (light.mT, kernel.mT), (light.flip(3), kernel.flip(2)),
                          (light.mT.flip(3), kernel.mT.flip(2))):  # fmt: skip
        drawn = module.network(path_features(picture, 9)).flatten(1).log_softmax(1)
        for logarithm, way in zip(drawn, true.flatten(1), strict=True):
            each.append(min(-(way * logarithm).sum(), -(way.flip(0) * logarithm).sum()))
    torch.testing.assert_close(loss, torch.stack(each).mean())
    loss.backward()
    assert all(weight.grad is not None for weight in module.network.parameters())
