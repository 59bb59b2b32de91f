"""The caller's tenant over HTTP: its name, which an admin may change, and how its data are kept."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, get, patch
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException

from bitseg import Engine
from server.auth import Caller, needs
from server.control import Control, StaleError, Tenant
from server.requests import body_of, revision_of, tag_of
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
        _change, control, caller.tenant_id, await request.body(), revision_of(request)
    )
    return _shown(tenant, engine)


def _change(control: Control, tenant_id: str, body: bytes, revision: int | None) -> Tenant:
    asked = body_of(body, TenantChange)
    try:
        return control.rename_tenant(tenant_id, asked["name"], revision)
    except StaleError:
        raise HTTPException(
            status_code=HTTPStatus.PRECONDITION_FAILED,
            detail="The tenant has changed since; read it again.",
        ) from None


def _shown(tenant: Tenant, engine: Engine) -> Response[TenantShown]:
    shown = TenantShown(
        id=tenant.id,
        name=tenant.name,
        timezone=engine.timezone,
        retention_days=engine.retention_days,
        created_at=moment(tenant.created_at),
        revision=tenant.revision,
    )
    return Response(shown, headers=tag_of(tenant.revision))
