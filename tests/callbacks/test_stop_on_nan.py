import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from torch.utils.data import DataLoader, Dataset

from deblur_lightning import KernelField
from deblur_lightning.callbacks import StopOnNaN, load_failed_step

pytestmark = pytest.mark.filterwarnings("ignore::pytorch_lightning.utilities.warnings.PossibleUserWarning")


class Samples(Dataset):
    """Four samples of one pixel, 1 to 4; the third may be broken."""

    def __init__(self, third=3.0):
        self.values = [1.0, 2.0, third, 4.0]

    def __len__(self):
        return 4

    def __getitem__(self, index):
        field = KernelField(torch.ones(1, 1, 1), torch.ones(1, 1, 1))
        return {"blurry": torch.full((3, 1, 1), self.values[index]), "field": field, "name": f"sample-{index}"}


class Scale(LightningModule):
    """One weight, by automatic or manual optimisation; its loss has no slope at ``corner``."""

    def __init__(self, automatic=True, corner=None):
        super().__init__()
        self.automatic_optimization, self.corner = automatic, corner
        self.weight = torch.nn.Parameter(torch.ones(()))

    def training_step(self, batch, batch_idx):
        loss = self.weight * batch["blurry"].mean()
        if self.corner is not None:
            loss = loss + (self.weight * (batch["blurry"] - self.corner)).norm(dim=1).sqrt().sum()
        self.log("train/loss", loss)
        if not self.automatic_optimization:
            step = self.optimizers()
            step.zero_grad()
            self.manual_backward(loss)
            step.step()
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 1e-3)


def train(tmp_path, module, samples):
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=1,
        default_root_dir=tmp_path,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[StopOnNaN()],
    )
    trainer.fit(module, DataLoader(samples))


@pytest.mark.parametrize("automatic", [True, False])
@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_a_broken_loss_stops_before_the_weights_break_and_can_be_looked_at(tmp_path, automatic, broken):
    module = Scale(automatic)
    told = rf"step 2 \(epoch 0, batch 2 of sample-2\) has train/loss {broken}.*blurry is not finite.*load_failed_step"
    with pytest.raises(ValueError, match=told):
        train(tmp_path, module, Samples(broken))
    batch, failed = load_failed_step(tmp_path / "failed-step-2-rank-0.pt")
    assert (batch["name"], failed["epoch"], failed["batch_idx"], failed["module"]) == (["sample-2"], 0, 2, "Scale")
    assert batch["field"].basis.shape == (1, 1, 1, 1)
    again = Scale()
    again.load_state_dict(failed["state_dict"])
    assert again.weight.item() == pytest.approx(1 - 0.003)  # two steps of samples 1 and 2
    assert not (again.weight * batch["blurry"].mean()).isfinite()


@pytest.mark.parametrize("automatic", [True, False])
def test_a_broken_gradient_of_a_finite_loss_stops_too(tmp_path, automatic):
    module = Scale(automatic, corner=3.0)
    with pytest.raises(ValueError, match=r"sample-2\) has the gradient of weight not finite"):
        train(tmp_path, module, Samples())
    assert module.weight.isfinite()


def test_a_sound_training_is_left_alone(tmp_path):
    train(tmp_path, Scale(), Samples())
    assert list(tmp_path.iterdir()) == []


def test_what_broke_is_told_even_where_its_batch_cannot_be_saved(tmp_path, monkeypatch):
    def full(content, file):
        raise RuntimeError("[enforce fail at inline_container.cc:672]") from OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(ValueError, match=r"loss nan, but .* could not be saved as .* \(No space left"):
        train(tmp_path, Scale(), Samples(third=float("nan")))
