"""Time `deblur restore` as a whole: photos of several sizes, one and two threads, on an idle machine and a busy one.

python -m benchmarks.photos --checkpoint learned --megapixels 0.9 3 12
python -m benchmarks.photos --megapixels 12 --threads 2 --busy 0 --length 40 --suffix .jpg

Each time is of a process, start, reading and writing included; the ratio is to one thread on the idle machine. Busy
means that another process computes all the time, with one thread.
"""

import argparse
import contextlib
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from tabulate import tabulate

from deblur_lightning.data.scenes.wheel_photos import wheel_photo
from deblur_lightning.physics import kernels_along, shake_trajectories, to_linear

BUSY = """
import os, torch
torch.set_num_threads(1)
a, parent = torch.rand(512, 512), os.getppid()
while os.getppid() == parent:  # not longer than who started it
    a = (a @ a).tanh()
"""
RATIO = 4 / 3  # width to height


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos", description=__doc__.partition("\n")[0])
    parser.add_argument("--checkpoint", nargs="+", default=["blind"], help="models, as of deblur restore")
    parser.add_argument("--megapixels", nargs="+", type=float, default=[0.9, 3.0, 12.0])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--busy", nargs="+", type=int, choices=(0, 1), default=[0, 1], help="busy processes beside")
    parser.add_argument("--length", type=int, default=10, help="how far the shake reaches, in pixels from end to end")
    parser.add_argument(
        "--suffix", choices=(".jpg", ".png"), default=".png", help="format of the photo, and of what is made of it"
    )
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for megapixels in arguments.megapixels:
            photo = Path(folder) / f"{megapixels:g}{arguments.suffix}"
            shaken(megapixels, arguments.length).save(photo, quality=95)
            for name in arguments.checkpoint:
                row: dict[str, object] = {"megapixels": megapixels, "model": name}
                first = math.nan
                for beside in arguments.busy:
                    for threads in arguments.threads:
                        with busy(beside):
                            seconds = restored(photo, name, threads)
                        first = seconds if math.isnan(first) else first
                        place = f"{threads} thread{'s' * (threads > 1)}, {'busy' if beside else 'idle'}"
                        row[place] = f"{seconds:.1f} s ({seconds / first:.2f})"
                rows.append(row)
                print(tabulate(rows, "keys", tablefmt="github"), flush=True)


def shaken(megapixels: float, length: int) -> Image.Image:
    """Shake the camera before a photograph repeated to a size; noise of 1%."""
    generator = torch.Generator().manual_seed(0)
    path = shake_trajectories(1, generator=generator)
    kernel = kernels_along(path * ((length - 1) / (path.amax(1) - path.amin(1)).max()), 2 * length + 1)[0]
    height = round(math.sqrt(megapixels * 1e6 / RATIO))
    width, margin = round(height * RATIO), 2 * length
    photo = torch.from_numpy(wheel_photo("coffee").copy()).permute(2, 0, 1).float() / 255
    rows, columns = (torch.arange(side + margin) for side in (height, width))
    mirrored = torch.cat((photo, photo.flip(2)), dim=2)
    mirrored = torch.cat((mirrored, mirrored.flip(1)), dim=1)
    scene = mirrored[:, rows[:, None] % mirrored.shape[1], columns % mirrored.shape[2]][None]
    light = F.conv2d(to_linear(scene).transpose(0, 1), kernel[None, None]).transpose(0, 1)
    noisy = (light + 0.01 * torch.randn(light.shape, generator=generator)).clamp(0, 1) ** (1 / 2.2)
    return Image.fromarray((noisy[0] * 255).round().byte().permute(1, 2, 0).numpy())


def restored(photo: Path, checkpoint: str, threads: int) -> float:
    """Restore a photo, and tell how many seconds it took."""
    out = photo.with_name("out")
    deblur = Path(sys.executable).with_name("deblur")
    command = [str(deblur), "restore", str(photo), "--checkpoint", checkpoint]
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own command; what it complains of is shown
        [*command, "--output", str(out), "--overwrite"],
        check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": str(threads)},
    )  # fmt: skip
    return time.perf_counter() - began


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """Let other processes compute meanwhile."""
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]  # noqa: S603 - our own
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


if __name__ == "__main__":
    main()
