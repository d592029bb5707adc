"""Which tables there are: the sample benchmark, both methods on both benchmarks, and the papers' own."""

from deblur_lightning.reports.tables import Layout, Score

SAMPLE, GOPRO_SAMPLE, GOPRO, KOHLER = "sample", "gopro-sample", "GoPro", "Köhler"
BSDS500 = "BSDS500 windows"

DEBLURGAN = "Kupyn et al. 2018"
DEBLURGAN_V2 = "Kupyn et al. 2019"
AUTHORS_WEIGHTS = "earlier report"
ADAPTIVE = "Carbajal et al. 2021"
CLASSICAL = "table in FWen/deblur-pmp"
QUOTED = "quoted by a secondary source"
MODERN = ("NAFNet", "MIMO-UNet", "MPRNet", "AdaRevD", "Restormer", "Stripformer", "FFTformer")

DEBLURGAN_TRAININGS = ("DeblurGAN WILD", "DeblurGAN Synth", "DeblurGAN Comb")

GOPRO_SCORES = tuple(Score(GOPRO, metric) for metric in ("psnr", "ssim", "ssim_valid", "cw_ssim", "printed_ssim"))

KNOWN_MOTION = (
    "psnr", "gain", "share_turning", "share_objects", "share_still", "worst_gain", "field_error", "regions",
)  # fmt: skip

CATALOGUE = (
    Layout(
        "sample",
        "Sample benchmark: built-in photographs, known motion fields",
        tuple(Score(SAMPLE, metric) for metric in KNOWN_MOTION),
        note="Made and measured on this machine. Published numbers are on other data: see the tables below.",
    ),
    Layout(
        "bsds500-windows",
        "BSDS500's test photographs, known motion fields",
        tuple(Score(BSDS500, metric) for metric in KNOWN_MOTION),
        note="Made and measured on this machine, by `deblur benchmark --photos`; there are no published scores.",
    ),
    Layout(
        "gopro-sample",
        "GoPro-like sample: averaged frames of a moving built-in photograph",
        tuple(Score(GOPRO_SAMPLE, metric) for metric in ("psnr", "ssim", "ssim_valid", "cw_ssim", "blurry_psnr")),
        note="Made and measured on this machine, by `deblur sample-gopro`; it is not GoPro.",
    ),
    Layout(
        "both-benchmarks",
        "Both methods on Köhler and GoPro",
        (Score(KOHLER, "psnr"), Score(KOHLER, "mssim"), *GOPRO_SCORES),
        (AUTHORS_WEIGHTS, ADAPTIVE),
        note="Published rows are from an earlier report, which its own per-image files contradict: they are no target.",
    ),
    Layout(
        "deblurgan-table1",
        "DeblurGAN's Table 1: GoPro",
        (*GOPRO_SCORES, Score(GOPRO, "seconds")),
        (DEBLURGAN,),
    ),
    Layout(
        "deblurgan-table2",
        "DeblurGAN's Table 2: Köhler",
        (Score(KOHLER, "psnr"), Score(KOHLER, "mssim")),
        (DEBLURGAN,),
    ),
    Layout(
        "kohler",
        "Köhler, with the classical uniform-kernel methods",
        (Score(KOHLER, "psnr"), Score(KOHLER, "mssim")),
        (CLASSICAL, ADAPTIVE, AUTHORS_WEIGHTS, DEBLURGAN, DEBLURGAN_V2),
        methods=("blurry",),
        note="Classical methods assume one kernel for the whole picture, and beat both methods' published scores.",
    ),
    Layout(
        "gopro",
        "GoPro, with newer networks",
        GOPRO_SCORES,
        (QUOTED, DEBLURGAN_V2, *MODERN),
        methods=("blurry", *DEBLURGAN_TRAININGS),
    ),
)
