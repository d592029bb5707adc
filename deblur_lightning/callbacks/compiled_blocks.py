"""CompiledBlocks: a network's blocks as kernels of their own, for GPUs."""

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from deblur_lightning.networks.nafnet import NAFBlock

SHAPES = 64  # of one block's pictures: the stages, batches of several sizes, with gradients and without


class CompiledBlocks(Callback):
    """Have ``torch.compile`` fuse what each `NAFBlock` does: pays on GPUs, where its small steps wait for memory.

    Names of weights, and so checkpoints, stay.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Mark the blocks; each is compiled when it is first used."""
        torch._dynamo.config.recompile_limit = SHAPES
        for part in pl_module.modules():
            if isinstance(part, NAFBlock):
                part.compile(dynamic=False)
