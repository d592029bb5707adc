"""A network that sees the motion of each cell of a photo by itself; ours, on the trunk of a small NAFNet."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deblur_lightning.field import KernelField
from deblur_lightning.networks.correlations import limited
from deblur_lightning.networks.mixture import mixture_of
from deblur_lightning.networks.nafnet import ChannelNorm, NAFBlock, NAFNet
from deblur_lightning.networks.two_heads import check_light

CELL = 8  # pixels of a cell's side
FOLD = 2  # pixels of the picture, each way, that the trunk sees as one
GAMMA = 2.2  # the trunk sees display values
REACH = 8  # of the local correlations, in folded pixels: that of kernels of 33
UNSEEN = 0.02  # of a cell's power, added below it: keeps what is flat finite
DIM = 1e-3  # likewise, where its logarithm is told
ATTENTION = 128  # pixels: side of the squares that channel attention averages over
TILE, MARGIN = 1024, 128  # pixels: larger photos are looked at in parts that overlap
MOST_CELLS = 20_000  # of a photo; larger ones have larger cells


class CellKernelNetwork(nn.Module):
    """Tell for each cell of 8 x 8 pixels where its light went: a distribution over its kernel's pixels.

    Where the kernel decoder of the adaptive basis network sees averages over the whole picture, this one answers at
    each place from what lies around it, and is trained at each. Encoder, lowest level and first decoder are those of a
    `FoldedNAFNet`, whose weights training can begin from; beside the picture it is told how the edges around each cell
    repeat. A photo's field is what the cells say, as mixtures of a few kernels (`mixture_of`).

    Args:
        kernel_size: side K of the kernels, in pixels, odd.
        num_basis: basis kernels B of a photo's field.
        width: channels of the first level.
        middle_blocks: blocks of the lowest level.
        encoder_blocks: blocks of each level on the way down; three levels, so that a cell is one pixel of the last.
        deeper: further blocks of the lowest level.
        finer: further blocks of the level of cells.

    Raises:
        ValueError: an even kernel size, another number of levels, or no basis kernel.
    """

    def __init__(
        self,
        kernel_size: int = 33,
        num_basis: int = 8,
        width: int = 32,
        middle_blocks: int = 3,
        encoder_blocks: Sequence[int] = (1, 1, 2),
        deeper: int = 4,
        finer: int = 3,
    ) -> None:
        super().__init__()
        check_cells(kernel_size, encoder_blocks)
        if num_basis < 1:
            raise ValueError(f"num_basis is {num_basis}, but it counts kernels. Pass at least 1.")
        self.kernel_size, self.num_basis, self.width, self.middle_blocks = kernel_size, num_basis, width, middle_blocks
        self.encoder_blocks, self.deeper, self.finer = tuple(encoder_blocks), deeper, finer
        trunk = NAFNet(3 * FOLD**2, width, middle_blocks, encoder_blocks, (1, 1, 1), ATTENTION // FOLD)
        self.intro, self.encoders, self.downs, self.middle_blks = (
            trunk.intro, trunk.encoders, trunk.downs, trunk.middle_blks,
        )  # fmt: skip
        self.ups, self.decoders = trunk.ups[:1], trunk.decoders[:1]
        channels = 4 * width
        self.hint = nn.Conv2d(4 * (len(SHIFTS) + 1), channels, 1)
        self.more = nn.Sequential(*(NAFBlock(2 * channels, ATTENTION // (2 * CELL)) for _ in range(deeper)))
        self.fine = nn.Sequential(*(NAFBlock(channels, ATTENTION // CELL) for _ in range(finer)))
        self.norm = ChannelNorm(channels)
        self.head = nn.Conv2d(channels, kernel_size**2, 1)
        nn.init.normal_(self.hint.weight, std=0.02)
        nn.init.zeros_(self.head.weight)

    def forward(self, light: Tensor) -> KernelField:
        """Estimate the field of pictures.

        Args:
            light: ``[N, 3, H, W]``, or ``[N, 1, H, W]`` for gray ones, linear light minus 0.5; H and W at least 32.

        Returns:
            The field, B basis kernels a picture and their coefficients at each of its pixels, float32.

        Raises:
            ValueError: another number of axes or channels, or a smaller picture.
        """
        check_light(light)
        pictures = (light.float() + 0.5).clamp(0, 1).pow(1 / GAMMA).expand(-1, 3, -1, -1)
        size = pictures.shape[-2:]
        cells = self.cells(pictures)
        basis, mixing = zip(*(mixture_of(one.flatten(1).T, self.num_basis) for one in cells), strict=True)
        rows, columns = cells.shape[-2:]
        coarse = torch.stack(mixing).transpose(1, 2).unflatten(2, (rows, columns))
        kernels = torch.stack(basis).unflatten(2, (self.kernel_size, self.kernel_size))
        return KernelField(kernels, self.spread(coarse, size))

    def spread(self, values: Tensor, size: Sequence[int]) -> Tensor:
        """Interpolate what is told of each cell, ``[N, C, rows, columns]``, to all pixels of pictures of a size."""
        wide = F.interpolate(values, scale_factor=float(CELL * _together(size)), mode="bilinear", align_corners=False)
        return wide[..., : size[0], : size[1]]

    def cells(self, pictures: Tensor) -> Tensor:
        """Tell each cell's kernel, ``[N, K * K, rows, columns]``, of pictures ``[N, 3, H, W]``, display values.

        Of photos beyond `MOST_CELLS` neighbouring cells are told together.
        """
        together = _together(pictures.shape[-2:])
        step = together * CELL * max(1, (TILE - 2 * MARGIN) // (together * CELL))
        height, width = pictures.shape[-2:]
        if max(height, width) <= TILE:
            return _pooled(self.log_kernels(pictures).exp(), together)
        return torch.cat(
            [
                torch.cat([self._part(pictures, top, left, step, together) for left in range(0, width, step)], dim=3)
                for top in range(0, height, step)
            ],
            dim=2,
        )

    def _part(self, pictures: Tensor, top: int, left: int, step: int, together: int) -> Tensor:
        """Tell the cells of a square, seen with what lies around it."""
        height, width = pictures.shape[-2:]
        above, before = min(MARGIN, top), min(MARGIN, left)
        rows, columns = min(step, height - top), min(step, width - left)
        seen = pictures[..., top - above : top + rows + MARGIN, left - before : left + columns + MARGIN]
        kernels = self.log_kernels(seen).exp()[..., above // CELL :, before // CELL :]
        return _pooled(kernels[..., : -(-rows // CELL), : -(-columns // CELL)], together)

    def log_kernels(self, pictures: Tensor) -> Tensor:
        """Tell the logarithm of each cell's kernel, float32, with gradients; in training, pictures are of whole cells.

        Args:
            pictures: ``[N, 3, H, W]``, display values.

        Returns:
            ``[N, K * K, ceil(H / 8), ceil(W / 8)]``.
        """
        height, width = pictures.shape[-2:]
        padded = F.pad(pictures, (0, -width % (2 * CELL), 0, -height % (2 * CELL)), mode="replicate")
        with torch.autocast(pictures.device.type, enabled=False):
            repeats = local_correlations(padded.float())
        features = self.intro(F.pixel_unshuffle(padded, FOLD))
        for encoder, down in zip(self.encoders[:-1], self.downs[:-1], strict=False):
            features = down(encoder(features))
        features = self.encoders[-1](features) + self.hint(repeats)
        deep = self.more(self.middle_blks(self.downs[-1](features)))
        features = self.decoders[0](self.ups[0](deep) + features)
        told: Tensor = self.head(self.norm(self.fine(features)))
        return told.float()[..., : -(-height // CELL), : -(-width // CELL)].log_softmax(1)

    def load_trunk(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with the weights of a `FoldedNAFNet` of the same width and blocks, by their names in its ``inner``.

        Raises:
            RuntimeError: weights that are missing or of other shapes.
        """
        own = self.state_dict()
        parts = ("intro.", "encoders.", "downs.", "middle_blks.", "ups.0.", "decoders.0.")
        missing = [name for name in own if name.startswith(parts) and name not in weights]
        if missing:
            raise RuntimeError(f"{missing[0]} is missing")
        self.load_state_dict({name: weights[name] if name.startswith(parts) else value for name, value in own.items()})


