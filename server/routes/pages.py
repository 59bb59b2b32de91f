"""Pages are files for a browser; they load nothing from elsewhere, and work without a network."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from litestar import Response, get

from server.headers import PAGE_POLICY

_FILES: Final = files("server").joinpath("ui")


def _page(name: str, media_type: str) -> Response[bytes]:
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"}
    return Response(_FILES.joinpath(name).read_bytes(), media_type=media_type, headers=headers)


@get("/page", include_in_schema=False, sync_to_thread=False)
def show_description() -> Response[bytes]:
    """Return the page that shows the description and sends calls."""
    return _page("schema.html", "text/html; charset=utf-8")


@get("/page.js", include_in_schema=False, sync_to_thread=False)
def read_script() -> Response[bytes]:
    """Return what the page does."""
    return _page("schema.js", "text/javascript; charset=utf-8")


@get("/page.css", include_in_schema=False, sync_to_thread=False)
def read_style() -> Response[bytes]:
    """Return how the page looks."""
    return _page("schema.css", "text/css; charset=utf-8")
