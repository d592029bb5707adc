"""A small set made as Köhler's was: photographs played back along random camera paths of six degrees of freedom."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deblur_lightning.data.checks import check_seed
from deblur_lightning.data.kohler.files import SAMPLE_NOTE
from deblur_lightning.texts import read_json
from deblur_lightning.whole_file import whole_folder

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
"""Colour photographs in scikit-image's wheel, one for each image of the benchmark."""

REACH = (5.0, 5.0, 0.015, 2.0, 2.0, 0.01)
"""How far a path goes: pitch and yaw in pixels at the centre, roll in radians, two translations in pixels, depth."""

FOCAL_LENGTH = 1.2  # in sides of the picture
MARGIN = 48
FORMAT = 1  # raise when the same settings make other pictures


def write_kohler_sample(
    root: Path | str,
    images: int = 2,
    trajectories: int = 3,
    frames: int = 25,
    size: int = 256,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> int:
    """Write a sample set in the benchmark's layout, whole or not at all; nothing if it is there already.

    A blurry shot is the mean of its sharp frames, in the same light, taken at a slightly different exposure and
    shifted by a fraction of a pixel, so that scoring has to find brightness and position.

    Args:
        root: the folder to make.
        images: photographs, at most 4.
        trajectories: camera paths per photograph, at most 12.
        frames: sharp frames per path.
        size: side of the square pictures, in pixels; at least 161, which the protocol needs.
        seed: of the paths.
        progress: takes the share done, 0 to 1.

    Returns:
        Number of blurry shots.

    Raises:
        ValueError: a number out of range.
        FileExistsError: the folder holds something else.
    """
    root = Path(root).expanduser()
    for what, number, least, most in (
        ("images", images, 1, 4),
        ("trajectories", trajectories, 1, 12),
        ("frames", frames, 2, 199),
        ("size", size, 161, 4096),
    ):
        if not least <= number <= most:
            raise ValueError(f"{what} is {number}, but {least} to {most} can be made. Choose from these.")
    check_seed(seed)
    settings = {"format": FORMAT, "images": images, "trajectories": trajectories, "frames": frames}
    settings |= {"size": size, "seed": seed}
    note = root / SAMPLE_NOTE
    if note.is_file() and read_json(note, "Remove the folder, or name another.") == settings:
        return images * trajectories
    with whole_folder(root) as part:
        for image in range(1, images + 1):
            photo = _photograph(PHOTOGRAPHS[image - 1], size + MARGIN)
            for kernel in range(1, trajectories + 1):
                progress((image - 1 + (kernel - 1) / trajectories) / images)
                generator = np.random.default_rng((seed, image, kernel))
                blurry, sharp = shoot(photo, frames, size, generator)
                _save(part / "BlurryImages" / f"Blurry{image}_{kernel}.png", blurry)
                for number, frame in enumerate(sharp, start=1):
                    name = f"GroundTruth{image}_{kernel}_{number}.png"
                    _save(part / f"Image{image}" / f"Kernel{kernel}" / name, frame)
        (part / SAMPLE_NOTE).write_text(json.dumps(settings), encoding="utf-8")
    return images * trajectories


def shoot(
    photo: NDArray[np.float32], frames: int, size: int, generator: np.random.Generator
) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]]]:
    """Take one shaken shot of a photograph on a wall, and the sharp frames along the camera's path.

    Args:
        photo: square, ``[side, side, 3]``, 0 to 255.
        frames: their number.
        size: side of the pictures, in pixels.
        generator: draws path, exposure and offset.

    Returns:
        The blurry shot and the frames, uint8 ``[size, size, 3]``.
    """
    path = camera_path(frames, generator)
    offset = generator.uniform(-0.5, 0.5, 2)
    exposure = generator.uniform(0.94, 1.06)
    sharp = [_bytes(_view(photo, pose, np.zeros(2), size)) for pose in path]
    beside = np.mean([_view(photo, pose, offset, size) for pose in path], axis=0)
    return _bytes(exposure * beside), sharp


def camera_path(frames: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Draw a smooth random path ``[frames, 6]``, in the units of `REACH`, its middle frame at rest.

    Each degree of freedom sums three slow waves, as a hand that tries to hold still.
    """
    time = np.linspace(0, 1, frames)[:, None, None]
    rate = 2 * math.pi * generator.uniform(0.1, 1.3, (3, 6))
    phase = generator.uniform(0, 2 * math.pi, (3, 6))
    waves = np.sin(rate * time + phase).mean(axis=1)
    return (waves - waves[frames // 2]) * np.array(REACH)


def _view(
    photo: NDArray[np.float32], pose: NDArray[np.float64], offset: NDArray[np.float64], size: int
) -> NDArray[np.float32]:
    """Look at the photograph from a pose: the plane's homography, sampled bicubically."""
    import cv2

    pitch, yaw, roll, right, down, nearer = pose
    focal = FOCAL_LENGTH * size
    turn = _rotation(0, pitch / focal) @ _rotation(1, yaw / focal) @ _rotation(2, roll)
    turn[:, 2] += right / focal, down / focal, nearer  # the wall is one unit away, its normal the axis
    centre, its_centre = (size - 1) / 2, (photo.shape[0] - 1) / 2
    from_pixel = np.array([[1, 0, offset[0] - centre], [0, 1, offset[1] - centre], [0, 0, focal]])
    to_photo = np.array([[focal, 0, its_centre], [0, focal, its_centre], [0, 0, 1]])
    return cv2.warpPerspective(
        photo,
        to_photo @ turn @ from_pixel,
        (size, size),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )  # type: ignore[return-value]


def _rotation(axis: int, angle: float) -> NDArray[np.float64]:
    turn = np.eye(3)
    first, second = (other for other in range(3) if other != axis)
    turn[first, first] = turn[second, second] = math.cos(angle)
    turn[first, second], turn[second, first] = -math.sin(angle), math.sin(angle)
    return turn


def _photograph(name: str, side: int) -> NDArray[np.float32]:
    """Cut the middle square of a photograph and scale it."""
    from skimage import data

    picture = Image.fromarray(getattr(data, name)())
    least = min(picture.size)
    left, top = ((extent - least) // 2 for extent in picture.size)
    square = picture.crop((left, top, left + least, top + least)).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(square, dtype=np.float32)


def _bytes(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _save(path: Path, picture: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
