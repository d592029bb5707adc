"""The photographs that scikit-image is installed with: nothing to download."""

from functools import cache

import numpy as np

from deblur_lightning.data.frames import Frame
from deblur_lightning.data.scenes.decoys import draw_decoys
from deblur_lightning.data.scenes.photo_scenes import SOFTNESS, Objects, PhotoScenes
from deblur_lightning.data.scenes.sources import DrawScene, SceneSource, Split

WHEEL_PHOTOS: dict[Split, tuple[str, ...]] = {
    "train": (
        "stereo_motorcycle", "camera", "hubble_deep_field", "retina", "immunohistochemistry", "brick", "grass",
        "gravel", "coins", "moon", "page",
    ),
    "val": ("rocket",),
    "test": ("astronaut", "chelsea", "coffee"),
}  # fmt: skip
"""scikit-image's names. What the benchmarks show, training never sees."""


@cache
def wheel_photo(name: str) -> Frame:
    """Load one of scikit-image's photographs, ``[H, W, 3]``; gray ones in three equal channels."""
    import skimage.data

    loaded = getattr(skimage.data, name)()
    photo = np.asarray(loaded[0] if isinstance(loaded, tuple) else loaded)  # a stereo pair's left picture
    return np.ascontiguousarray(np.dstack([photo] * 3) if photo.ndim == 2 else photo[..., :3])


class WheelPhoto:
    """One of them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self) -> tuple[Frame, None]:
        """Return the pixels; there is no segmentation."""
        return wheel_photo(self.name), None


class WheelPhotos(SceneSource):
    """scikit-image's photographs; ``astronaut``, ``chelsea`` and ``coffee`` test, ``rocket`` validates.

    Args:
        weight: how often it is drawn from, relative to the other sources.
        objects: ``blobs`` filled with another part of the photo, or ``none``.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
        decoys: instead make most scenes look as if they had moved, see `decoy`.
    """

    name = "wheel"

    def __init__(
        self, weight: float = 1.0, objects: Objects = "blobs", softness: float = SOFTNESS, decoys: bool = False
    ) -> None:
        self.weight, self.objects, self.softness, self.decoys = weight, objects, softness, decoys

    def open(self, split: Split, size: int, max_objects: int) -> DrawScene:
        sides = {name: min(wheel_photo(name).shape[:2]) for name in WHEEL_PHOTOS[split]}
        photos = [WheelPhoto(name) for name, side in sides.items() if side >= size]
        if not photos:
            raise ValueError(
                f"scenes are {size} x {size} (crop_size + kernel_size - 1), but the largest {split} photo of "
                f"scikit-image allows {max(sides.values())}. Lower crop_size, or pass other sources."
            )
        draw = PhotoScenes(photos, size, max_objects, self.objects, softness=0.0 if self.decoys else self.softness)
        return draw_decoys(draw) if self.decoys else draw
