import pytest
import torch

from deblur_lightning.estimation.continued import continued


def test_the_picture_stays_and_goes_around_without_a_step():
    rows, columns = torch.meshgrid(torch.arange(30.0), torch.arange(41.0), indexing="ij")
    light = 0.1 * rows + 0.2 * columns
    periodic = continued(light, 9)
    assert torch.equal(periodic[:30, :41], light)
    assert periodic.shape[0] >= 39
    assert periodic.shape[1] >= 50
    for axis, steepest in ((0, 0.1), (1, 0.2)):
        beyond = (periodic.roll(-1, axis) - periodic).abs()
        assert beyond.max() < 1.6 * light.shape[axis] * steepest / 9  # a smooth ramp of 9 pixels or more
    assert (periodic[:, 0] - periodic[:, -1]).abs().max() < 0.4


@pytest.mark.parametrize("width", [10, 11, 12, 13])
def test_a_picture_hardly_larger_than_the_margin_goes_as_far_as_its_mirror_image_does(width):
    light = torch.rand(12, width, generator=torch.Generator().manual_seed(0))
    periodic = continued(light, 9)
    assert torch.equal(periodic[:12, :width], light)
    assert 21 <= periodic.shape[0] < 24
    assert width + 9 <= periodic.shape[1] < 2 * width
