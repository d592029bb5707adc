"""A motion field as a few regions of one motion each: the camera's, and that of whatever moved by itself."""

import numpy as np
import torch
import torch.nn.functional as F

from deblur_lightning.field import KernelField

CELL = 4  # side of the squares of pixels whose mean kernels are compared
BORDER = 2.0  # standard deviation of the smoothing of the regions' borders, in pixels
SEED = 0


def motion_regions(field: KernelField, most: int = 3, spread: float = 0.3) -> KernelField:
    """Replace a field by as few constant kernels as leave little of its variation out.

    Pixels are grouped by their kernels (k-means under the kernels' own distance). A further region is added while the
    kernels within the regions vary by more than ``spread``.

    Args:
        field: of one picture, N = 1.
        most: at most so many regions.
        spread: mean squared distance of the pixels' kernels to their region's, over the mean kernel's square, that is
            left as it is.

    Returns:
        A field with a basis kernel for each region, the mean of its pixels' kernels, and coefficients of 0 and 1,
        smoothed at borders.
    """
    from scipy.cluster.vq import kmeans2
    from scipy.ndimage import gaussian_filter

    basis, coefficients = field.basis[0].flatten(1), field.coefficients[0]
    height, width = coefficients.shape[-2:]
    cells = F.avg_pool2d(coefficients, CELL, ceil_mode=True, count_include_pad=False)
    mixtures = cells.flatten(1).T
    values, vectors = torch.linalg.eigh((basis @ basis.T).double())
    features = (mixtures.double() @ (vectors * values.clamp(min=0).sqrt())).numpy(force=True)
    size = float(np.square(features.mean(0)).sum())
    for count in range(1, most + 1):
        centres, labels = kmeans2(features, count, minit="++", rng=SEED, missing="warn")
        if np.square(features - centres[labels]).sum(1).mean() <= spread * size:
            break
    labels = labels.reshape(cells.shape[-2:])
    present = np.unique(labels)
    shares, kernels = [], []
    for label in present:
        inside = labels == label
        own = mixtures[torch.from_numpy(inside.ravel()).to(mixtures.device)].mean(0)
        kernels.append((own @ basis).view(field.basis.shape[-2:]))
        spot = inside.repeat(CELL, 0).repeat(CELL, 1)[:height, :width].astype(np.float32)
        shares.append(torch.from_numpy(gaussian_filter(spot, BORDER, mode="nearest")).to(coefficients))
    return KernelField(torch.stack(kernels)[None], torch.stack(shares)[None])
