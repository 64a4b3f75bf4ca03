"""Who may ask: this machine alone, under its own name, and no page from anywhere else.

The page lets whoever opens it be anybody. A browser would carry out what a foreign page asks of `127.0.0.1`, and a name
of a foreign site may lead here: so the address, the `Host` and the `Origin` of each request are looked at.
"""

import json
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from bot.ports import HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""No script but our own files, none within the page, and nothing that makes markup of a text."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
JSON = "application/json; charset=utf-8"


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refused(request: HttpRequest, *, changes: bool) -> HttpResponse | None:
    """Refuse a request that is not this machine's own; None for one that is. `changes` is one that does something."""
    host = request.headers.get("host", "")
    if not (is_loopback(request.remote) and is_loopback(_name(host))):
        return HttpResponse(403, b"This page is for the machine it runs on.\n")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return HttpResponse(403, b"Another site may not use this page.\n")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return HttpResponse(403, b"Another site may not use this page.\n")
    # A form of a foreign page cannot send this type, and a script of one has to ask first.
    if changes and not request.headers.get("content-type", "").startswith(
        ("application/json", "application/octet")
    ):
        return HttpResponse(415, b"Send application/json.\n")
    return None


def _name(host: str) -> str:
    """Give the name in a `Host`, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def reply(data: object, status: int = 200) -> HttpResponse:
    """Answer with JSON."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return HttpResponse(status, body, JSON, HEADERS)


def body_of(request: HttpRequest) -> dict[str, Any]:
    """Read an object of JSON; raises ValueError for anything else."""
    try:
        data = json.loads(request.body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    match data:
        case dict():
            return data
        case _:
            raise ValueError("an object is needed")


def number(text: str | None, usual: int) -> int:
    """Read a number of a query; what is none counts as the usual one."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 12 else usual
