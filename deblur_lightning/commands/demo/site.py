"""The live page as a web application: a photo goes in, its restored version and its motion field come out.

Imports the extra ``demo``, see `check_demo_installed`.
"""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from os import PathLike, stat_result
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from deblur_lightning.commands.demo.desk import Busy, PhotoDesk
from deblur_lightning.commands.demo.jobs import Cancelled, Job, Queue
from deblur_lightning.commands.demo.requests import SENT_AS, Refused, taken_body, while_wanted
from deblur_lightning.photos import heic
from deblur_lightning.photos.formats import READ, READ_SUFFIXES
from deblur_lightning.reports.page import render_demo

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
"""Names by which a machine calls itself."""

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
    mimetypes.add_type("image/webp", ".webp")
    desk.folder.mkdir(parents=True, exist_ok=True)
    site = _Site(desk, models)
    names = [*LOOPBACK, host] if on_loopback(host) else ["*"]
    return Starlette(
        routes=[
            Route("/", site.show_page),
            Route("/restore", site.restore, methods=["POST"]),
            Route("/progress", site.progress),
            Route("/save", site.save, methods=["POST"]),
            Mount("/photos", _Unkept(directory=desk.folder)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=names, www_redirect=False)],
    )


def on_loopback(host: str) -> bool:
    """Tell whether a host's name or address is this machine's own, which no other machine reaches."""
    if host in LOOPBACK:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False


class _Site:
    """What each address of `build_demo` answers."""

    def __init__(self, desk: PhotoDesk, models: Mapping[str, str]) -> None:
        megabytes, megapixels = (f"{limit / 1e6:.4g}" for limit in desk.limits)
        taken = f"{', '.join(READ)}; up to {megabytes} MB and {megapixels} megapixels."
        suffixes = READ_SUFFIXES | {*heic.SUFFIXES}  # where HEIC is not read, the remedy is said
        self.desk, self.queue = desk, Queue()
        self.page = render_demo(models, taken, desk.limits.size, suffixes)

    async def show_page(self, _: Request) -> Response:
        return HTMLResponse(self.page, headers=HEADERS)

    async def restore(self, request: Request) -> Response:
        asked = request.query_params
        name, slug, model, key = (asked.get(one, "") for one in ("name", "photo", "model", "job"))
        job = Job(name or "The photo")

        async def work(data: bytes) -> Response:
            if slug:
                doing = run_in_threadpool(self.desk.show_again, slug, model, job)
            else:
                doing = run_in_threadpool(self.desk.show, name or "photo", data, model, job)
            key_or_own = key[:64] or str(id(job))
            self.queue.add(key_or_own, job)
            try:
                shown = await while_wanted(request, job, doing)
            finally:
                self.queue.remove(key_or_own, job)
            return JSONResponse(shown._asdict(), headers=HEADERS)

        return await _answered(request, name or "photo", self.desk.limits.size, work)

    async def progress(self, request: Request) -> Response:
        told = self.queue.told(request.query_params.get("job", "")[:64])
        return JSONResponse(told, headers=HEADERS)  # null before it came and after it is done

    async def save(self, request: Request) -> Response:
        asked = request.query_params

        async def work(mask: bytes) -> Response:
            try:
                strength = float(asked.get("strength", "1"))
            except ValueError as error:
                raise ValueError(f"strength is {asked['strength']}, but it is a number. Pass 0 to 1.") from error
            slug, version = asked.get("photo", ""), asked.get("version", "")
            name, data = await run_in_threadpool(self.desk.save, slug, version, strength, mask)
            named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
            kind = mimetypes.guess_type(name)[0] or SENT_AS
            return Response(data, headers={**HEADERS, **named}, media_type=kind)

        return await _answered(request, "mask", MASK_BYTES, work)


class _Unkept(StaticFiles):
    """Files that neither a browser nor another site keeps."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(HEADERS)
        return response


async def _answered(request: Request, name: str, most: int, work: Callable[[bytes], Awaitable[Response]]) -> Response:
    """Take a body and answer with what the work makes of it, or with why not."""
    try:
        return await work(await taken_body(request, name, most))
    except Refused as error:
        return _refusal(error.status, str(error))
    except Busy as error:
        return _refusal(503, str(error))
    except Cancelled as error:
        return _refusal(409, str(error))
    except ValueError as error:
        return _refusal(422, str(error))
    except OSError as error:  # of the disk that photos are kept on, for they come from none
        why = error.strerror or "it is full"
        return _refusal(507, f"The disk where the demo runs takes no file ({why}). Free space there, and try again.")
    except Exception as error:  # of a model of one's own
        logging.getLogger("uvicorn.error").exception("%s failed", name)
        return _refusal(500, f"{name} failed: {type(error).__name__}: {error}. Where the demo runs stands more.")


def _refusal(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status, {**HEADERS, "Connection": "close"})
