"""Time training steps and restored photos on a GPU.

python -m benchmarks.gpu
python -m benchmarks.gpu --only steps

A step is `AdaptiveBasisModule`'s with the published network (79.8 M parameters) at the sizes of
experiments/adaptive_basis/paper.yaml: network, both losses, backward, Adam. Photos go through `restore_photos`, as
`deblur restore` has it, once to warm up and once timed, the model loaded before. Memory is the most that tensors held,
weights included.
"""

import argparse
import gc
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import torch
from tabulate import tabulate
from torch.optim import Adam

from benchmarks.fields import random_field
from benchmarks.photos import shaken
from deblur_lightning.batch import Batch
from deblur_lightning.commands.restore import restore_photos
from deblur_lightning.deblurring import load_deblurrer
from deblur_lightning.deblurring.bundled import BUNDLED
from deblur_lightning.field import KernelField
from deblur_lightning.modules import AdaptiveBasisModule

SIDE, KERNEL, PICTURES, OBJECTS = 256, 33, 8, 4  # SyntheticBlurDataModule's, which the paper's experiment takes
STEPS = 10  # timed ones
WARM_UP = 3  # after the first, which also compiles
PRECISIONS: dict[str, tuple[bool, str, bool, bool]] = {  # TF32 in convolutions, matrix products, bfloat16, compiled
    "float32": (False, "highest", False, False),
    "float32, TF32 in convolutions (torch's default)": (True, "highest", False, False),
    "float32, TF32 also in matrix products": (True, "high", False, False),
    "bf16-mixed": (True, "highest", True, False),
    "bf16-mixed, compiled": (True, "highest", True, True),
}
PHOTOS = ((1280, 720), (4000, 3000))


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=("steps", "photos"), help="the one table; both by default")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no CUDA device, but this times one. Run it where torch.cuda.is_available().")
        sys.exit(1)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {torch.get_num_threads()} threads", flush=True)
    if arguments.only != "photos":
        print(f"\nA training step, {PICTURES} x {SIDE} x {SIDE}; the median of {STEPS}")
        print(tabulate([stepped(name) for name in PRECISIONS], "keys", tablefmt="github", floatfmt=".3f"), flush=True)
    if arguments.only != "steps":
        print("\nA photo restored, reading and writing included")
        rows = [row for size in PHOTOS for row in photographed(*size)]
        print(tabulate(rows, "keys", tablefmt="github", floatfmt=".2f"))


def stepped(name: str) -> dict[str, object]:
    """Train some steps in one precision."""
    gc.collect()  # what the one before held
    convolutions, products, bfloat16, compiled = PRECISIONS[name]
    torch.backends.cudnn.allow_tf32 = convolutions
    torch.set_float32_matmul_precision(products)
    torch.manual_seed(0)
    module = AdaptiveBasisModule(optimizer=partial(Adam, lr=1e-4)).cuda().train()
    module.log = lambda *_, **__: None
    optimizer, batch = module.configure_optimizers(), made_batch()
    if compiled:
        module.deblurrer.network.compile()
    torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(1 + WARM_UP + STEPS):
        torch.cuda.synchronize()
        began = time.perf_counter()
        with torch.autocast("cuda", torch.bfloat16, enabled=bfloat16):
            loss = module.training_step(batch, 0)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    assert loss.isfinite(), f"{name}: the loss is {loss.item()}"
    median, peak = statistics.median(seconds[-STEPS:]), torch.cuda.max_memory_allocated() / 1e9
    row = {"precision": name, "s a step": median, "peak GB": peak, "s more for the first": seconds[0] - median}
    print(row, file=sys.stderr, flush=True)
    return row


def made_batch() -> Batch:
    """Draw a batch of the shapes that training sees, on the GPU."""
    generator = torch.Generator().manual_seed(0)
    blurry, sharp = torch.rand(2, PICTURES, 3, SIDE, SIDE, generator=generator).cuda()
    scene = torch.rand(PICTURES, 3, SIDE + KERNEL - 1, SIDE + KERNEL - 1, generator=generator).cuda()
    field: KernelField = random_field(PICTURES, OBJECTS, KERNEL, SIDE, SIDE).to("cuda")
    weights, names = torch.ones(PICTURES, SIDE, SIDE).cuda(), [str(number) for number in range(PICTURES)]
    return {"blurry": blurry, "sharp": sharp, "scene": scene, "field": field, "weights": weights, "name": names}


def photographed(width: int, height: int) -> list[dict[str, object]]:
    """Restore a photo by each bundled model."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        photo, out = Path(folder) / "photo.png", Path(folder) / "out"
        whole = shaken(max(width * width * 3 / 4, height * height * 4 / 3) / 1e6)  # 4:3
        whole.crop((0, 0, width, height)).save(photo)
        for name in BUNDLED:
            model, marks = load_deblurrer(name), list[float]()
            model.register_forward_pre_hook(lambda *_, marks=marks: marks.append(time.perf_counter()))
            model.register_forward_hook(lambda *_, marks=marks: marks.append(time.perf_counter()))
            for _ in range(2):
                marks.clear()
                torch.cuda.reset_peak_memory_stats()
                report = restore_photos([photo], out, lambda model=model: model, overwrite=True)
                assert not report.failed, report.failed[0][1]
            times = {"s": report.seconds, "s in the model": marks[1] - marks[0]}
            peak = torch.cuda.max_memory_allocated() / 1e9
            rows.append({"photo": f"{width} x {height}", "model": name, **times, "peak GB": peak})
            print(rows[-1], file=sys.stderr, flush=True)
    return rows


if __name__ == "__main__":
    main()
