"""SyntheticBlurDataModule: the paper's training data, made on the fly from sources chosen in YAML."""

from deblur_lightning.data.scenes.scene_module import Samples, SceneDataModule
from deblur_lightning.data.scenes.sensor import PaperSensor
from deblur_lightning.data.scenes.sources import MixedScenes, SceneSource
from deblur_lightning.data.scenes.synthetic import SyntheticBlur


class SyntheticBlurDataModule(SceneDataModule[SyntheticBlur]):
    """Blurry crops with their motion field; the defaults are the paper's recipe on scenes that need no download.

    Background and up to three objects, each with a 33 x 33 camera-shake kernel; gamma 2.2; light times 1 to 3, so that
    the sensor saturates; noise; 8 bits. The crop, the batch and the noise level are ours: the paper has none of them.
    Training makes new samples each epoch; validation and test samples are always the same, from pictures of their own.

    Args:
        sources: kinds of scenes, mixed by their weights; None for dead leaves and scikit-image's photographs.
        sensor: how pictures are taken.
        crop_size: side of ``blurry`` and ``sharp``, in pixels.
        kernel_size: side K of the kernels, odd.
        max_objects: moving objects besides the background, 0 for camera shake alone.
        extent: range of the kernels' sides, in pixels, ``[0, K - 1]`` for anything from none to filling the kernel;
            None for the lengths that the shake process gives.
        samples: how many crops.
        batch_size: crops per step and process.
        num_workers: loading processes per split; samples do not depend on it.
        seed: of everything.
    """

    def __init__(
        self,
        sources: list[SceneSource] | None = None,
        sensor: PaperSensor = PaperSensor(),  # noqa: B008 - frozen
        crop_size: int = 256,
        kernel_size: int = 33,
        max_objects: int = 3,
        extent: tuple[float, float] | None = None,
        samples: Samples = Samples(),  # noqa: B008 - frozen
        batch_size: int = 8,
        num_workers: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__(sources, crop_size, kernel_size, max_objects, samples, batch_size, num_workers, seed)
        self.sensor, self.extent = sensor, extent
        if extent is not None and not 0 <= extent[0] <= extent[1] <= kernel_size - 1:
            raise ValueError(
                f"extent is {tuple(extent)}, but kernels of {kernel_size} hold 0 to {kernel_size - 1}. "
                "Order it within those."
            )

    def blurred(self, scenes: MixedScenes, length: int, seed: tuple[int, ...]) -> SyntheticBlur:
        return SyntheticBlur(
            scenes,
            self.sensor,
            length=length,
            crop_size=self.crop_size,
            kernel_size=self.kernel_size,
            max_objects=self.max_objects,
            extent=self.extent,
            seed=seed,
        )
