"""Metrics over HTTP, for whoever runs the process: from this machine, or with a key of theirs."""

from __future__ import annotations

import asyncio
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import PermissionDeniedException

from server.auth import Gate, anybody, credential_in
from server.metrics import Metrics
from server.schemas.openapi import GUARDED
from server.schemas.operation import streams
from server.settings import Settings

_SHOWN: Final = """# HELP bitseg_tenants_open Tenants in memory.
# TYPE bitseg_tenants_open gauge
bitseg_tenants_open 1.0
"""
_FORWARDED: Final = ("forwarded", "x-forwarded-for")


@get(
    "/metrics",
    tags=["health"],
    summary="Read metrics",
    operation_class=streams(
        "Metrics, as Prometheus reads them.",
        {"text/plain": _SHOWN, "application/openmetrics-text": f"{_SHOWN}# EOF\n"},
    ),
    responses=GUARDED,
    opt=anybody(),
)
async def read_metrics(
    request: Request[Any, Any, Any],
    metrics: NamedDependency[Metrics],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """Show counts of this process and of the tenants that are in memory."""
    _check(request, settings.metrics_key)
    accept = request.headers.get("accept", "")
    told, media_type = await asyncio.to_thread(metrics.told, accept)
    return Response(told, media_type=media_type)


def _check(request: Request[Any, Any, Any], key: str | None) -> None:
    """Refuse who may not read metrics.

    Raises:
        PermissionDeniedException: there is no key of metrics, and the caller is elsewhere.
        NotAuthorizedException: there is one, and the caller does not have it.
        TooManyRequestsException: likewise, and too often.
    """
    if key is None:
        if not _is_here(request):
            raise PermissionDeniedException(
                "Metrics are shown to this machine only, as they have no key of their own."
            )
        return
    given = credential_in(request.headers.getall("authorization", []))
    if given is None or not compare_digest(given.encode(), key.encode()):
        gate: Gate = request.app.state.gate
        gate.refuse(request.client.host if request.client else "")


def _is_here(request: Request[Any, Any, Any]) -> bool:
    """Return whether the caller is on this machine; whoever comes through a proxy is not."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
