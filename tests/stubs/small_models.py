"""Small models that several tests restore with, and the training that several tests run."""

import numpy as np
import torch
import yaml
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint

from deblur_lightning.checkpoints import write_checkpoint
from deblur_lightning.deblurring import (
    Agreed,
    BlindEstimator,
    DirectDeblurrer,
    MotionDeblurrer,
    RichardsonLucy,
    UnrolledRestorer,
    describe,
)
from deblur_lightning.field import KernelField
from deblur_lightning.networks import AdaptiveBasisNetwork, DeblurGANGenerator, SeeingNAFNet
from deblur_lightning.physics import blur, shake_kernels

NETWORK = {"class_path": "AdaptiveBasisNetwork", "init_args": {"num_basis": 3, "kernel_size": 9, "width": 8}}
RESTORER = {"class_path": "RichardsonLucy", "init_args": {"iterations": 2}}
DEBLURRER = {"class_path": "MotionDeblurrer", "init_args": {"network": NETWORK, "restorer": RESTORER}}
SMALL_TRAINER = {
    "accelerator": "cpu", "max_epochs": 1, "enable_progress_bar": False, "enable_model_summary": False,
    "num_sanity_val_steps": 0, "log_every_n_steps": 1,
}  # fmt: skip
SMALL_DATA = {
    "sources": [{"class_path": "WheelPhotos"}], "crop_size": 40, "kernel_size": 9, "batch_size": 2,
    "samples": {"train": 2, "val": 2, "test": 2}, "num_workers": 0,
}  # fmt: skip


def small_config(trainer=None, model=None, data=None, deblurrer=None):
    """Write the YAML of a training of one step, with changes to the arguments of its parts."""
    config = {
        "seed_everything": 7,
        "trainer": SMALL_TRAINER | (trainer or {}),
        "model": {
            "class_path": "AdaptiveBasisModule",
            "init_args": {
                "deblurrer": {**DEBLURRER, "init_args": DEBLURRER["init_args"] | (deblurrer or {})},
                **(model or {}),
            },
        },
        "data": {"class_path": "SyntheticBlurDataModule", "init_args": SMALL_DATA | (data or {})},
    }
    return yaml.safe_dump(config, sort_keys=False)


def small_motion_deblurrer(seed=5, iterations=2, **parts):
    torch.manual_seed(seed)
    return MotionDeblurrer(AdaptiveBasisNetwork(3, 9, 8), RichardsonLucy(iterations), **parts).eval()


def small_direct_deblurrer(seed=4):
    torch.manual_seed(seed)
    return DirectDeblurrer(DeblurGANGenerator(4, 1, dropout=0.0)).eval()


def small_learned_deblurrer(seed=3):
    """An estimator without a network, and a restorer that learns."""
    torch.manual_seed(seed)
    size = {"width": 4, "middle_blocks": 1, "encoder_blocks": (1,), "decoder_blocks": (1,)}
    return MotionDeblurrer(BlindEstimator(9), UnrolledRestorer((2,), **size)).eval()


def small_seeing_deblurrer(seed=3):
    """As that, with a direct network that sees each place by itself."""
    chain = small_learned_deblurrer(seed)
    chain.restorer.direct = small_seeing_network()
    return MotionDeblurrer(chain.network, Agreed(chain.restorer)).eval()


def small_seeing_network():
    """Restores nothing, as it begins, and tells some motion."""
    network = SeeingNAFNet(9, width=8, middle_blocks=1, encoder_blocks=(1, 1, 1), decoder_blocks=(1, 1, 1), finer=1)
    torch.nn.init.normal_(network.head.weight)
    return network


def losses_of_steps(module, batch, steps):
    """Train a module on one batch again and again, without a trainer; the loss before each step."""
    module.log = lambda *_, **__: None
    optimizer, losses = module.configure_optimizers(), []
    for _ in range(steps):
        loss = module.training_step(batch, 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


class FixedField(torch.nn.Module):
    """Stands for a network: sees the same kernels in every picture."""

    def __init__(self, basis):
        super().__init__()
        self.basis, self.seen = basis, []

    def forward(self, light):
        self.seen.append(light)
        basis = self.basis.expand(len(light), -1, -1, -1)
        return KernelField(basis, torch.full((len(light), basis.shape[1], *light.shape[-2:]), 1 / basis.shape[1]))


def write_small_checkpoint(path, deblurrer=None):
    """Write a small model as `lightning fit` or `deblur import-weights` would."""
    deblurrer = small_motion_deblurrer() if deblurrer is None else deblurrer
    write_checkpoint(path, deblurrer.state_dict(), describe(deblurrer))
    return path


WINDOW = 40


def write_window(path, seed, seen=True):
    """Blur a smooth picture by a field whose two kernels meet in the middle; an 'estimate' of one kernel beside it.

    What stands for the restored pictures is easily told apart: inverted ones.
    """
    generator = torch.Generator().manual_seed(seed)
    sharp = torch.nn.functional.avg_pool2d(torch.rand(1, 3, WINDOW + 8, WINDOW + 8, generator=generator), 9, 1)
    ramp = torch.linspace(0, 1, WINDOW).expand(WINDOW, WINDOW)
    field = KernelField(shake_kernels(2, 7, generator=generator)[None], torch.stack((ramp, 1 - ramp))[None])
    blurry = blur(sharp, field)
    parts = {"basis": field.basis, "coefficients": field.coefficients}
    pictures = {"blurry": blurry, "sharp": sharp, "restored": 1 - sharp}
    if seen:
        parts |= {
            "seen_basis": shake_kernels(1, 5, generator=generator)[None],
            "seen_coefficients": torch.ones(1, 1, WINDOW, WINDOW),
        }
        pictures |= {"seen_restored": 1 - blurry}
    stored = {name: (picture[0] * 255).round().to(torch.uint8).numpy() for name, picture in pictures.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **stored, **{name: part[0].half().numpy() for name, part in parts.items()})
    return path


def quiet_trainer(checkpoints, **arguments):
    """Train without a word, a checkpoint after each step."""
    every_step = ModelCheckpoint(checkpoints, "{step}", every_n_train_steps=1, save_top_k=-1)
    return Trainer(
        accelerator="cpu", logger=False, enable_progress_bar=False, enable_model_summary=False,
        num_sanity_val_steps=0, callbacks=[every_step], **arguments,
    )  # fmt: skip
