import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.loggers import CSVLogger
from torch.utils.data import DataLoader

from deblur_lightning.callbacks import LearningRates


class Line(LightningModule):
    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Linear(1, 1)

    def training_step(self, batch, batch_idx):
        return self.slope(batch).square().mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.25)


def trained(logger):
    module = Line()
    before = module.slope.weight.clone()
    trainer = Trainer(
        accelerator="cpu", max_epochs=1, logger=logger, callbacks=[LearningRates()], enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, log_every_n_steps=1,
    )  # fmt: skip
    trainer.fit(module, DataLoader(torch.ones(4, 1), 2))
    assert not torch.equal(module.slope.weight, before)
    return trainer


def test_rates_are_logged(tmp_path):
    logger = CSVLogger(tmp_path)
    trained(logger)
    header, first, *_ = (tmp_path / "lightning_logs" / "version_0" / "metrics.csv").read_text().splitlines()
    assert dict(zip(header.split(","), first.split(","), strict=True))["lr-SGD"] == "0.25"


def test_without_a_logger_training_goes_on():
    assert not trained(False).loggers
