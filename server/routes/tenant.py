"""The caller's tenant over HTTP: its name, which an admin may change, and how its data are kept."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, patch
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException

from bitseg import Engine, RuleError
from server.auth import Caller, needs
from server.control import Control, StaleError, Tenant
from server.schemas.body import read
from server.schemas.keys import moment
from server.schemas.openapi import NOT_READY, REFUSED, STALE, TAKEN
from server.schemas.operation import answers, takes
from server.schemas.tenant import CHANGE_EXAMPLE, EXAMPLE, TenantChange, TenantShown


@get(
    "/tenant",
    tags=["tenant"],
    summary="Read the tenant",
    responses={200: answers(TenantShown, "The tenant.", EXAMPLE), **REFUSED, **NOT_READY},
    opt=needs("read"),
)
async def read_tenant(
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    engine: NamedDependency[Engine],
) -> Response[TenantShown]:
    """Return the tenant that the key belongs to."""
    return _shown(await asyncio.to_thread(control.there, caller.tenant_id), engine)


@patch(
    "/tenant",
    tags=["tenant"],
    summary="Change the tenant",
    operation_class=takes(TenantChange, CHANGE_EXAMPLE),
    responses={200: answers(TenantShown, "The tenant.", EXAMPLE), **TAKEN, **STALE, **NOT_READY},
    opt=needs("admin"),
)
async def change_tenant(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    engine: NamedDependency[Engine],
) -> Response[TenantShown]:
    """Change its name; with ``If-Match``, only if nobody else has changed it since."""
    tenant = await asyncio.to_thread(
        _change, control, caller.tenant_id, await request.body(), request.headers.get("if-match")
    )
    return _shown(tenant, engine)


def _change(control: Control, tenant_id: str, body: bytes, if_match: str | None) -> Tenant:
    asked, faults = read(body, TenantChange)
    if faults:
        raise RuleError(*faults)
    try:
        return control.rename_tenant(tenant_id, asked["name"], _revision(if_match))
    except StaleError:
        raise HTTPException(
            status_code=HTTPStatus.PRECONDITION_FAILED,
            detail="The tenant has changed since; read it again.",
        ) from None


def _revision(if_match: str | None) -> int | None:
    """Return the revision that ``If-Match`` names; 0, which never was, for an ETag not of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    number = if_match.strip().strip('"')
    return int(number) if number.isdecimal() and len(number) < 19 else 0


def _shown(tenant: Tenant, engine: Engine) -> Response[TenantShown]:
    shown = TenantShown(
        id=tenant.id,
        name=tenant.name,
        timezone=engine.timezone,
        retention_days=engine.retention_days,
        created_at=moment(tenant.created_at),
        revision=tenant.revision,
    )
    return Response(shown, headers={"ETag": f'"{tenant.revision}"'})
