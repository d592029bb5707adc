"""What each of several motion fields makes of a picture, for a network to judge."""

import torch
from torch import Tensor

from deblur_lightning.estimation import LocalEvidence
from deblur_lightning.estimation.kernel_shape import no_blur
from deblur_lightning.field import KernelField
from deblur_lightning.networks.candidate_scores import CELL, Looks
from deblur_lightning.physics import BlurOperator, to_display, to_linear
from deblur_lightning.restoration import richardson_lucy

UPDATES = 10  # of Richardson-Lucy: enough to show what is wrong
STRIDE = 16  # pixels from window to window of evidence


@torch.no_grad()
def looks_of(blurry: Tensor, fields: list[KernelField]) -> Looks:
    """Look at a picture through several fields, and first through none.

    Args:
        blurry: ``[1, 3, H, W]`` in [0, 1], display values, sides that 4 divides.
        fields: of the picture, C - 1.

    Returns:
        Of one picture and C candidates, no motion first.
    """
    light = to_linear(blurry)[0].mean(0)
    weighing = LocalEvidence(light, STRIDE)
    still = weighing.of(no_blur(fields[0].basis[0, 0])[None])[0]
    restored, again, evidence = [blurry], [blurry], [torch.zeros_like(light)]
    for field in fields:
        picture = richardson_lucy(blurry, field, UPDATES)
        blurred = BlurOperator(field, "replicate", check_values=False).blur(to_linear(picture))
        likelier = weighing.of(field.basis[0])[0] if field.basis.shape[1] == 1 else weighing.of_field(field)
        restored.append(picture)
        again.append(to_display(blurred).clamp(0, 1))
        evidence.append(weighing.spread(likelier - still))
    cells = torch.stack(evidence)[:, CELL // 2 :: CELL, CELL // 2 :: CELL]
    return Looks(torch.cat(restored)[None], torch.cat(again)[None], cells[None])
