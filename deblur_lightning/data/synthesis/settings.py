"""What pairs are made with: all that decides their pixels, but the photographs."""

from dataclasses import asdict, dataclass
from typing import Literal, get_args

from deblur_lightning.data.checks import check_noise, check_seed
from deblur_lightning.data.scenes.hard_motion import Kind
from deblur_lightning.physics import check_gamma

KindOrMix = Literal["turning", "objects", "still", "mix"]


@dataclass(frozen=True)
class Blurring:
    """How windows of photographs are blurred.

    Attributes:
        kind: of motion, as in `deblur benchmark`; ``mix`` draws one for each pair.
        size: side of the pictures, in pixels.
        kernel_size: side K of the kernels, in pixels, odd.
        noise: standard deviation at full well, of linear light; see `expose`.
        gamma: display to linear light.
        seed: of everything.
    """

    kind: KindOrMix = "mix"
    size: int = 256
    kernel_size: int = 33
    noise: float = 0.01
    gamma: float = 2.2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(KindOrMix):
            raise ValueError(f"kind is {self.kind}, but there are {', '.join(get_args(Kind))} and mix. Pass one.")
        if self.kernel_size < 3 or self.kernel_size % 2 == 0:
            raise ValueError(
                f"kernel_size is {self.kernel_size}, but a kernel needs a central pixel and others around it. "
                f"Pass {max(3, self.kernel_size | 1)}."
            )
        if not self.size >= 32:
            raise ValueError(f"size is {self.size}, but networks need 32 pixels. Pass 32 or more.")
        check_noise(self.noise)
        check_seed(self.seed)
        check_gamma(self.gamma)

    @property
    def scene_size(self) -> int:
        """Side of a scene: the picture, and what light reaches it from around it."""
        return self.size + self.kernel_size - 1

    def settings(self) -> dict[str, str | int | float]:
        """List them for a file."""
        return asdict(self)
