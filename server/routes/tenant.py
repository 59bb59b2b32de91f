"""The caller's tenant over HTTP: its name and settings, which an admin may change."""

from __future__ import annotations

import asyncio
from threading import Lock
from typing import Any, Final

from litestar import Request, Response, get, patch
from litestar.di import NamedDependency

from bitseg import Engine, Fault, FieldError, RuleError
from server.auth import Caller, needs
from server.control import Control, Tenant, check_revision, name_faults
from server.jobs import Jobs, cron_fault
from server.requests import body_of, once_of, revision_of, tag_of
from server.schemas.body import FAULTS_MOST, rules_of
from server.schemas.keys import moment
from server.schemas.openapi import CHANGES, NOT_READY, REFUSED, STALE, TAKEN
from server.schemas.operation import answers, takes
from server.schemas.tenant import (
    CHANGE_EXAMPLE,
    EXAMPLE,
    LimitsShown,
    TenantChange,
    TenantShown,
)
from server.settings import SAMPLE_LIMIT, Settings

SHOWN: Final = answers(TenantShown, "The tenant.", EXAMPLE)

_turns: Final[dict[str, Lock]] = {}
"""Changes of one tenant wait for each other: one is in the tenant's file and the control store."""


@get(
    "/tenant",
    tags=["tenant"],
    summary="Read the tenant",
    responses={200: SHOWN, **REFUSED, **NOT_READY},
    opt=needs("read"),
)
async def read_tenant(
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    engine: NamedDependency[Engine],
    jobs: NamedDependency[Jobs],
    settings: NamedDependency[Settings],
) -> Response[TenantShown]:
    """Return the tenant that the key belongs to, and what is set for its data."""

    def read() -> TenantShown:
        return _shown(control.there(caller.tenant_id), engine, jobs, settings)

    return _tagged(await asyncio.to_thread(read))


@patch(
    "/tenant",
    tags=["tenant"],
    summary="Change the tenant",
    operation_class=takes(TenantChange, CHANGE_EXAMPLE),
    responses={200: SHOWN, **TAKEN, **NOT_READY, **STALE, 507: CHANGES[507]},
    opt=needs("admin"),
)
async def change_tenant(  # noqa: PLR0913, PLR0917 - each holds a part of a tenant
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    control: NamedDependency[Control],
    engine: NamedDependency[Engine],
    jobs: NamedDependency[Jobs],
    settings: NamedDependency[Settings],
) -> Response[TenantShown]:
    """Change its name or settings; with ``If-Match``, only if nobody else has changed it since."""
    data = await request.body()
    asked, once = body_of(data, TenantChange), once_of(request, data)
    revision = revision_of(request)

    def change() -> TenantShown:
        with _turns.setdefault(caller.tenant_id, Lock()):
            tenant = _change(control, engine, jobs, caller.tenant_id, asked, revision)
        return _shown(tenant, engine, jobs, settings)

    return _tagged(await asyncio.to_thread(engine.once, once, TenantShown, change))


def _change(  # noqa: PLR0913, PLR0917 - likewise
    control: Control,
    engine: Engine,
    jobs: Jobs,
    tenant_id: str,
    asked: dict[str, Any],
    revision: int | None,
) -> Tenant:
    tenant = control.there(tenant_id)
    check_revision("tenant", tenant.revision, revision)
    if not asked:
        return tenant
    name = asked.pop("name", None)
    crons: dict[str, str | None] = asked.pop("job_schedules", {})
    if "suppression" in asked:
        asked["suppression"] = rules_of(asked["suppression"])
    faults = [] if name is None else name_faults(name)
    faults += _cron_faults(crons, jobs.names())
    _refuse([*faults, *engine.settings_faults(**asked)])
    if asked:
        engine.change_settings(**asked)
    planned = jobs.planned(tenant_id, crons, engine.timezone)
    tenant = control.change_tenant(tenant_id, name, revision, planned)
    jobs.expect(tenant_id, engine.timezone)
    return tenant


def _cron_faults(crons: dict[str, str | None], names: tuple[str, ...]) -> list[Fault]:
    faults = []
    for name, cron in crons.items():
        path = f"job_schedules.{name}"
        if name not in names:
            faults.append(Fault(path, f"Expected a job, got {name!r}.", names, "unknown_job"))
        elif cron is not None:
            faults += [fault for fault in [cron_fault(cron, path)] if fault is not None]
    return faults[:FAULTS_MOST]


def _refuse(faults: list[Fault]) -> None:
    if faults:
        of_rules = any(fault.path.startswith("suppression") for fault in faults)
        raise (RuleError if of_rules else FieldError)(*faults)


def _shown(tenant: Tenant, engine: Engine, jobs: Jobs, settings: Settings) -> TenantShown:
    found = engine.settings
    return TenantShown(
        id=tenant.id,
        name=tenant.name,
        timezone=found.timezone,
        suppression=found.suppression,
        retention_days=found.retention_days,
        remember_event_ids_days=found.remember_event_ids_days,
        job_schedules={record.name: cron for record, cron in jobs.of(tenant.id)},
        limits=LimitsShown(
            settings.body_limit,
            settings.file_limit,
            settings.rate,
            settings.evaluation_seconds,
            SAMPLE_LIMIT,
        ),
        created_at=moment(tenant.created_at),
        revision=tenant.revision,
    )


def _tagged(shown: TenantShown) -> Response[TenantShown]:
    return Response(shown, headers=tag_of(shown.revision))