def check_cells(kernel_size: int, encoder_blocks: Sequence[int]) -> None:
    """Raise unless a network of such levels can tell such kernels of cells.

    Raises:
        ValueError: an even kernel size, or another number of levels than three.
    """
    if kernel_size % 2 == 0:
        raise ValueError(f"kernel_size is {kernel_size}, but a kernel has a central pixel. Pass {kernel_size | 1}.")
    if len(encoder_blocks) != 3:
        raise ValueError(f"encoder_blocks has {len(encoder_blocks)} levels, but cells of 8 need 3. Pass three.")


def local_correlations(pictures: Tensor) -> Tensor:
    """Tell of each cell how the edges around it repeat at small distances, and how strong they are.

    As `edge_correlations` for the cells of a picture seen at half its size: blur makes edges repeat as its kernel does.

    Args:
        pictures: ``[N, 3, H, W]``, display values, sides of whole cells.

    Returns:
        ``[N, 4 * (shifts + 1), H / 8, W / 8]``: of differences across, down and along both diagonals each product with
        themselves shifted, over the power around; then that power's logarithm.
    """
    gray = F.avg_pool2d(pictures.clamp(0, 1).pow(GAMMA).mean(1, keepdim=True), FOLD)
    wide = F.pad(gray, (1, 1, 1, 1), mode="replicate")[:, 0]
    here = wide[:, 1:-1, 1:-1]
    across, down = wide[:, 1:-1, 2:] - here, wide[:, 2:, 1:-1] - here
    falling, rising = (wide[:, 2:, 2:] - here) / 2**0.5, (wide[:, 2:, :-2] - here) / 2**0.5
    edges = limited(torch.stack((across, down, falling, rising), dim=1))
    height, width = edges.shape[-2:]
    around = F.pad(edges, (REACH, REACH, 0, REACH))
    products = torch.stack(
        [
            F.avg_pool2d(edges * around[..., below : below + height, REACH + beside :][..., :width], CELL // FOLD)
            for below, beside in SHIFTS
        ],
        dim=2,
    )
    power = products[:, :, 0]
    near = F.avg_pool2d(power, 3, 1, 1).unsqueeze(2) + UNSEEN
    return torch.cat(((products / near).flatten(1, 2), (power + DIM).log() / 3 + 1), dim=1)


SHIFTS = [
    (below, beside) for below in range(REACH + 1) for beside in range(-REACH, REACH + 1) if below > 0 or beside >= 0
]
"""Half of all shifts within reach, none first; the others tell the same."""


def _together(size: Sequence[int]) -> int:
    """Count cells each way that a photo's field takes as one."""
    together = 1
    while size[0] * size[1] > MOST_CELLS * (CELL * together) ** 2:
        together += 1
    return together


def _pooled(kernels: Tensor, count: int) -> Tensor:
    return F.avg_pool2d(kernels, count, ceil_mode=True) if count > 1 else kernels
