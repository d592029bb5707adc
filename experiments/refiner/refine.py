"""Train the refiner of the default model on windows, and pack it: python experiments/refiner/refine.py WINDOWS OUT.

WINDOWS is a folder as windows.py makes it, with second looks or without. Of each seed's windows every eleventh
validates, and its second look. What is trained is packed into the model.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from pytorch_lightning import LightningModule, Trainer, seed_everything
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, TensorDataset

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.checkpoints.own import in_16_bits
from deblur_lightning.deblurring import BlindEstimator, MotionDeblurrer, describe, load_deblurrer
from deblur_lightning.networks import KernelRefiner

PAIRED = [0, 1, 2, 4, 3, 6, 5, 8, 7]  # planes after rows and columns changed places
COARSE = 0.5  # weight of the misfit as seen in photographs, whose power falls with the frequency
FARTHEST = 48.0  # pixels: beyond this wavelength their power is taken as even
HELD = 11  # every so manieth window validates; sizes, sensors and gray take turns by other counts
PADDED, REACH = 72, 3  # a kernel may be this far aside, for it is centred anew


class Refining(LightningModule):
    """Train a `KernelRefiner`.

    Args:
        steps: of training.
        rate: the learning rate at its highest.
    """

    def __init__(self, steps: int, rate: float) -> None:
        super().__init__()
        self.refiner = KernelRefiner().to(memory_format=torch.channels_last)
        self.steps, self.rate = steps, rate

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        planes, noise, true = batch
        planes, true = turned(planes, true, int(torch.randint(8, ())))
        planes = planes.contiguous(memory_format=torch.channels_last)
        squared, coarse = misfits(self.refiner(planes, noise), true)
        loss = (1 - COARSE) * squared.mean() + COARSE * coarse.sqrt().mean()
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        planes, noise, true = batch
        for name, kernel in (("refined", self.refiner(planes, noise)), ("found", planes[:, 0]), ("told", planes[:, 2])):
            squared, coarse = misfits(kernel, true)
            self.log_dict({f"val/{name}": squared.clamp(max=1.5).mean(), f"val/{name}_coarse": coarse.sqrt().mean()})

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = torch.optim.AdamW(self.parameters(), self.rate, (0.9, 0.98), weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.rate, self.steps, pct_start=0.1, cycle_momentum=False
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def misfits(kernel: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """Compare kernels ``[N, K, K]`` at the best shift of up to three pixels.

    Returns:
        Squared differences over the true kernel's squares; and the power of the difference between what both make of a
        photograph over that of what the true one does to it, ``[N]`` each.
    """
    nothing = torch.zeros_like(true)
    nothing[:, true.shape[-1] // 2, true.shape[-1] // 2] = 1
    ours, theirs, sharp = (torch.fft.rfft2(one, s=(PADDED, PADDED)) for one in (kernel, true, nothing))
    down, right = torch.fft.fftfreq(PADDED)[:, None], torch.fft.rfftfreq(PADDED)[None]
    even, photograph = torch.ones_like(down + right), 1 / (down.square() + right.square() + FARTHEST**-2)
    coarse = apart(ours, theirs, photograph) / power(theirs - sharp, photograph)
    return apart(ours, theirs, even) / power(theirs, even), coarse.clamp(min=1e-9)


def apart(ours: Tensor, theirs: Tensor, weight: Tensor) -> Tensor:
    """Give the least power of the difference of planes, over shifts; by their spectra ``[N, P, P / 2 + 1]``."""
    by_shift = torch.fft.irfft2(theirs * ours.conj() * weight, s=(PADDED, PADDED))
    near = by_shift.roll((REACH, REACH), (1, 2))[:, : 2 * REACH + 1, : 2 * REACH + 1]
    return power(ours, weight) + power(theirs, weight) - 2 * PADDED**2 * near.amax((1, 2))


def power(spectrum: Tensor, weight: Tensor) -> Tensor:
    """Sum the weighted power of planes, ``[N]``, of whose spectra half is kept."""
    both = torch.full((spectrum.shape[-1],), 2.0)
    both[0] = both[-1] = 1
    return (spectrum.abs().square() * weight * both).sum((1, 2))


def turned(planes: Tensor, true: Tensor, way: int) -> tuple[Tensor, Tensor]:
    """Turn and mirror a batch in one of eight ways."""
    for bit, axis in ((1, -1), (2, -2)):
        if way & bit:
            planes, true = planes.flip(axis), true.flip(axis)
    return (planes.mT[:, PAIRED], true.mT) if way & 4 else (planes, true)


def read_windows(folder: Path) -> tuple[Dataset[tuple[Tensor, ...]], Dataset[tuple[Tensor, ...]]]:
    """Read the windows to train on, and those that validate."""
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise ValueError(f"{folder} holds no window. Make them by windows.py.")
    loaded = [np.load(file) for file in files]
    parts = [torch.from_numpy(np.stack([one[name] for one in loaded])).float() for name in ("planes", "noise", "true")]
    held = torch.tensor([int(file.name.partition(".")[0].rpartition("-")[2]) % HELD == HELD - 1 for file in files])
    return TensorDataset(*(part[~held] for part in parts)), TensorDataset(*(part[held] for part in parts))


def main(arguments: argparse.Namespace) -> None:
    """Train, then pack."""
    seed_everything(arguments.seed)
    train, val = read_windows(arguments.windows)
    module = Refining(arguments.steps, arguments.rate)
    trainer = Trainer(
        accelerator="cpu", precision=arguments.precision, max_steps=arguments.steps,
        logger=CSVLogger("results/runs", "", "refiner"),
        val_check_interval=200, check_val_every_n_epoch=None, gradient_clip_val=1.0, enable_checkpointing=False,
        num_sanity_val_steps=0, log_every_n_steps=50,
    )  # fmt: skip
    trainer.fit(module, DataLoader(train, 48, shuffle=True, drop_last=True), DataLoader(val, 48))
    pack(module.refiner, arguments.model, arguments.out)


def pack(refiner: KernelRefiner, model: str, out: Path) -> None:
    """Write a model with a refiner, which is rounded to 16 bits.

    Raises:
        ValueError: a model that does not estimate motion from the photo itself.
    """
    whole = load_deblurrer(model).deblurrer
    if not isinstance(whole, MotionDeblurrer) or not isinstance(whole.network, BlindEstimator):
        raise ValueError(f"{model} has no BlindEstimator. Pass --model blind.")
    made = MotionDeblurrer(BlindEstimator(whole.network.kernel_size, refiner), whole.restorer, whole.exposure)
    weights = made.state_dict()
    write_checkpoint(out, weights | in_16_bits(weights, out, "Train it with weight decay."), describe(made))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("windows", type=Path)
    parser.add_argument("out", type=Path, help="the checkpoint to write, .safetensors")
    parser.add_argument("--model", default="blind", help="a checkpoint, or a bundled model's name")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", default="bf16-mixed", help="32-true without bfloat16 units")
    main(parser.parse_args())
