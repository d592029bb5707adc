"""Real pairs and synthetic blur in one training, as DeblurGAN's 'Comb' (Kupyn et al. 2018, training details)."""

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from deblur_lightning.data.checks import check_count, check_seed, check_workers
from deblur_lightning.data.pairs.gopro import GoProDataModule
from deblur_lightning.data.pairs.paired_images import PairedImages, Sample
from deblur_lightning.data.resuming import ResumableLoader
from deblur_lightning.data.scenes.synthetic import SyntheticBlur
from deblur_lightning.data.scenes.synthetic_module import SyntheticBlurDataModule


class RealAndSynthetic(Dataset[Sample]):
    """Every real pair first, then ``share`` synthetic ones for each, all as blurry and sharp pictures alone.

    Where the synthetic samples of an epoch are fewer, several of their epochs make one, so that none comes twice.

    Args:
        real: crops of pairs.
        synthetic: samples of the same crop size.
        share: synthetic samples for each real pair.
    """

    def __init__(self, real: PairedImages, synthetic: SyntheticBlur, share: int) -> None:
        self.real, self.synthetic, self.share = real, synthetic, share

    def __len__(self) -> int:
        return len(self.real) * (1 + self.share)

    def __getitem__(self, key: int | tuple[int, int]) -> Sample:
        epoch, index = key if isinstance(key, tuple) else (0, key)
        if not 0 <= index < len(self):
            raise IndexError(f"index is {index}, but there are {len(self)} samples.")
        if index < len(self.real):
            return self.real[epoch, index]
        rounds = -(-len(self.real) * self.share // len(self.synthetic))
        further, place = divmod(index - len(self.real), len(self.synthetic))
        made = self.synthetic[epoch * rounds + further, place]
        return {"blurry": made["blurry"], "sharp": made["sharp"], "name": made["name"]}


class CombinedDataModule(LightningDataModule):
    """Train on real pairs and synthetic blur together; validate, test and predict on the real ones.

    Args:
        real: the pairs, which alone are evaluated; their crop size is everyone's.
        synthetic: scenes and blur, of the same crop size.
        share: synthetic samples for each real pair; published 2, from memory.
        batch_size: crops per training step and process.
        num_workers: loading processes.
        seed: of the order.

    Raises:
        ValueError: crops of two sizes, or a share that mixes nothing; in `setup`, what either module refuses.
        FileNotFoundError: in `setup`: a folder that either module reads is missing.
    """

    def __init__(
        self,
        real: GoProDataModule,
        synthetic: SyntheticBlurDataModule,
        share: int = 2,
        batch_size: int = 1,
        num_workers: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if real.crop_size != synthetic.crop_size:
            raise ValueError(
                f"real crops are {real.crop_size} pixels wide and synthetic ones {synthetic.crop_size}, but they share "
                "batches. Pass one crop_size."
            )
        check_count("batch_size", batch_size)
        check_workers(num_workers)
        check_seed(seed)
        if share < 1:
            raise ValueError(f"share is {share}, but synthetic samples are to be mixed in. Pass at least 1.")
        self.real, self.synthetic, self.share = real, synthetic, share
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed

    @property
    def table_name(self) -> str:
        """What tables call the test pictures."""
        return self.real.table_name

    @property
    def table_blur(self) -> str:
        """Which of GoPro's blurs they have."""
        return self.real.table_blur

    @property
    def tests_part(self) -> bool:
        """Tell whether some of the pictures there are not tested."""
        return self.real.tests_part

    def prepare_data(self) -> None:
        self.real.trainer = self.trainer
        self.real.prepare_data()

    def setup(self, stage: str) -> None:
        self.real.trainer = self.trainer
        self.real.setup(stage)
        if stage == "fit":
            self.synthetic.setup(stage)

    def train_dataloader(self) -> DataLoader[Sample]:
        mixture = RealAndSynthetic(self.real.train_pairs, self.synthetic.train_set, self.share)
        return ResumableLoader(mixture, self.batch_size, self.num_workers, self.seed, self.trainer)

    def val_dataloader(self) -> DataLoader[Sample] | list[DataLoader[Sample]]:
        return self.real.val_dataloader()

    def test_dataloader(self) -> DataLoader[Sample]:
        return self.real.test_dataloader()

    def predict_dataloader(self) -> DataLoader[Sample]:
        return self.real.predict_dataloader()
