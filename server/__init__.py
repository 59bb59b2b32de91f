"""The HTTP face of bitseg: one process, one engine, the API of docs/http.md."""

from server.app import create_app
from server.settings import Settings

__all__ = ["Settings", "create_app"]
