"""Serve the live page: a photo goes in, its restored version and its motion field come out."""

from __future__ import annotations

import mimetypes
import socket
from typing import TYPE_CHECKING

from deblur_lightning.commands.demo.desk import Busy, PhotoDesk

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

LOOPBACK = ("127.0.0.1", "localhost", "::1")
SENT_AS = "application/octet-stream"
"""The only type taken: no other site's form or script can send it here unasked."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def build_demo(desk: PhotoDesk, model: str, host: str = LOOPBACK[0]) -> Starlette:
    """Build the web application.

    ``GET /`` is the page, ``POST /restore?name=…`` takes a photo's bytes and answers with its record, and
    ``/photos/`` has the files that records name. Refusals are ``{"error": sentence}``.

    Args:
        desk: restores the photos.
        model: what restores them, for people.
        host: where it listens; on loopback, only requests to loopback names are answered.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.requests import ClientDisconnect
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles

    from deblur_lightning.photos.formats import READ
    from deblur_lightning.reports.page import render_demo

    mimetypes.add_type("image/webp", ".webp")
    desk.folder.mkdir(parents=True, exist_ok=True)
    megabytes, megapixels = (f"{limit / 1e6:.4g}" for limit in desk.limits)
    page = render_demo(model, f"{', '.join(READ)}; up to {megabytes} MB and {megapixels} megapixels.")

    def refuse(status: int, sentence: str) -> Response:
        return JSONResponse({"error": sentence}, status, {**HEADERS, "Connection": "close"})

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page, headers=HEADERS)

    async def restore(request: Request) -> Response:
        name = request.query_params.get("name", "photo")
        too_large = f"{name} has more than {megabytes} MB, but no more is taken. Make it smaller first."
        if request.headers.get("content-type") != SENT_AS:
            return refuse(415, f"The request is no {SENT_AS}, but only that is taken. Send the photo's bytes as such.")
        told = request.headers.get("content-length", "")
        if told.isdecimal() and int(told) > desk.limits.size:
            return refuse(413, too_large)
        data = bytearray()
        try:
            async for chunk in request.stream():
                data += chunk
                if len(data) > desk.limits.size:
                    return refuse(413, too_large)
        except ClientDisconnect:
            return refuse(400, f"{name} was not sent to its end. Send it again.")
        try:
            shown = await run_in_threadpool(desk.show, name, bytes(data))
        except Busy as error:
            return refuse(503, str(error))
        except (ValueError, OSError) as error:
            return refuse(422, str(error))
        return JSONResponse(shown._asdict(), headers=HEADERS)

    names = ["127.0.0.1", "localhost", "::1", "[::1]"] if host in LOOPBACK else ["*"]
    return Starlette(
        routes=[
            Route("/", show_page),
            Route("/restore", restore, methods=["POST"]),
            Mount("/photos", StaticFiles(directory=desk.folder)),
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
        reason = getattr(error, "strerror", None) or error
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
