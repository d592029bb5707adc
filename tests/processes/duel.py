"""A module with everything that makes resuming hard."""

import os
import signal
import subprocess
from pathlib import Path

import torch

from deblur_lightning.deblurring import Deblurred, Deblurrer
from deblur_lightning.modules import RestorationModule


class Adding(Deblurrer):
    """Restores by one convolution."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, blurry, exposure=None):
        return Deblurred(self.convolution(blurry).sigmoid())


class Duel(RestorationModule):
    """Two optimisers by hand, one stepping every second batch; chance in every step; schedules of its own."""

    def __init__(self):
        super().__init__(Adding())
        self.automatic_optimization = False
        self.one, self.other = self.deblurrer, torch.nn.Conv2d(3, 1, 3)

    def training_step(self, batch, batch_idx):
        steps = self.optimizers()
        if self.trainer.global_step == 5 and self.trainer.is_global_zero and Path("spoil").exists():
            batch["blurry"][0, 0, 0, 0] = torch.nan
        restored = self.restore(batch["blurry"])
        mixed = torch.lerp(restored.detach(), batch["sharp"], torch.rand(len(restored), 1, 1, 1))
        losses = (restored - batch["sharp"]).square().mean(), self.other(mixed).mean()
        for step, loss in list(zip(steps, losses, strict=True))[batch_idx % 2 :]:
            step.zero_grad()
            self.manual_backward(loss)
            step.step()
        self.stop_at("step", batch_idx == 1)

    def validation_step(self, batch, batch_idx):
        super().validation_step(batch, batch_idx)
        self.stop_at("validation", batch_idx == 1)

    def on_train_epoch_end(self):
        for schedule in self.lr_schedulers():
            schedule.step()
        self.stop_at("epoch_end", True)

    def configure_optimizers(self):
        steps = [torch.optim.Adam(part.parameters(), 0.01) for part in (self.one, self.other)]
        return steps, [torch.optim.lr_scheduler.ExponentialLR(step, 0.5) for step in steps]

    def stop_at(self, moment, here):
        told = self.trainer.global_rank == self.trainer.world_size - 1
        if (
            here
            and told
            and not self.trainer.sanity_checking
            and Path("stop").exists()
            and Path("stop").read_text() == moment
        ):
            Path("stop").unlink()
            if self.trainer.world_size > 1:
                os.kill(os.getpid(), signal.SIGTERM)
            else:  # as a terminal and SLURM do, to the loading processes too, and not by this process itself
                name = "INT" if moment == "step" else "TERM"
                subprocess.run(["/bin/sh", "-c", f"kill -s {name} -- -{os.getpgrp()}"], check=False)
