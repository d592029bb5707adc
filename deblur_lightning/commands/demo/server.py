"""Where the live page is served: a port of this machine, taken before the models are loaded."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette


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
