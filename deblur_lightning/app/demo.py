"""serve a page on this machine: drop a photo, see it restored, and its motion under the pointer.

The page is for this machine alone unless --host says otherwise. Large photos are shown smaller; nothing is kept
after the command ends.
"""

from __future__ import annotations

import argparse
import contextlib

from deblur_lightning.app._arguments import add_named_checkpoints, positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what `deblur demo` takes."""
    add_named_checkpoints(parser)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; 0.0.0.0 lets others in (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free one (8000)")
    parser.add_argument("--megabytes", type=positive, default=40, help="of the largest file taken (40)")
    parser.add_argument("--megapixels", type=positive, default=50, help="of the largest picture taken (50)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    import tempfile
    from pathlib import Path

    from deblur_lightning.jobs.checkpoint_paths import find_named_checkpoints
    from deblur_lightning.jobs.demo import LOOPBACK, build_demo, check_demo_installed, listen, serve_demo
    from deblur_lightning.jobs.demo_photos import Limits, PhotoDesk
    from deblur_lightning.jobs.load_methods import load_methods
    from deblur_lightning.jobs.progress import Console

    check_demo_installed()
    checkpoints = find_named_checkpoints(arguments.checkpoint)
    limits = Limits(int(arguments.megabytes * 1e6), int(arguments.megapixels * 1e6))
    with (
        Console() as console,
        listen(arguments.host, arguments.port) as taken,
        tempfile.TemporaryDirectory(prefix="deblur-demo-") as place,
    ):
        methods = load_methods(checkpoints)
        model = ", ".join(f"{name} ({path.name})" for name, (_, path) in zip(methods, checkpoints, strict=True))
        desk = PhotoDesk(methods, Path(place) / "photos", limits)
        host, port = taken.getsockname()[:2]
        if arguments.host not in LOOPBACK:
            console.say("Everyone who reaches this machine can use the page, and see the photos that others drop.")
        console.say(f"Open http://{f'[{host}]' if ':' in host else host}:{port}/ in a browser. Stop with Ctrl-C.")
        with contextlib.suppress(KeyboardInterrupt):
            serve_demo(build_demo(desk, model, arguments.host), taken)
    return 0
