"""How results are named and stored, where users ask for more than the photo's own name and format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deblur_lightning.photos.formats import WRITTEN, format_of_name
from deblur_lightning.photos.heic import enable_heic
from deblur_lightning.sentences import count_of

if TYPE_CHECKING:
    from deblur_lightning.commands._photo_paths import PhotoPlan
    from deblur_lightning.photos import PhotoRecord


@dataclass(frozen=True)
class ResultFiles:
    """What results are called and how they are stored.

    Attributes:
        suffix: what stands behind the photo's name, before the dot: ``_sharp`` makes ``photo_sharp.jpg``.
        format: what all results are written in, as people type it (jpg, png, heic); None is each photo's own.
        quality: of formats that have one, 1 to 100; None is their usual.

    Raises:
        ValueError: a suffix that names a folder, or a format that is not written or has no quality.
    """

    suffix: str = ""
    format: str | None = None
    quality: int | None = None

    def __post_init__(self) -> None:
        if any(sign in self.suffix for sign in "/\\\0"):
            raise ValueError(f"--suffix is {self.suffix}, but it is a part of a name. Choose folders by --output.")
        if self.format is None:
            return
        if self.format_name is None:
            written = ", ".join(one.suffixes[0].removeprefix(".") for one in WRITTEN.values())
            raise ValueError(f"--format is {self.format}, but photos are written as {written}. Choose one of these.")
        self._check(self.format_name, f"--format {self.format}")

    @property
    def format_name(self) -> str | None:
        """Pillow's name of the format."""
        return None if self.format is None else format_of_name(Path(f"photo.{self.format.removeprefix('.')}"))

    def _check(self, format_name: str, asked: str) -> None:
        if self.quality is not None and not WRITTEN[format_name].quality:
            raise ValueError(f"--quality is {self.quality}, but {asked} has none. Leave out --quality.")
        if format_name == "HEIF":
            enable_heic()

    def apply(self, plan: PhotoPlan) -> list[str]:
        """Rename a plan's results; photos that are results of others in it leave it.

        With a suffix, results may stand beside their photos. A folder's next run would find them there.

        Returns:
            What is to be said of that, a line each.

        Raises:
            ValueError: the one result was named by the user, and that name does not fit.
        """
        if plan.exact:
            for _, output in plan.pairs:
                self._check_named(output)
            return []
        if not self.suffix:
            return []
        named = [(source, to.with_name(f"{to.stem}{self.suffix}{to.suffix}")) for source, to in plan.pairs]
        results = {to.absolute() for _, to in named}  # a_sharp.png: of a_sharp.png.jpg, where there is a_sharp.jpg too
        results |= {to.with_suffix("") for to in results}
        plan.pairs = [(source, to) for source, to in named if source.absolute().with_suffix("") not in results]
        if not (left_out := len(named) - len(plan.pairs)):
            return []
        return [f"passed over {count_of(left_out, 'result')} of an earlier run, named …{self.suffix}"]

    def _check_named(self, output: Path) -> None:
        if self.suffix:
            raise ValueError(f"--output is {output}, which names the result already. Leave out --suffix.")
        format_name = format_of_name(output)
        if self.format_name is not None and format_name != self.format_name:
            raise ValueError(f"--output is {output}, but --format is {self.format}. Leave out one of them.")
        if format_name is not None:
            self._check(format_name, str(output))

    def record(self, record: PhotoRecord) -> PhotoRecord:
        """Return a photo's record as results are to be written."""
        return replace(record, format=self.format_name or record.format, quality=self.quality)
