"""Serve the live page: a photo goes in, its restored version and its motion field come out."""

from __future__ import annotations

import logging
import mimetypes
import socket
from typing import TYPE_CHECKING
from urllib.parse import quote

from deblur_lightning.commands.demo.desk import Busy, PhotoDesk
from deblur_lightning.commands.demo.jobs import Cancelled, Job, Queue
from deblur_lightning.commands.demo.requests import SENT_AS, Refused, taken_body, while_wanted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from os import PathLike, stat_result

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Scope

LOOPBACK = ("127.0.0.1", "localhost", "::1")

MASK_BYTES = 4_000_000
"""The largest mask taken; the page's are a tenth of that."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def build_demo(desk: PhotoDesk, models: Mapping[str, str], host: str = LOOPBACK[0]) -> Starlette:
    """Build the web application.

    ``GET /`` is the page. ``POST /restore?name=…&model=…&job=…`` takes a photo's bytes and answers with its record, or
    with ``photo=SLUG`` instead of a name takes none and restores that photo once more; whoever hangs up cancels.
    ``GET /progress?job=…`` tells how far that is. ``POST /save?photo=…&version=…&strength=…`` takes a mask or nothing
    and answers with the full-size file. ``/photos/`` has the files that records name. A refusal is
    ``{"error": sentence}``.

    Args:
        desk: restores the photos.
        models: what people read of each model, by its name on the desk.
        host: where it listens; on loopback, only requests to loopback names are answered.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.responses import Response as Plain
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    from deblur_lightning.photos import heic
    from deblur_lightning.photos.formats import READ, READ_SUFFIXES
    from deblur_lightning.reports.page import render_demo

    mimetypes.add_type("image/webp", ".webp")
    desk.folder.mkdir(parents=True, exist_ok=True)
    megabytes, megapixels = (f"{limit / 1e6:.4g}" for limit in desk.limits)
    taken = f"{', '.join(READ)}; up to {megabytes} MB and {megapixels} megapixels."
    suffixes = READ_SUFFIXES | {*heic.SUFFIXES}  # where HEIC is not read, the remedy is said
    page, queue = render_demo(models, taken, desk.limits.size, suffixes), Queue()

    class Unkept(StaticFiles):
        """Files that neither a browser nor another site keeps."""

        def file_response(
            self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
        ) -> Response:
            response = super().file_response(full_path, stat_result, scope, status_code)
            response.headers.update(HEADERS)
            return response

    def refuse(status: int, sentence: str) -> Response:
        return JSONResponse({"error": sentence}, status, {**HEADERS, "Connection": "close"})

    async def answer(request: Request, name: str, most: int, work: Callable[[bytes], Awaitable[Response]]) -> Response:
        """Take a body and answer with what the work makes of it, or with why not."""
        try:
            return await work(await taken_body(request, name, most))
        except Refused as error:
            return refuse(error.status, str(error))
        except Busy as error:
            return refuse(503, str(error))
        except Cancelled as error:
            return refuse(409, str(error))
        except ValueError as error:
            return refuse(422, str(error))
        except OSError as error:  # of the disk that photos are kept on, for they come from none
            why = error.strerror or "it is full"
            return refuse(507, f"The disk where the demo runs takes no file ({why}). Free space there, and try again.")
        except Exception as error:  # of a model of one's own
            logging.getLogger("uvicorn.error").exception("%s failed", name)
            return refuse(500, f"{name} failed: {type(error).__name__}: {error}. Where the demo runs stands more.")

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page, headers=HEADERS)

    async def restore(request: Request) -> Response:
        asked = request.query_params
        name, slug, model, key = (asked.get(one, "") for one in ("name", "photo", "model", "job"))
        job = Job(name or "The photo")

        async def work(data: bytes) -> Response:
            if slug:
                doing = run_in_threadpool(desk.show_again, slug, model, job)
            else:
                doing = run_in_threadpool(desk.show, name or "photo", data, model, job)
            key_or_own = key[:64] or str(id(job))
            queue.add(key_or_own, job)
            try:
                shown = await while_wanted(request, job, doing)
            finally:
                queue.remove(key_or_own, job)
            return JSONResponse(shown._asdict(), headers=HEADERS)

        return await answer(request, name or "photo", desk.limits.size, work)

    async def progress(request: Request) -> Response:
        told = queue.told(request.query_params.get("job", "")[:64])
        return JSONResponse(told, headers=HEADERS)  # null before it came and after it is done

    async def save(request: Request) -> Response:
        asked = request.query_params

        async def work(mask: bytes) -> Response:
            try:
                strength = float(asked.get("strength", "1"))
            except ValueError as error:
                raise ValueError(f"strength is {asked['strength']}, but it is a number. Pass 0 to 1.") from error
            slug, version = asked.get("photo", ""), asked.get("version", "")
            name, data = await run_in_threadpool(desk.save, slug, version, strength, mask)
            named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
            kind = mimetypes.guess_type(name)[0] or SENT_AS
            return Plain(data, headers={**HEADERS, **named}, media_type=kind)

        return await answer(request, "mask", MASK_BYTES, work)

    names = ["127.0.0.1", "localhost", "::1", "[::1]"] if host in LOOPBACK else ["*"]
    return Starlette(
        routes=[
            Route("/", show_page),
            Route("/restore", restore, methods=["POST"]),
            Route("/progress", progress),
            Route("/save", save, methods=["POST"]),
            Mount("/photos", Unkept(directory=desk.folder)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)],
    )


def listen(host: str, port: int) -> socket.socket:
    """Take a port, so that a taken one is known before the model is loaded.

    Args:
        host: a name or address of this machine.
        port: 0 takes any free one.

    Raises:
        OSError: why it cannot be had, and the remedy.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise OSError(f"port {port} of {host} cannot be used: {reason}. Pass another --port or --host.") from error


def serve_demo(application: Starlette, taken: socket.socket) -> None:
    """Answer requests until the process is told to stop (Ctrl-C)."""
    import uvicorn

    config = uvicorn.Config(application, log_level="warning", limit_concurrency=64, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[taken])


def check_demo_installed() -> None:
    """Raise unless the web server's packages are there.

    Raises:
        ValueError: which one is missing, and how to install it.
    """
    import importlib.util

    for name in ("starlette", "uvicorn"):
        if importlib.util.find_spec(name) is None:
            raise ValueError(
                f"{name} is not installed, but the demo needs it. Run: pip install 'deblur-lightning[demo]'"
            )
