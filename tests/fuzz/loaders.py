"""Feed damaged photos, lists of pairs and checkpoints to their loaders: each must be read or refused in one sentence.

``python tests/fuzz/loaders.py --seconds 60`` prints its seed and, at a finding, keeps the file that shows it.
The loaders run in a child process, so that a crash or a hang of a decoder is a finding as well.
"""

import argparse
import contextlib
import io
import itertools
import json
import multiprocessing
import random
import resource
import secrets
import sys
import tempfile
import time
import traceback
from pathlib import Path

import cv2
import numpy as np
import tifffile
import torch
from PIL import Image
from safetensors.torch import save

from deblur_lightning.checkpoints import load_published
from deblur_lightning.checkpoints.own import as_lightning
from deblur_lightning.data.frames import CorruptFrameError, frame_size, read_frame
from deblur_lightning.data.pairs.lists import pairs_of_list
from deblur_lightning.deblurring import DirectDeblurrer, describe, load_deblurrer
from deblur_lightning.networks import DeblurGANGenerator
from deblur_lightning.photos import PhotoRecord, photo_size, read_photo, write_photo

LOADERS = {
    ".txt": pairs_of_list, ".ckpt": load_deblurrer, ".safetensors": load_deblurrer, ".pkl": load_published,
    ".pth": load_published,
}  # fmt: skip
PATIENCE = 60  # seconds a file may take
MEMORY = 12 * 2**30  # bytes of address space a file may take
SPECIAL = (b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\1", b"\1\0")


def corpus(folder):
    """Write one whole file of every kind; return their contents by suffix and kind."""
    rng = np.random.default_rng(0)
    colour = Image.fromarray(rng.integers(0, 255, (24, 40, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[271], exif[274] = "Kamerawerk", 6
    whole = []
    for suffix in (".jpg", ".png", ".tif", ".webp", ".bmp", ".gif", ".jp2", ".avif", ".tga", ".ppm"):
        for mode in ("RGB", "L", "P", "RGBA", "CMYK"):
            file = io.BytesIO()
            with contextlib.suppress(OSError, KeyError, ValueError):
                colour.convert(mode).save(file, Image.registered_extensions()[suffix], exif=exif, dpi=(300, 300))
                whole.append((suffix, file.getvalue()))
    whole.extend((suffix, content) for suffix, content in with_words(colour))
    whole.extend((".tif", content) for content in tiffs(rng))
    whole.extend((suffix, content) for suffix, content in see_through(rng))
    whole.extend((".txt", content) for content in lists(folder))
    for suffix in (".png", ".tif"):
        write_photo(folder / f"deep{suffix}", torch.rand(1, 3, 20, 30), PhotoRecord(bits=16, dpi=(72, 72)))
        whole.append((suffix, (folder / f"deep{suffix}").read_bytes()))
    file = io.BytesIO()
    deblurrer = DirectDeblurrer(DeblurGANGenerator(2, 1))
    weights, recipe = deblurrer.state_dict(), describe(deblurrer)
    torch.save(as_lightning(weights, recipe), file)
    whole.append((".ckpt", file.getvalue()))
    whole.append((".safetensors", save(weights, {"deblurrer": json.dumps(recipe)})))
    whole.extend(authors_files())
    return whole


def with_words(picture):
    """Write pictures with XMP and IPTC, as photo programs do."""
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"><rdf:Description '
        b'xmp:Rating="3"><dc:subject><rdf:Bag><rdf:li>sea</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF>'
        b"</x:xmpmeta>"
    )
    entries = b"".join(
        bytes((28, 2, tag)) + len(text).to_bytes(2) + text for tag, text in ((5, b"Waves"), (25, b"sea"))
    )
    iptc = b"Photoshop 3.0\0008BIM\4\4\0\0" + len(entries).to_bytes(4) + entries
    for suffix in (".jpg", ".webp", ".avif"):
        file = io.BytesIO()
        picture.save(file, Image.registered_extensions()[suffix], xmp=packet)
        yield suffix, file.getvalue()
        if suffix == ".jpg":
            content = file.getvalue()
            yield suffix, content[:2] + b"\xff\xed" + (len(iptc) + 2).to_bytes(2) + iptc + content[2:]


def tiffs(rng):
    """Write TIFFs in the layouts that programs write: planes, tiles, strips, byte orders, depths, white as 0."""
    for dtype, channels, planar, byteorder in itertools.product(
        ("u1", "u2", "f4"), (1, 2, 3, 4, 5), ("contig", "separate"), "<>"
    ):
        pixels = (rng.random((20, 24, channels)) * 200).astype(dtype)
        for options in ({}, {"rowsperstrip": 7, "compression": "zlib", "predictor": dtype != "f4"}, {"tile": (16, 16)}):
            file = io.BytesIO()
            tifffile.imwrite(
                file, pixels.transpose(2, 0, 1) if planar == "separate" and channels > 1 else pixels.squeeze(),
                photometric="rgb" if channels > 2 else "miniswhite" if byteorder == ">" else "minisblack",
                planarconfig=planar if channels > 1 else None, byteorder=byteorder, bigtiff=channels == 4,
                extrasamples={2: ["unassalpha"], 4: ["assocalpha"], 5: ["unspecified", "unassalpha"]}.get(channels),
                metadata=None, **options,
            )  # fmt: skip
            yield file.getvalue()
    for compression in ("tiff_lzw", "packbits", "jpeg", "group4"):
        file = io.BytesIO()
        picture = Image.fromarray(rng.integers(0, 255, (24, 40, 3), dtype=np.uint8))
        picture.convert("1" if compression == "group4" else "RGB").save(file, "TIFF", compression=compression)
        yield file.getvalue()


def see_through(rng):
    """Write photos of which parts are wholly or partly transparent."""
    pixels = rng.integers(0, 256, (24, 40, 4), dtype=np.uint8)
    pixels[:5, :, 3], pixels[10:14, 8:20, 3] = 0, 0
    for suffix in (".png", ".webp", ".tif", ".avif"):
        for mode in ("RGBA", "LA", "P"):
            file = io.BytesIO()
            with contextlib.suppress(OSError, ValueError):
                Image.fromarray(pixels).convert(mode).save(file, Image.registered_extensions()[suffix])
                yield suffix, file.getvalue()
    write = cv2.imencode(".png", pixels.astype(np.uint16) * 257)[1]
    yield ".png", write.tobytes()


def lists(folder):
    """Write lists of pairs as people have them, and the pictures that they name."""
    for kind, number in itertools.product(("sharp", "blur", "my blur"), range(3)):
        (folder / kind).mkdir(exist_ok=True)
        Image.new("L", (8, 8)).save(folder / kind / f"{number} a.png")
    for between, first, second, encoding in itertools.product(
        (" ", "\t", ", "), ("sharp/", "sharp\\"), ("blur/", "my blur/"), ("utf-8", "utf-8-sig", "utf-16")
    ):
        rows = [f"{first}{number} a.png{between}{second}{number} a.png" for number in range(3)]
        yield "\r\n".join(rows).encode(encoding)


def authors_files():
    """Write the beginnings of published weights, small enough to be damaged in many places."""
    adaptive = {"inc_rgb.0.weight": torch.rand(8, 3, 3, 3), "inc_rgb.0.bias": torch.rand(8)}
    adaptive |= {f"kernel_up{stage}.up.weight": torch.rand(2, 2, 2, 2) for stage in range(1, 6)}
    adaptive |= {name: torch.rand(3, 8, 3, 3) for name in ("masks_end.4.weight", "kernels_end.4.weight")}
    generator = {"model.1.weight": torch.rand(4, 3, 7, 7), "model.1.bias": torch.rand(4)}
    generator |= {
        f"model.{10 + block}.conv_block.{place}.weight": torch.rand(2) for block in (0, 1) for place in (1, 6)
    }
    for weights in (adaptive, generator):
        for suffix, zipped in ((".pkl", True), (".pth", False)):
            file = io.BytesIO()
            torch.save(weights, file, _use_new_zipfile_serialization=zipped)
            yield suffix, file.getvalue()


def damage(content, random_, others):
    """Change a file in one to six places, most of them near its beginning, where the headers are."""
    data = bytearray(content)
    for _ in range(random_.randint(1, 6)):
        place = random_.randrange(min(len(data), random_.choice((64, 256, 10**9)))) if data else 0
        match random_.randrange(7):
            case 0:
                data[place : place + 1] = bytes([random_.randrange(256)])
            case 1:
                special = random_.choice(SPECIAL)
                data[place : place + len(special)] = special
            case 2:
                del data[place : place + random_.randint(1, 40)]
            case 3:
                data[place:place] = random_.randbytes(random_.randint(1, 40))
            case 4:
                data[place:place] = data[place : place + random_.randint(1, 400)]
            case 5:
                del data[random_.randrange(len(data) + 1) :]
            case 6:
                _, other = random_.choice(others)
                data[place:] = other[random_.randrange(len(other)) :]
    return bytes(data)


def attempt(path):
    """Load one file; return what is wrong with how that went, or None."""
    try:
        if path.suffix in LOADERS:
            LOADERS[path.suffix](path)
            return None
        if fault := frame_fault(path):
            return fault
        image, record = read_photo(path)
        if photo_size(path) != tuple(image.shape[:1:-1]):
            return f"{photo_size(path)} by its header, but {list(image.shape)} when read"
    except (ValueError, OSError) as error:
        sentence = str(error)
        return None if sentence.startswith(str(path)) and "\n" not in sentence else f"an unclear error: {sentence!r}"
    except BaseException:  # noqa: BLE001 - everything else is what we look for
        return traceback.format_exc()
    if image.ndim != 4 or image.shape[1] not in (1, 3) or not 0 <= image.min() <= image.max() <= 1:
        return f"read as {list(image.shape)} from {image.min()} to {image.max()}"
    if image.numel() < 10**6:
        for name in ("again.png", "again.jpg", "again.tif"):
            write_photo(path.with_name(name), image, record.for_name(name))
    return None


def frame_fault(path):
    """Read a picture as data modules do; return what is wrong with how that went, or None."""
    for read in (frame_size, read_frame):
        try:
            read(path)
        except CorruptFrameError as error:
            sentence = str(error)
            if not sentence.startswith(str(path)) or "\n" in sentence:
                return f"an unclear error of {read.__name__}: {sentence!r}"
            return None
    if read_frame(path).shape[1::-1] != frame_size(path):
        return f"{frame_size(path)} by its header, but {read_frame(path).shape} when decoded"
    return None


def work(folder, seed, first, seconds, count, whole, queue):
    """Damage and load files until time or count is over; tell each one's number before and its fault after."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    torch.set_num_threads(1)
    until = time.monotonic() + seconds
    kinds = sorted({suffix for suffix, _ in whole})
    for number in range(first, count):
        if time.monotonic() > until:
            break
        random_ = random.Random(f"{seed} {number}")  # noqa: S311 - a repeatable seed is wanted
        suffix = random_.choice(kinds)
        content = random_.choice([content for kind, content in whole if kind == suffix])
        path = folder / f"damaged{suffix}"
        path.write_bytes(damage(content, random_, whole))
        queue.put((number, suffix, None))
        if fault := attempt(path):
            queue.put((number, suffix, fault))
            return
    queue.put((None, None, None))


def fuzz(seconds, count, seed, keep):
    """Return the number of files tried and the faults found, each with the file kept."""
    context = multiprocessing.get_context("fork")
    faults, first, until = [], 0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = corpus(folder)
        while first < count and time.monotonic() < until:
            queue = context.SimpleQueue()
            child = context.Process(
                target=work, args=(folder, seed, first, until - time.monotonic(), count, whole, queue)
            )
            child.start()
            number, suffix, fault, spoke = first, None, None, time.monotonic()
            while number is not None and fault is None:
                if not queue.empty():
                    number, suffix, fault = queue.get()
                    spoke = time.monotonic()
                    first = first if number is None else number + 1
                elif not child.is_alive() and queue.empty():
                    fault = f"the process died with {child.exitcode}"
                elif time.monotonic() - spoke > PATIENCE:
                    fault = f"no answer within {PATIENCE} s"
                else:
                    time.sleep(0.001)
            child.kill()
            child.join()
            if fault is None:
                break
            keep.mkdir(parents=True, exist_ok=True)
            kept = keep / f"{seed}-{first - 1}{suffix}"
            kept.write_bytes((folder / f"damaged{suffix}").read_bytes())
            faults.append((kept, fault))
    return first, faults


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--count", type=int, default=10**9, help="files at most")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", type=Path, default=Path("results/fuzz"), help="folder for files that show a fault")
    arguments = parser.parse_args(argv)
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    sys.stdout.write(f"seed {seed}\n")
    tried, faults = fuzz(arguments.seconds, arguments.count, seed, arguments.keep)
    for kept, fault in faults:
        sys.stdout.write(f"{kept}: {fault}\n")
    sys.stdout.write(f"{tried} damaged files, {len(faults)} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
