"""Procedural scenes: dead leaves, shapes of all sizes that cover each other (Lee, Mumford and Huang 2001)."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deblur_lightning.data.checks import check_seed
from deblur_lightning.data.frames import Frame
from deblur_lightning.data.scenes.decoys import draw_decoys
from deblur_lightning.data.scenes.objects import outline_of
from deblur_lightning.data.scenes.photo_scenes import SOFTNESS, PhotoScenes
from deblur_lightning.data.scenes.sources import DrawScene, SceneSource, Split

SPLITS = {"train": 0, "val": 1, "test": 2}
OUTLINES = 200  # as many shapes in one picture
SMALLEST = 3.0  # pixels of radius
TEXTURED = 8.0  # pixels of radius from which a leaf is more than one colour
FINE = 2  # drawn so many times larger, then averaged: edges as smooth as a lens draws them


class DeadLeaves(SceneSource):
    """Shapes with power-law sizes, colours and textures that hide each other, as things in the world do.

    Pictures are drawn when first needed, one from each seed, and kept; scenes are windows of them at any scale,
    turned, mirrored and recoloured. Up to ``max_objects`` more leaves, filled with another part of the picture, move.

    Args:
        weight: how often it is drawn from, relative to the other sources.
        pictures: how many there are in each split (0.4 s and 1 MB each, in every loading process).
        seed: of the pictures.
        side: of each picture, in pixels; a larger scene makes it larger.
        softness: largest blur of focus given to every other scene, in pixels, see `PhotoScenes`.
        decoys: instead make most scenes look as if they had moved, see `decoy`.
        smallest: range of the smallest leaves' radius, in pixels; each picture has its own. Pictures of large leaves
            alone show few edges, as photographs with shallow focus do.
    """

    name = "dead-leaves"

    def __init__(
        self,
        weight: float = 1.0,
        pictures: int = 16,
        seed: int = 0,
        side: int = 512,
        softness: float = SOFTNESS,
        decoys: bool = False,
        smallest: tuple[float, float] = (SMALLEST, SMALLEST),
    ) -> None:
        if not pictures >= 1:
            raise ValueError(f"pictures is {pictures}, but scenes are cut from pictures. Pass at least 1.")
        check_seed(seed)
        if not 1 <= smallest[0] <= smallest[1] < math.inf:
            raise ValueError(f"smallest is {tuple(smallest)}, but it is a range of radii. Order it, from 1 on.")
        self.weight, self.pictures, self.seed, self.side = weight, pictures, seed, side
        self.softness, self.decoys, self.smallest = softness, decoys, smallest

    def open(self, split: Split, size: int, max_objects: int) -> DrawScene:
        side = max(self.side, size)
        seeds = [(self.seed, SPLITS[split], number) for number in range(self.pictures)]
        leaves = [LeafPicture(side, seed, self.smallest) for seed in seeds]
        draw = PhotoScenes(leaves, size, max_objects, softness=0.0 if self.decoys else self.softness)
        return draw_decoys(draw) if self.decoys else draw


class LeafPicture:
    """One picture of dead leaves, drawn when first read."""

    def __init__(self, side: int, seed: tuple[int, ...], smallest: tuple[float, float] = (SMALLEST, SMALLEST)) -> None:
        self.side, self.seed, self.smallest, self.name = side, seed, smallest, f"leaves-{seed[-1]}"
        self._frame: Frame | None = None

    def read(self) -> tuple[Frame, None]:
        """Return the pixels; dead leaves have no segmentation beside the blobs that are laid on them."""
        if self._frame is None:
            share = np.random.default_rng((*self.seed, 1)).random()  # not of the generator that draws the leaves
            radius = self.smallest[0] * (self.smallest[1] / self.smallest[0]) ** share
            self._frame = dead_leaves(self.side, np.random.default_rng(self.seed), radius)
        return self._frame, None


def dead_leaves(side: int, generator: np.random.Generator, smallest: float = SMALLEST) -> Frame:
    """Draw leaves over each other until the ground is covered.

    Args:
        side: of the picture, in pixels.
        generator: the source of all randomness.
        smallest: radius of the smallest leaf, in pixels; the largest has a quarter of ``side``. Between them the
            density falls with the cube of the radius, so that every scale covers the same area.

    Returns:
        ``[side, side, 3]``, display values.
    """
    largest = max(side / 4, 2 * smallest)
    palette = _palette(generator)
    outlines = [outline_of(generator) * FINE for _ in range(OUTLINES)]
    picture = Image.fromarray(_texture(side * FINE, side * FINE, palette, generator))
    painter = ImageDraw.Draw(picture)
    area, covered = 0.0, 5.0 * side * side  # five layers on average leave e^-5 of the ground in sight
    while area < covered:
        share = generator.random()
        radius = (share * largest**-2 + (1 - share) * smallest**-2) ** -0.5
        outline = outlines[generator.integers(OUTLINES)] * radius
        centre = generator.uniform(-radius, side + radius, 2) * FINE
        if radius < TEXTURED:
            red, green, blue = np.clip(_colour(palette, generator), 0, 255).astype(int).tolist()
            painter.polygon((outline + centre).ravel().tolist(), fill=(red, green, blue))
        else:
            low = outline.min(0)
            width, height = (int(length) for length in np.ceil(outline.max(0) - low) + 1)
            mask = Image.new("1", (width, height))
            ImageDraw.Draw(mask).polygon((outline - low).ravel().tolist(), fill=1)
            left, top = (int(edge) for edge in centre + low)
            picture.paste(Image.fromarray(_texture(height, width, palette, generator)), (left, top), mask)
        area += math.pi * radius**2
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX))


def _palette(generator: np.random.Generator) -> NDArray[np.float64]:
    """Draw the colours of one picture, ``[P, 3]`` in 0 to 255: related hues, any brightness, as under one light."""
    light = generator.uniform(0.8, 1.2, 3)
    gray = generator.beta(1.1, 1.4, (24, 1))
    tint = generator.normal(0, 0.12, (24, 3)) * generator.uniform(0, 2)
    return np.clip((gray + tint * (0.3 + gray)) * light, 0, 1) * 255


def _colour(palette: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    return palette[generator.integers(len(palette))] * generator.uniform(0.85, 1.15)


def _texture(height: int, width: int, palette: NDArray[np.float64], generator: np.random.Generator) -> Frame:
    """Paint a rectangle: plain, shaded, striped, or rough."""
    colour = _colour(palette, generator)
    kind = generator.choice(4, p=(0.3, 0.25, 0.2, 0.25))
    down, across = np.ogrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    if kind == 0:
        return np.broadcast_to(np.clip(colour, 0, 255).astype(np.uint8), (height, width, 3))
    other = palette[generator.integers(len(palette))]
    angle = generator.uniform(0, 2 * math.pi)
    if kind == 1:
        share = np.broadcast_to(
            0.5 + 0.35 * (math.cos(angle) * (2 * across - 1) + math.sin(angle) * (2 * down - 1)), (height, width)
        )
    elif kind == 2:
        period = math.exp(generator.uniform(math.log(4 * FINE), math.log(24 * FINE)))
        phase = (math.cos(angle) * across * width + math.sin(angle) * down * height) * 2 * math.pi / period
        share = 0.3 + 0.3 * np.sin(phase)
    else:
        cell = int(generator.integers(1, 6)) * FINE
        rough = generator.random((height // cell + 1, width // cell + 1), dtype=np.float32)
        share = 0.6 * np.asarray(Image.fromarray(rough).resize((width, height), Image.Resampling.BILINEAR))
    mixed = colour + share[..., None] * (other - colour)
    return np.clip(mixed, 0, 255).astype(np.uint8)
