"""With what else are functions served? The same function by others, each in a process of its own.

functions-framework serves it with its own command and the server that this command chooses. The
bare endpoint is Starlette on uvicorn as the host uses them, without anything of the host.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.processes import answering, free_port, stopped

FUNCTION = """\
def handle(request):
    event = request.get_json()
    return {"event": event["event"]}
"""


@contextmanager
def functions_framework(folder: Path) -> Iterator[int]:
    """Serve with Google's functions-framework; give the port."""
    source = folder / "main.py"
    source.write_text(FUNCTION, "utf-8")
    port = free_port()
    program = Path(sys.executable).with_name("functions-framework")
    options = ("--source", str(source), "--target", "handle", "--host", "127.0.0.1")
    with _running([str(program), *options, "--port", str(port)], port):
        yield port


@contextmanager
def bare_endpoint() -> Iterator[int]:
    """Serve with Starlette alone; give the port."""
    port = free_port()
    options = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error")
    command = [sys.executable, "-m", "uvicorn", "benchmarks.rivals:bare", *options]
    with _running([*command, "--port", str(port)], port):
        yield port


async def handle(request: Request) -> Response:
    """Do what the measured function does."""
    event = json.loads(await request.body())
    return JSONResponse({"event": event["event"]})


bare = Starlette(routes=[Route("/", handle, methods=["POST"])])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    root = Path(__file__).resolve().parent.parent
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL)
    with stopped(process):
        answering(port, process)
        yield
