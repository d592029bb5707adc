"""What `deblur score-kohler` takes, prints and writes."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from deblur_lightning.commands._options import Store
from deblur_lightning.commands._output_paths import check_file, check_folder_writable
from deblur_lightning.commands._photo_paths import expand_patterns
from deblur_lightning.commands._saying import say
from deblur_lightning.reports.results import STORE


def score_kohler(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER", help="Restored pictures NAME1_1.png to NAME4_12.png (8-bit RGB); one folder per method."
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="The benchmark: archives unpacked, .mat files, or all files in one folder."
        ),
    ],
    download: Annotated[
        bool, typer.Option("--download", help="Fetch the archives (many GB) into the data folder first.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Number of threads; default: all cores that OMP_NUM_THREADS allows."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one row per picture.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the printed tables.")] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write everything, including each frame's scores.")
    ] = None,
    store: Store = STORE,
) -> None:
    """Score restored Köhler pictures by the official protocol.

    The means are added to the results store under the folders' names, for `deblur tables`.
    """
    from deblur_lightning.commands.score_kohler.scores import score_folders
    from deblur_lightning.commands.score_kohler.tables import as_csv, as_json, tables
    from deblur_lightning.data.kohler.data_module import download_kohler
    from deblur_lightning.data.kohler.files import kohler_name
    from deblur_lightning.reports.results import Result, append_result, check_store, device_name, source_commit
    from deblur_lightning.whole_file import write_text

    for output in filter(None, (csv, markdown, json)):
        check_file(output, overwrite=True)
        check_folder_writable(output.parent)
    check_store(store)
    if download:
        download_kohler(data)
    started = time.monotonic()
    methods = score_folders(expand_patterns(folders), data, jobs, lambda said: say(said, err=True))
    seconds = (time.monotonic() - started) / sum(len(method.scores) for method in methods)
    for path, content in ((csv, as_csv(methods)), (markdown, tables(methods, "github")), (json, as_json(methods))):
        if path:
            write_text(path, content)
    for method in methods:
        append_result(
            Result(
                method=method.method,
                dataset=kohler_name(data, len(method.scores)),
                metrics=method.means(),
                pictures=len(method.scores),
                seconds=round(seconds * len(method.scores), 3),  # its share: folders are scored together
                config=shlex.join(["deblur", "score-kohler", str(method.folder), "--data", str(data)]),
                commit=source_commit(),
                device=device_name("cpu"),
                restores=False,
            ),
            store,
            method.rows(),
        )
    say(tables(methods), nl=False)
    say(f"Stored: {store}. See `deblur tables`.")
