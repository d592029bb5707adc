"""Synthetic samples of 256 x 256 with 33 x 33 kernels and decoded photos, beside one kernel and one layer at a time."""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.signal import fftconvolve

from benchmarks.comparison import Case
from benchmarks.plain_shake import plain_kernel
from deblur_lightning.data import MixedScenes, Scene, SyntheticBlur, WheelPhotos
from deblur_lightning.data.scenes.sources import DrawScene

BATCH = 16


def cases() -> Iterator[Case]:
    """Three objects in every scene, then up to three as in training; 16 samples each."""
    draw = WheelPhotos().open("train", 288, 3)
    scenes = [draw(np.random.default_rng(seed)) for seed in range(500)]
    full = [scene for scene in scenes if len(np.unique(scene.labels)) == 4]
    for task, source in (("blur alone, 3 objects", Ready(full)), ("photo to sample, up to 3 objects", draw)):
        samples = SyntheticBlur(MixedScenes([source], [1.0], ["photo"]), length=BATCH, crop_size=256)
        yield Case(
            f"{task}, {BATCH} samples",
            {
                "one layer at a time": partial(plain_samples, source),
                "SyntheticBlur": partial(samples.__getitems__, range(BATCH)),
            },
        )


class Ready:
    """Scenes drawn before."""

    def __init__(self, scenes: list[Scene]) -> None:
        self.scenes = scenes

    def __call__(self, random: np.random.Generator) -> Scene:
        """Choose one."""
        return self.scenes[random.integers(len(self.scenes))]


def plain_samples(draw: DrawScene) -> None:
    """Blur each layer and its mask with SciPy, and put them together."""
    random = np.random.default_rng(0)
    for _ in range(BATCH):
        photo, labels = draw(random)
        linear = (photo / 255) ** 2.2 * random.uniform(1, 3)
        light, total = np.zeros((256, 256, 3)), np.zeros((256, 256, 1))
        for layer in np.unique(labels):
            kernel = plain_kernel(random, 33)[::-1, ::-1]
            mask = fftconvolve(labels == layer, kernel, mode="valid").clip(0)[..., None]
            light += mask * fftconvolve(linear, kernel[..., None], mode="valid", axes=(0, 1))
            total += mask
        light = light / total.clip(1e-6)
        noisy = light + 0.01 * np.sqrt(light.clip(0, 1)) * random.standard_normal(light.shape)
        saturated = 1 - np.logaddexp(0, -50 * (noisy - 1)) / 50
        np.round(saturated.clip(0, 1) ** (1 / 2.2) * 255)
