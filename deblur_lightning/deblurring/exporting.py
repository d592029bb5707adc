"""A direct network as ONNX, for programs that know neither Python nor PyTorch, and how far it strays from ours."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from deblur_lightning.deblurring.direct import DirectDeblurrer
from deblur_lightning.networks.any_size_mean import any_size

BLURRY, RESTORED = "blurry", "restored"
"""What the graph calls its input and its output."""

SIZES = ((64, 64), (8, 9), (33, 47), (150, 271), (290, 131))
"""Heights and widths that a graph is checked at: mostly multiples of nothing, below and above what squares cover."""

TRACED = (90, 110)

OPSET = 17  # the first with layer normalisation; of 2022


class WholePicture(nn.Module):
    """What is exported: display values in, display values out, as one look of `DirectDeblurrer` without its checks.

    Args:
        deblurrer: is copied to the CPU, and the copy changed to suit every size.
    """

    def __init__(self, deblurrer: DirectDeblurrer) -> None:
        super().__init__()
        self.deblurrer = copy.deepcopy(deblurrer).cpu()
        any_size(self.deblurrer)
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, blurry: Tensor) -> Tensor:
        """Restore ``[1, 3, H, W]`` in [0, 1]."""
        return self.deblurrer.generate(blurry).clamp(0, 1)


def write_onnx(deblurrer: DirectDeblurrer, path: Path) -> None:
    """Write a direct network as one ONNX file: ``blurry`` to ``restored``, ``[1, 3, H, W]``, H and W of any length.

    By PyTorch's exporter that traces: the newer one took a minute where this takes seconds, to the same answers.

    Args:
        deblurrer: in evaluation mode; stays as it is.
        path: the file; one that is there is replaced.
    """
    import onnx

    blurry = torch.rand(1, 3, *TRACED, generator=torch.Generator().manual_seed(0))
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of checks of the size that no graph holds, and of its own age
        torch.onnx.export(
            WholePicture(deblurrer),
            (blurry,),
            path,
            input_names=[BLURRY],
            output_names=[RESTORED],
            dynamic_axes={name: {2: "height", 3: "width"} for name in (BLURRY, RESTORED)},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load(path)
    sides = model.graph.output[0].type.tensor_type.shape.dim
    for side, known in zip(sides, model.graph.input[0].type.tensor_type.shape.dim, strict=True):
        side.CopyFrom(known)
    model.doc_string = "An RGB picture, display values in [0, 1], to its restored version; sides of 8 pixels or more."
    onnx.save(model, path)


@torch.no_grad()
def farthest(deblurrer: DirectDeblurrer, path: Path, sizes: Sequence[tuple[int, int]] = SIZES) -> float:
    """Run an ONNX file and the network that it was written from on noise of several sizes.

    Args:
        deblurrer: the network.
        path: of the file.
        sizes: heights and widths, at least 8 each.

    Returns:
        The largest difference of a pixel, in display values; NaN where either answers with NaN.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    generator, plain = torch.Generator().manual_seed(1), copy.deepcopy(deblurrer).cpu()
    differences = []
    for height, width in sizes:
        blurry = torch.rand(1, 3, height, width, generator=generator)
        restored = torch.from_numpy(session.run([RESTORED], {BLURRY: blurry.numpy()})[0])
        differences.append((restored - plain.generate(blurry).clamp(0, 1)).abs().max())
    return torch.stack(differences).max().item()  # NaN is the largest
