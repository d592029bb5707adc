"""BlindEstimator: the motion field from the photo itself, without a network."""

import torch
from torch import Tensor, nn

from deblur_lightning.estimation import (
    Found,
    Tell,
    drawn_field,
    everywhere,
    find_motion,
    least_side,
    refined_kernel,
)
from deblur_lightning.field import KernelField, delta_field, stack_fields
from deblur_lightning.networks import KernelRefiner
from deblur_lightning.side_by_side import one_core


class BlindEstimator(nn.Module):
    """Stands where a network would: maps linear light to a motion field, by `find_motion`; ours.

    Args:
        kernel_size: side K of the kernels, in pixels, odd and at least 5.
        refiner: improves one kernel of a whole photo, where a network tells what it sees of it (`find`).

    Raises:
        ValueError: a refiner of kernels of another size.
    """

    def __init__(self, kernel_size: int = 33, refiner: KernelRefiner | None = None) -> None:
        super().__init__()
        if refiner is not None and refiner.kernel_size != kernel_size:
            raise ValueError(
                f"the refiner has a kernel_size of {refiner.kernel_size}, but the estimator's is {kernel_size}. "
                "Pass one for both."
            )
        self.kernel_size, self.refiner = kernel_size, refiner

    @torch.no_grad()
    def forward(self, light: Tensor) -> KernelField:
        """Estimate the field of pictures, but for what lights drew, which `drawn` reads.

        Args:
            light: ``[N, 3 or 1, H, W]``, linear light minus 0.5.

        Returns:
            The field. Pictures smaller than `least_side` show too little: theirs is no motion.
        """
        return stack_fields([self.find(one).field for one in (light + 0.5).split(1)])

    def find(self, light: Tensor, tell: Tell | None = None) -> Found:
        """Estimate the field of one picture, with what tells how sure it is; see `forward`.

        Args:
            light: ``[1, 3 or 1, H, W]``, linear light in [0, 1].
            tell: gives the refiner what a network sees; None leaves kernels as they were found.
        """
        found = self.look(light)
        return found._replace(field=self.refined(light, found, tell))

    def look(self, light: Tensor) -> Found:
        """Find the motion of one picture, see `find`, without the refiner."""
        if not self.sees(light):
            return Found(delta_field(light, self.kernel_size))
        return find_motion(light.clamp(0, 1), gamma=1.0, kernel_size=self.kernel_size, lights=False)

    @torch.no_grad()
    def refined(self, light: Tensor, found: Found, tell: Tell | None) -> KernelField:
        """Give the field that was found of one picture; its one kernel, if it has one, improved by the refiner."""
        if self.refiner is None or tell is None or not found.attempts:
            return found.field
        with one_core():
            kernel = refined_kernel(light[0].float().clamp(0, 1).cpu(), found.attempts, self.refiner, tell)
        return everywhere(kernel, light)

    @torch.no_grad()
    def drawn(self, light: Tensor) -> KernelField | None:
        """Read the field of a picture off its streaks of light, see `drawn_field`.

        Args:
            light: ``[1, 3 or 1, H, W]``, as of `find`.

        Returns:
            Its one kernel; None where nothing was drawn.
        """
        with one_core():
            field = drawn_field(light[0].float().clamp(0, 1).cpu(), self.kernel_size)
        return None if field is None else field.to(light.device)

    def sees(self, pictures: Tensor) -> bool:
        """Tell whether pictures ``[..., H, W]`` are large enough for their motion to be looked for."""
        return min(pictures.shape[-2:]) >= least_side(self.kernel_size)
