"""What `deblur score-kohler` takes, prints and writes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def score_kohler(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER", help="Restored pictures NAME1_1.png to NAME4_12.png (8-bit RGB), one folder a method."
        ),
    ],
    data: Annotated[
        Path, typer.Option(metavar="FOLDER", help="The benchmark: its archives unpacked, .mat files, or flat.")
    ],
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the archives (many GB) into the data folder first.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Threads; default: all cores that OMP_NUM_THREADS allows."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one row a picture.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the printed tables.")] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write everything, the scores of each frame included.")
    ] = None,
) -> None:
    """Score restored Köhler pictures by the official protocol."""
    from deblur_lightning.commands.score_kohler.scores import score_folders
    from deblur_lightning.commands.score_kohler.tables import as_csv, as_json, tables
    from deblur_lightning.data.kohler.data_module import download_kohler
    from deblur_lightning.whole_file import whole_file

    if download:
        download_kohler(data)
    methods = score_folders(folders, data, jobs, lambda said: typer.echo(said, err=True))
    for path, content in ((csv, as_csv(methods)), (markdown, tables(methods, "github")), (json, as_json(methods))):
        if path:
            with whole_file(path) as part:
                part.write_text(content, encoding="utf-8")
    typer.echo(tables(methods), nl=False)
