"""The page's own files, read once, and those that people send."""

import gzip
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.web.guard import HEADERS
from bot.ports import Attached, File, HttpRequest, HttpResponse

FOLDER = Path(__file__).parent / "page"
TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
PART = 65_536


@dataclass(frozen=True, slots=True)
class Page:
    """A file of the page, as it is and packed."""

    type: str
    body: bytes
    packed: bytes


def pages() -> Mapping[str, Page]:
    """Read the files of the page, by their names."""
    read = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}
    return {
        name: Page(TYPES[Path(name).suffix], body, gzip.compress(body, mtime=0))
        for name, body in read.items()
    }


def page(found: Page | None, request: HttpRequest) -> HttpResponse:
    """Serve a file of the page."""
    if found is None:
        return HttpResponse(404)
    if "gzip" in request.headers.get("accept-encoding", ""):
        packed = {**HEADERS, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return HttpResponse(200, found.packed, found.type, packed)
    return HttpResponse(200, found.body, found.type, {**HEADERS, "Vary": "Accept-Encoding"})


def attached(file: Attached) -> HttpResponse:
    """Serve the file of a message: pictures are shown, all else is saved."""
    shown = file.mime in PICTURES
    headers = HEADERS if shown else {**HEADERS, "Content-Disposition": "attachment"}
    return HttpResponse(200, file.data, file.mime if shown else "application/octet-stream", headers)


def keep(folder: Path, request: HttpRequest) -> File:
    """Keep a file that somebody sends."""
    id_ = secrets.token_hex(12)
    folder.mkdir(exist_ok=True)
    (folder / id_).write_bytes(request.body)
    query = request.query
    mime = query.get("mime") or "application/octet-stream"
    return File(id_, query.get("name") or "file", mime, len(request.body))


async def read(folder: Path, file: File) -> AsyncIterator[bytes]:
    """Read a file that somebody sent; raises FileNotFoundError where it is gone."""
    if not file.id.isalnum():
        raise FileNotFoundError(file.id)
    with (folder / file.id).open("rb") as opened:
        while part := opened.read(PART):
            yield part
