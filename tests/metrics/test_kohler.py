import numpy as np
import pytest
import torch
from kohler_protocol import score_frame

from deblur_lightning.metrics import kohler_score, kohler_scores
from deblur_lightning.metrics.msssim import moments, ms_ssim


def scene(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A smooth random colour picture with an edge."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (height // 8 + 2, width // 8 + 2, 3))
    picture = coarse.repeat(8, 0).repeat(8, 1)[3 : height + 3, 5 : width + 5]
    picture = (picture + np.roll(picture, 3, 0) + np.roll(picture, 2, 1)) / 3 + rng.normal(0, 2, picture.shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def agree(restored: np.ndarray, frames: list[np.ndarray]) -> None:
    result = kohler_score(restored, iter(frames))
    rows = [score_frame(restored, frame) for frame in frames]
    np.testing.assert_array_equal(result.shifts, [shift for *_, shift in rows])
    np.testing.assert_allclose(result.frame_psnr, [psnr for psnr, *_ in rows], rtol=0, atol=1e-9)
    np.testing.assert_allclose(result.frame_mssim, [mssim for _, mssim, _ in rows], rtol=0, atol=1e-11)
    assert result.psnr == result.frame_psnr.max() == result.frame_psnr[result.psnr_frame]
    assert result.mssim == result.frame_mssim.max() == result.frame_mssim[result.mssim_frame]


@pytest.mark.parametrize("size", [(161, 170), (177, 163), (200, 211), (192, 164)])
def test_unrelated_pictures_score_as_the_protocol_says_step_by_step(size: tuple[int, int]) -> None:
    agree(scene(*size, seed=1), [scene(*size, seed=2), scene(*size, seed=3)])


@pytest.mark.parametrize("shift", [(0, 0), (7, 0), (-7, 0), (0, 6), (0, -6), (5, -9), (-4, 11)])
def test_shifted_pictures_are_registered_in_every_direction(shift: tuple[int, int]) -> None:
    frame = scene(170, 181)
    restored = np.roll(frame, (-shift[0], -shift[1]), (0, 1))
    noisy = np.clip(restored + np.random.default_rng(1).normal(0, 5, frame.shape), 0, 255).astype(np.uint8)
    agree(noisy, [frame])
    assert tuple(kohler_score(noisy, [frame]).shifts[0]) == shift


@pytest.mark.parametrize("gain", [0.3, 0.8, 1.1])
def test_brightness_is_matched_before_registration(gain: float) -> None:
    frame = scene(165, 172)
    dimmed = np.clip(np.rint(gain * frame * 0.9), 0, 255).astype(np.uint8)
    agree(np.roll(dimmed, (2, -3), (0, 1)), [frame])


def test_white_noise_scores_as_the_modulus_of_the_complex_formula() -> None:
    rng = np.random.default_rng(4)
    agree(*(lambda z, *x: (z, list(x)))(*rng.integers(0, 256, (3, 162, 165, 3), dtype=np.uint8)))


def test_an_even_side_wraps_its_middle_index_and_an_odd_one_does_not() -> None:
    for size, middle in ((162, -81), (163, -82)):
        frame, restored = np.full((2, size, 164, 3), 10, dtype=np.uint8)
        frame[81, 20:40], restored[0, 20:40] = 250, 250
        assert kohler_score(restored, [frame]).shifts[0, 0] == middle
    frame, restored = np.full((2, 163, 164, 3), 10, dtype=np.uint8)
    frame[80, 20:40], restored[0, 20:40] = 250, 250
    assert kohler_score(restored, [frame]).shifts[0, 0] == 80


def test_of_equal_peaks_the_first_in_column_major_order_wins() -> None:
    flat = np.full((162, 163, 3), 90, dtype=np.uint8)
    np.testing.assert_array_equal(kohler_score(flat, [flat]).shifts, [[0, 0]])
    periodic = scene(162, 164)
    periodic[:, 82:] = periodic[:, :82]  # equal peaks at columns 0 and 82
    np.testing.assert_array_equal(kohler_score(np.roll(periodic, 9, 1), [periodic]).shifts, [[0, 73]])
    chequered = np.full((162, 164, 3), 40, dtype=np.uint8)
    chequered[::2, ::2] = chequered[1::2, 1::2] = 200
    moved = np.roll(chequered, 1, 0)  # equal peaks at every (odd, even) and (even, odd) shift: (1, 0) is first
    np.testing.assert_array_equal(kohler_score(moved, [chequered]).shifts, [[1, 0]])


def test_an_equal_frame_has_infinite_psnr_and_wins() -> None:
    frames = [scene(162, 165, seed) for seed in range(3)]
    result = kohler_score(frames[1], frames)
    assert (result.psnr, result.psnr_frame, result.mssim_frame) == (np.inf, 1, 1)
    assert result.mssim == pytest.approx(1, abs=1e-12)


def test_several_methods_at_once_score_as_each_alone_whatever_the_number_of_workers() -> None:
    frames = [np.roll(scene(166, 163), (step, -step), (0, 1)) for step in range(6)]
    methods = [scene(166, 163), np.roll(frames[3], 2, 0), scene(166, 163, 5)]
    for workers in (1, 3):
        for together, method in zip(kohler_scores(methods, frames, workers=workers), methods, strict=True):
            alone = kohler_score(method, frames, workers=1)
            for one, other in zip(together, alone, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-12)


def test_floats_are_rounded_as_a_png_would_and_tensors_are_taken() -> None:
    restored, frame = scene(162, 163, 1), scene(162, 163, 2)
    expected = kohler_score(restored, [frame])
    floats = torch.from_numpy(restored) / 255 + 0.0019
    for same in (torch.from_numpy(restored), restored / 255.0, floats, floats.double().numpy()):
        assert kohler_score(same, [torch.from_numpy(frame)]).psnr == expected.psnr


def test_frames_are_streamed() -> None:
    alive, most = [0], [0]

    class Counted(np.ndarray):
        def __del__(self) -> None:
            alive[0] -= 1

    def stream():
        for seed in range(25):
            alive[0] += 1
            most[0] = max(most[0], alive[0])
            yield scene(161, 161, seed % 3).view(Counted)

    assert len(kohler_score(scene(161, 161), stream(), workers=1).frame_psnr) == 25
    assert most[0] < 10


@pytest.mark.parametrize(
    ("restored", "frames", "message"),
    [
        (np.zeros((162, 163, 3), np.uint8), [scene(162, 163)], "restored is black.*Look at how it was restored"),
        (scene(162, 163), [np.zeros((162, 163, 3), np.uint8)], r"frames\[0\] is black.*Fetch"),
        (scene(162, 163), [], "frames holds 0 pictures.*Pass at least one"),
        (scene(162, 163), [scene(162, 163), scene(163, 162)], r"frames\[1\] is 163 x 162.*frames' size"),
        (scene(162, 163)[..., 0], [], "Pass restored as RGB"),
        (scene(162, 163).transpose(2, 0, 1), [], "Move the channels last"),
        (scene(162, 163).astype(np.uint16), [], "uint16, but 8 bits are scored"),
        (scene(162, 163).astype(np.float32), [], "floats lie in .*Rescale"),
        (np.full((162, 163, 3), np.nan), [], "nan.*floats lie in"),
        (scene(160, 163), [], "160 x 163, but the five scales.*Score larger"),
    ],
)
def test_what_cannot_be_scored_is_said(restored: np.ndarray, frames: list[np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kohler_score(restored, frames)


def test_pictures_that_share_no_light_in_any_colour_are_named() -> None:
    red, blue = (np.eye(3, dtype=np.uint8)[colour] * scene(162, 163) for colour in (0, 2))
    with pytest.raises(ValueError, match=r"mine\.png has no light where a sharp frame has some.*Look at how"):
        kohler_scores([scene(162, 163), red], [blue], names=["other.png", "mine.png"])


def test_a_number_of_threads_that_is_none_is_said() -> None:
    for workers in (0, -1):
        with pytest.raises(ValueError, match=f"workers is {workers}, but it counts threads. Pass 1 or more"):
            kohler_score(scene(162, 163), [scene(162, 163)], workers=workers)


def test_ms_ssim_of_a_brighter_picture_needs_no_new_moments() -> None:
    first, second = (scene(170, 165, seed)[..., 1].astype(float) for seed in (1, 2))
    assert ms_ssim(moments(first), moments(second), 0.7) == pytest.approx(
        ms_ssim(moments(first), moments(0.7 * second)), abs=1e-12
    )


def test_ms_ssim_of_a_small_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="five scales need 161"):
        moments(np.ones((160, 400)))


def test_ms_ssim_needs_light() -> None:
    picture = moments(scene(161, 161)[..., 0].astype(float))
    with pytest.raises(ValueError, match=r"gain is 0.*positive"):
        ms_ssim(picture, picture, 0)


def test_no_restored_picture_is_said():
    with pytest.raises(ValueError, match="restored holds 0 pictures"):
        kohler_scores([], [])
