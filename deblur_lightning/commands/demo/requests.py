"""What comes in over the network: bodies no larger than said, and senders who may hang up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.requests import Request

    from deblur_lightning.commands.demo.jobs import Job

SENT_AS = "application/octet-stream"
"""The only type taken: no other site's form or script can send it here unasked."""

ASKED_EVERY = 0.5
"""Seconds after which a sender is looked for again."""

Answer = TypeVar("Answer")


class Refused(Exception):
    """A request that is answered by a status and a sentence, before any work."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def taken_body(request: Request, name: str, most: int) -> bytes:
    """Read a request's body.

    Args:
        request: from anywhere.
        name: what is sent, for people.
        most: its largest size in bytes.

    Raises:
        Refused: another type, a larger body, or one that ended early.
    """
    from starlette.requests import ClientDisconnect

    too_large = f"{name} has more than {most / 1e6:.4g} MB, but no more is taken. Make it smaller first."
    if request.headers.get("content-type") != SENT_AS:
        raise Refused(415, f"The request is no {SENT_AS}, but only that is taken. Send the photo's bytes as such.")
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise Refused(413, too_large)
    data = bytearray()
    try:
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                raise Refused(413, too_large)
    except ClientDisconnect as error:
        raise Refused(400, f"{name} was not sent to its end. Send it again.") from error
    return bytes(data)


async def while_wanted(request: Request, job: Job, doing: Coroutine[None, None, Answer]) -> Answer:
    """Wait for a job's work, and cancel the job once its sender has hung up.

    Raises:
        Refused: the server stops meanwhile.
    """
    work = asyncio.ensure_future(doing)
    try:
        while not work.done():
            await asyncio.wait({work}, timeout=ASKED_EVERY)
            if not work.done() and await request.is_disconnected():
                job.cancel()
    except asyncio.CancelledError as error:
        job.cancel()
        raise Refused(503, f"{job.name} was not restored: the server was stopped.") from error
    return work.result()
