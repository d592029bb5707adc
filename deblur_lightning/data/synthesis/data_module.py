"""SynthesizedDataModule: pairs with motion fields from a folder that `deblur synthesize` wrote."""

from pathlib import Path

from torch.utils.data import DataLoader

from deblur_lightning.data.pairs.gopro import GoProDataModule, Part
from deblur_lightning.data.pairs.paired_images import PairedImages, Sample
from deblur_lightning.data.pairs.pairing import Pair
from deblur_lightning.data.pairs.photos_alone import PhotosAlone
from deblur_lightning.data.pairs.soundness import Files
from deblur_lightning.data.pairs.splits import Selection
from deblur_lightning.data.scenes.motion_fields import stacked
from deblur_lightning.data.synthesis.field_pairs import FieldPairs, check_fields


class SynthesizedDataModule(GoProDataModule):
    """Pairs that `deblur synthesize` made of photographs, with their motion fields, for trainings of motion.

    Pairs of one photograph are a sequence: those held out validate and are tested. Folders ``train`` and ``test``, each
    made by a command of its own, are splits. Training sees random crops, mirrored and turned with their fields;
    evaluation whole pictures, one at a time. Every pair and field is checked before training.

    Args:
        root: the folder of pairs, or one that holds ``train`` and ``test``.
        selection: which pairs train, validate and test.
        files: how the pictures' files are checked and read.
        crop_size: side of a random training crop, in pixels.
        augment: mirror and turn training crops.
        batch_size: crops per training step and process.
        num_workers: loading processes per split.
        seed: of order, crops and turns; the same whatever the number of workers.

    Raises:
        FileNotFoundError: in `setup`: there is no such folder, or a pair without a field.
        ValueError: in `setup`: what `GoProDataModule` raises; a damaged field, or one of another size than its picture.
    """

    pictures = FieldPairs

    def __init__(
        self,
        root: Path,
        selection: Selection = Selection(),  # noqa: B008 - frozen
        files: Files = Files(),  # noqa: B008 - frozen
        crop_size: int = 128,
        augment: bool = True,
        batch_size: int = 8,
        num_workers: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__(
            root,
            selection=selection,
            files=files,
            crop_size=crop_size,
            augment=augment,
            batch_size=batch_size,
            num_workers=num_workers,
            seed=seed,
        )

    def train_dataloader(self) -> DataLoader[Sample]:
        return stacked(super().train_dataloader())

    def _whole(self, pairs: PairedImages | PhotosAlone) -> DataLoader[Sample]:
        whole = super()._whole(pairs)
        return stacked(whole) if isinstance(pairs, FieldPairs) else whole

    def _pairs(self, part: Part) -> list[Pair]:
        """Check their fields too, once."""
        checked = part in self._checked
        pairs = super()._pairs(part)
        if not checked:
            check_fields(pairs)
        return pairs
