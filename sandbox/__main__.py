"""`python -m sandbox [--port 9900] [--json]`."""

from __future__ import annotations

import argparse
import sys

from sandbox.serving import PortTaken, serve


def main() -> int:
    """Serve until interrupted; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="sandbox",
        description="Local Optimizely and Brevo on the loopback address.",
    )
    parser.add_argument("--port", type=_port, default=9900, help="0 takes a free one")
    parser.add_argument("--json", action="store_true", help="print addresses and credentials")
    given = parser.parse_args()
    try:
        serve(given.port, as_json=given.json)
    except PortTaken as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give 0 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
