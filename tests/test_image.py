import numpy as np
import pytest
import torch

from deblur_lightning.image import check_image, pixels_of


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_pictures_pass_in_every_float_type_even_with_noise_beyond_the_range(channels, dtype):
    image = torch.linspace(-0.1, 1.1, 2 * channels * 5 * 7, dtype=dtype).view(2, channels, 5, 7)
    before = image.clone()
    check_image(image)
    assert torch.equal(image, before)


def test_a_picture_inside_a_computation_graph_passes():
    image = torch.rand(1, 3, 4, 4, requires_grad=True)
    check_image(image)
    assert image.grad is None


@pytest.mark.parametrize(
    ("image", "remedy"),
    [
        (torch.full((1, 3, 4, 4), 255, dtype=torch.uint8), r"blurry holds torch.uint8.*blurry\.float\(\) / 255"),
        (torch.full((1, 3, 4, 4), 9, dtype=torch.uint16), r"blurry\.float\(\) / 65535"),
        (torch.full((1, 3, 4, 4), 255), r"holds torch.int64.*blurry\.float\(\) / 255\."),
        (torch.full((1, 3, 4, 4), 60000, dtype=torch.int32), r"blurry\.float\(\) / 65535"),
        (torch.zeros(0, 3, 4, 4, dtype=torch.int32), r"holds torch.int32"),
        (torch.ones(1, 3, 4, 4, dtype=torch.bool), r"Pass blurry\.float\(\)\.$"),
        (torch.full((1, 3, 4, 4), 200.0), r"reaches 200.*Divide it by 255"),
        (torch.full((1, 3, 4, 4), 60000.0), r"reaches 60000.*Divide it by 65535"),
        (torch.linspace(-1, 1, 48).view(1, 3, 4, 4), r"goes down to -1.*Map -1 to 0"),
        (torch.full((1, 3, 4, 4), torch.nan), "holds nan.*must be finite"),
        (torch.full((1, 3, 4, 4), torch.inf), "holds inf.*must be finite"),
        (torch.full((1, 3, 4, 4), -torch.inf), "goes down to -inf"),
        (torch.rand(3, 4, 4), r"\[3, 4, 4\].*blurry\.unsqueeze\(0\)"),
        (torch.rand(5, 4, 3), r"permute\(2, 0, 1\)\.unsqueeze\(0\)"),
        (torch.rand(2, 5, 4, 3), r"permute\(0, 3, 1, 2\)"),
        (torch.rand(2, 4, 8, 8), "without the alpha channel"),
        (torch.rand(8, 8), "Reshape it"),
        (torch.rand(0, 3, 8, 8), "Pass at least one"),
    ],
)
def test_another_range_type_or_layout_is_named_with_its_remedy(image, remedy):
    with pytest.raises(ValueError, match=remedy):
        check_image(image, "blurry")


def test_one_bad_pixel_among_many_is_enough():
    image = torch.rand(2, 3, 50, 60)
    image[1, 2, 49, 59] = torch.nan
    with pytest.raises(ValueError, match="finite"):
        check_image(image)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_pixels_are_the_nearest_bytes_and_what_strays_is_clipped(dtype):
    picture = torch.tensor(
        [[[-0.3, 0.0, 0.499 / 255], [100.4 / 255, 254.6 / 255, 1.7]]], dtype=dtype, requires_grad=True
    )
    pixels = pixels_of(picture.expand(3, -1, -1))
    assert pixels.dtype == np.uint8
    assert pixels.shape == (2, 3, 3)
    assert pixels[..., 1].tolist() == [[0, 0, 0], [100, 255, 255]]
