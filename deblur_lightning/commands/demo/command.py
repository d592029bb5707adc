"""What `deblur demo` takes and prints."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from deblur_lightning.commands._options import MODELS, above_zero

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deblur_lightning.deblurring import PhotoDeblurrer


def demo(
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]FILE",
            help=f"A model: {MODELS}. Repeat for several. Default: all bundled ones.",
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.", metavar="ADDRESS")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, metavar="PORT", help="Port to listen on; 0 takes any free one.")
    ] = 8000,
    megabytes: Annotated[float, typer.Option(callback=above_zero, metavar="N", help="Largest file accepted.")] = 40,
    megapixels: Annotated[float, typer.Option(callback=above_zero, metavar="N", help="Largest picture accepted.")] = 50,
) -> None:
    """Serve a local page that restores photos dropped on it.

    The page shows each photo restored, and its motion under the pointer. You set there how strongly and where to
    restore, and save the result at the photo's size, in its format, with its EXIF. It offers the bundled models, or
    those named by --checkpoint. Only this machine can open it, unless --host says otherwise. Nothing is kept after the
    command ends.
    """
    import tempfile
    from pathlib import Path

    from deblur_lightning.commands._progress import Console
    from deblur_lightning.commands.demo.desk import Limits, PhotoDesk
    from deblur_lightning.commands.demo.models import TOLD, BundledModels
    from deblur_lightning.commands.demo.server import check_demo_installed, listen, serve_demo
    from deblur_lightning.deblurring import find_named_checkpoints, load_named

    check_demo_installed()
    from deblur_lightning.commands.demo.site import build_demo, on_loopback
    from deblur_lightning.reports.page.pictures import BLURRY, SHARP

    checkpoints = find_named_checkpoints(checkpoint or (), taken=(BLURRY, SHARP))
    limits = Limits(int(megabytes * 1e6), int(megapixels * 1e6))
    with (
        Console() as console,
        listen(host, port) as taken,
        tempfile.TemporaryDirectory(prefix="deblur-demo-") as place,
    ):
        if checkpoint:
            methods: Mapping[str, PhotoDeblurrer] = load_named(checkpoints)
            told = {name: f"{name} ({path.name})" for name, (_, path) in zip(methods, checkpoints, strict=True)}
        else:
            methods, told = BundledModels(), TOLD
            methods[next(iter(methods))]
        desk = PhotoDesk(methods, Path(place) / "photos", limits)
        address, number = taken.getsockname()[:2]
        if not on_loopback(host):
            console.say("Everyone who can reach this machine can use the page, and see the photos that others drop.")
        console.say(
            f"Open http://{f'[{address}]' if ':' in address else address}:{number}/ in a browser. Stop with Ctrl-C."
        )
        with contextlib.suppress(KeyboardInterrupt):
            serve_demo(build_demo(desk, told, host), taken)
