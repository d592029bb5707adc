"""Makes the GoPro-like sample set and tells what it holds."""

from pathlib import Path

from deblur_lightning.data.pairs.gopro_sample import write_gopro_sample


def sample_gopro(root: Path, frames: int, size: tuple[int, int], seed: int) -> str:
    """Write the sample set.

    Args:
        root: the folder to make.
        frames: pairs a sequence.
        size: width and height of a frame, in pixels.
        seed: of the camera's paths.

    Returns:
        What to tell the user.
    """
    counts = write_gopro_sample(root, frames, *size, seed=seed)
    return f"{root}: {counts['train']} training and {counts['test']} test pairs of {size[0]} x {size[1]}."
