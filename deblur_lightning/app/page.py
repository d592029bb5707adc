"""write the page of results: tables, figures, and pictures with a divider and a kernel under the pointer.

Without photos it gathers what there is. With photos it restores them by each model and adds them first. The page is
OUT/index.html with OUT/figures/ and OUT/page/ beside it; copy the three together, it needs no network. Photos beyond
1.5 megapixels are halved first. To drop a picture, remove its folder from OUT/page/ and write the page again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from deblur_lightning.app._arguments import add_named_checkpoints


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur page` takes."""
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help="photos to add, or folders of photos")
    add_named_checkpoints(parser)
    parser.add_argument(
        "--sharp", type=Path, help="the true picture of one photo; or a folder of true pictures under the photos' names"
    )
    parser.add_argument("--dataset", default="photo", metavar="NAME", help="what the photos are listed under (photo)")
    parser.add_argument("--store", type=Path, default=Path("results/results.jsonl"), help="where evaluations are kept")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="folder to write to (default: the store's)")


def run(arguments: argparse.Namespace) -> int:
    """Write the page; the status is 1 if any photo failed."""
    from deblur_lightning.jobs.checkpoint_paths import find_named_checkpoints
    from deblur_lightning.jobs.page import add_photos, write_page
    from deblur_lightning.jobs.progress import Console

    output = arguments.output or arguments.store.parent
    failed: list[str] = []
    with Console() as console:
        if arguments.photos:
            checkpoints = find_named_checkpoints(arguments.checkpoint)
            failed = add_photos(
                arguments.photos, checkpoints, output, arguments.sharp, arguments.dataset, console.say, console.watch
            )
        console.say(f"Page: {write_page(output, arguments.store)}")
        for reason in failed:
            console.complain(f"failed: {reason}")
    return 1 if failed else 0
