"""How metrics are called and printed, and which way is better."""

from typing import NamedTuple


class MetricName(NamedTuple):
    """A metric's label, its digits, and whether more of it is better (None: neither is bold)."""

    label: str
    digits: int
    more_is_better: bool | None


KNOWN = {
    "psnr": MetricName("PSNR (dB)", 2, more_is_better=True),
    "blurry_psnr": MetricName("PSNR of the blurry input (dB)", 2, more_is_better=None),
    "ssim": MetricName("SSIM", 4, more_is_better=True),
    "ssim_valid": MetricName("SSIM, valid region", 4, more_is_better=True),
    "cw_ssim": MetricName("CW-SSIM", 4, more_is_better=True),
    "lpips": MetricName("LPIPS", 4, more_is_better=False),
    "dists": MetricName("DISTS", 4, more_is_better=False),
    "mssim": MetricName("MSSIM", 4, more_is_better=True),
    "printed_ssim": MetricName("SSIM as printed", 3, more_is_better=None),
    "gain": MetricName("gain (dB)", 2, more_is_better=True),
    "worst_gain": MetricName("worst picture (dB)", 2, more_is_better=True),
    "share_turning": MetricName("share: turning", 2, more_is_better=True),
    "share_objects": MetricName("share: objects", 2, more_is_better=True),
    "share_still": MetricName("share: still", 2, more_is_better=True),
    "field_error": MetricName("field error", 2, more_is_better=False),
    "aligned_psnr": MetricName("PSNR, aligned (dB)", 2, more_is_better=True),
    "aligned_ssim_valid": MetricName("SSIM, valid region, aligned", 4, more_is_better=True),
    "aligned_gain": MetricName("gain, aligned (dB)", 2, more_is_better=True),
    "shift_down": MetricName("shift down (px)", 2, more_is_better=None),
    "shift_right": MetricName("shift right (px)", 2, more_is_better=None),
    "regions": MetricName("regions", 1, more_is_better=None),
    "kernel_error": MetricName("kernel error", 3, more_is_better=False),
    "kernel_l2": MetricName("kernel error, squared", 4, more_is_better=False),
    "kernel_loss": MetricName("kernel loss", 4, more_is_better=False),
    "reblur_psnr": MetricName("reblur PSNR (dB)", 2, more_is_better=True),
    "identical": MetricName("identical pairs", 0, more_is_better=None),
    "seconds": MetricName("s / picture", 2, more_is_better=None),
}

DEFINITIONS = {
    "ssim": "SSIM is torchmetrics' (11 × 11 Gaussian, mean over the map with reflected borders).",
    "ssim_valid": "SSIM, valid region, is Wang's and scikit-image's: the same map, only where its window lies inside.",
    "cw_ssim": "CW-SSIM is what pyssim calls so and the test code of DeblurGAN's authors computes; it is no SSIM.",
    "lpips": "LPIPS is Zhang et al.'s version 0.1 with AlexNet, of RGB pictures at full size; 0 means equal.",
    "dists": "DISTS is Ding et al.'s, of RGB pictures at full size, not reduced to 256 pixels; 0 means equal.",
    "printed_ssim": "SSIM as printed: in DeblurGAN's paper probably CW-SSIM, in NAFNet's repository a "
    "three-dimensional SSIM, elsewhere mostly not stated. No difference to our columns is computed.",
    "mssim": "MSSIM is Wang's five-scale index as the benchmark's own code has it.",
    "kernel_error": "Kernel error is relative to that of a picture without blur: 1 is no better than a delta kernel.",
    "share_turning": "A share is the gain over the blurry pictures, divided by that of 30 updates of Richardson-Lucy "
    "with the true field.",
    "worst_gain": "The worst picture is the one that gained least; below 0, it became worse.",
    "aligned_psnr": "Aligned: after the shift, to a fraction of a pixel and of up to 8 pixels each way, at which the "
    "squared error is least; 12 pixels at each border are left out. The blurry picture has a best shift of its own.",
    "field_error": "The field error is the mean over pictures, divided by that of the best constant kernels: below 1 "
    "the field follows how the motion varies.",
    "identical": "Identical pairs have an infinite PSNR, before or after restoration; every mean leaves them out.",
    "seconds": "Seconds were measured on different machines, published ones on the authors'.",
}


def metric_name(metric: str) -> MetricName:
    """Name a metric; an unknown one is printed as it is called, with four digits and no best."""
    return KNOWN.get(metric, MetricName(metric.replace("_", " "), 4, more_is_better=None))
