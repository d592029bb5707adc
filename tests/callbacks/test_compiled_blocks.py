"""CompiledBlocks marks a NAFNet's blocks, and nothing else, and leaves names as they are."""

import pytest
from pytorch_lightning import Trainer

from deblur_lightning.callbacks import CompiledBlocks
from deblur_lightning.deblurring import DirectDeblurrer
from deblur_lightning.modules import RegressionModule
from deblur_lightning.networks import FoldedNAFNet
from deblur_lightning.networks.nafnet import NAFBlock


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method.*:DeprecationWarning")  # torch's own, on import
def test_blocks_are_compiled_and_nothing_else():
    module = RegressionModule(DirectDeblurrer(FoldedNAFNet(width=4, middle_blocks=1), signed=False))
    names = list(module.state_dict())
    CompiledBlocks().setup(Trainer(logger=False, enable_checkpointing=False, accelerator="cpu"), module, "fit")
    compiled = {type(part) for part in module.modules() if part._compiled_call_impl is not None}
    assert compiled == {NAFBlock}
    assert all(part._compiled_call_impl is not None for part in module.modules() if isinstance(part, NAFBlock))
    assert list(module.state_dict()) == names
