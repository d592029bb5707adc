"""The path network: what it is shown, against loops, and the symmetries that it is trained by."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from deblur_lightning.networks import PathNetwork, path_features, reflections

SIZE = 9


@pytest.fixture
def light():
    return torch.rand(2, 3, 30, 41, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def literal(light, size, share):
    """One picture's features, pixel by pixel and with scipy."""
    gray, (height, width) = light.mean(0), light.shape[1:]
    maps = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        edges, counted = np.zeros((height, width)), np.zeros((height, width))
        for y in range(height - down):
            for x in range(max(-right, 0), width - max(right, 0)):
                edges[y, x] = gray[y + down, x + right] - gray[y, x]
                counted[y, x] = min(share[y + down, x + right], share[y, x])
        limited = counted * np.tanh(edges / (3 * (counted * np.abs(edges)).sum() / counted.sum()))
        repeats = []
        for left in (limited, limited**3):
            wide = np.pad(correlate2d(left, limited), size)
            rows, columns = (slice(side - 1 + 1, side - 1 + 2 * size) for side in limited.shape)
            cut = wide[rows, columns]
            repeats.append(cut / (cut[size - 1, size - 1] + 1e-3))
        maps.append((repeats[0], 3 * (repeats[1] - repeats[0])))
    maps = [one[order] for order in (0, 1) for one in maps]
    side = 2 * size - 1
    taper = np.hanning(side + 2)[1:-1]
    faded = sum(maps[:4]) * taper[:, None] * taper
    cepstrum = np.fft.ifft2(np.log(np.maximum(np.fft.fft2(np.fft.ifftshift(faded)).real, 1e-3))).real
    cepstrum = np.fft.fftshift(cepstrum)
    cepstrum[size - 1, size - 1] = 0
    maps.append(10 * cepstrum)
    margin = size // 2
    near = [one[margin:-margin, margin:-margin] for one in maps]
    far = np.zeros((9, size, size))
    for number, one in enumerate(maps):
        for y in range(size):
            for x in range(size):
                far[number, y, x] = one[max(2 * y - 1, 0) : 2 * y + 2, max(2 * x - 1, 0) : 2 * x + 2].mean()
    return np.concatenate((near, far))


def test_features_are_what_a_loop_finds(light):
    share = torch.rand(2, 30, 41, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = path_features(light, SIZE, share)
    for picture, own, maps in zip(light, share, found, strict=True):
        np.testing.assert_allclose(maps, literal(picture.numpy(), SIZE, own.numpy()), atol=1e-9)
    torch.testing.assert_close(path_features(light, SIZE), path_features(light, SIZE, torch.ones_like(share)))


def test_pixels_of_no_share_do_not_count(light):
    share, other = torch.zeros(2, 30, 41, dtype=torch.float64), light.clone()
    share[:, :, :25], other[:, :, :, 25:] = 1, 0.3
    torch.testing.assert_close(path_features(light, SIZE, share), path_features(other, SIZE, share))


def test_flat_pictures_and_empty_shares_stay_finite(light):
    assert path_features(torch.full_like(light, 0.3), SIZE).isfinite().all()
    assert path_features(light, SIZE, torch.zeros(2, 30, 41, dtype=torch.float64)).isfinite().all()


def test_reflections_are_the_features_of_reflected_pictures(light):
    kernels = torch.rand(2, SIZE, SIZE, dtype=torch.float64)
    features, turned = reflections(path_features(light, SIZE), kernels)
    pictures = (light, light.mT, light.flip(-1), light.mT.flip(-1))
    for part, picture in zip(features.chunk(4), pictures, strict=True):
        torch.testing.assert_close(part, path_features(picture, SIZE))
    for part, kernel in zip(turned.chunk(4), (kernels, kernels.mT, kernels.flip(-1), kernels.mT.flip(-1)), strict=True):
        assert torch.equal(part, kernel)


@pytest.mark.parametrize("size", [9, 15, 17, 33, 65])
def test_a_guess_is_a_kernel_of_every_size(size):
    torch.manual_seed(0)
    network = PathNetwork(size, 8).eval()
    guess = network.guess(torch.rand(50, 60))
    assert guess.shape == (size, size)
    assert guess.sum().item() == pytest.approx(1, abs=1e-5)
    assert (guess >= 0).all()


def test_bfloat16_pictures_and_weights_are_seen_in_float32():
    torch.manual_seed(0)
    light = torch.rand(1, 1, 50, 60).bfloat16()
    features = path_features(light, 9)
    torch.testing.assert_close(features, path_features(light.float(), 9), rtol=0, atol=0)
    network = PathNetwork(9, 8)
    drawn = network(features)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(path_features(light.float(), 9), features, rtol=0, atol=0)
        torch.testing.assert_close(network(features), drawn, atol=0.1, rtol=0.1)
    half = network.bfloat16()(features)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, drawn, atol=0.1, rtol=0.1)


def test_it_learns_paths_but_not_their_direction():
    """Two strokes and their reverses: what is learnt draws each path, though its direction is drawn by lot."""
    from deblur_lightning.losses import reversible_cross_entropy

    torch.manual_seed(0)
    strokes = torch.zeros(2, SIZE, SIZE)
    strokes[0, 4, 1:8] = torch.linspace(0.5, 0.05, 7)
    strokes[1, 1:8, 4] = torch.linspace(0.5, 0.05, 7)
    strokes /= strokes.sum(dim=(1, 2), keepdim=True)
    network = PathNetwork(SIZE, 8)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)

    def batch(count):
        kinds, ways = torch.randint(2, (2, count))
        kernels = torch.where(ways.bool().view(-1, 1, 1), strokes[kinds].flip(1, 2), strokes[kinds])
        points = (torch.rand(1, count, 48, 48) > 0.99).float()
        blurry = torch.nn.functional.conv2d(points, kernels[:, None], padding=4, groups=count)[0]
        return path_features(blurry[:, None], SIZE), kernels

    for _ in range(60):
        features, kernels = batch(16)
        loss = reversible_cross_entropy(network(features), kernels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    features, kernels = batch(64)
    with torch.no_grad():
        drawn = network(features).flatten(1).softmax(1).view_as(kernels)
    apart = torch.minimum((drawn - kernels).square().sum((1, 2)), (drawn - kernels.flip(1, 2)).square().sum((1, 2)))
    spot = (kernels + kernels.flip(1, 2)) / 2  # the best answer to a loss that does not forgive
    assert apart.mean() < 0.7 * (spot - kernels).square().sum((1, 2)).mean()


@pytest.mark.parametrize(("size", "width", "named"), [(9, 12, "width"), (8, 16, "kernel_size"), (7, 16, "kernel_")])
def test_other_shapes_are_named(size, width, named):
    with pytest.raises(ValueError, match=named):
        PathNetwork(size, width)
    with pytest.raises(ValueError, match="path_features"):
        PathNetwork(9, 8)(torch.zeros(1, 18, 17, 17))
