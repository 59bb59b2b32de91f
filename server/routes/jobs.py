"""Jobs over HTTP: how they stand, and one that is to run now."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from server.auth import Caller, needs
from server.jobs import Jobs
from server.paths import id_of
from server.requests import once_of
from server.routes.segments import Limit, Offset
from server.schemas.jobs import EXAMPLE, JobList, JobShown, show
from server.schemas.openapi import LISTED, ONCE, REFUSED, UNKNOWN
from server.schemas.operation import answers

TAGS: Final = ["jobs"]


@get(
    "/jobs",
    tags=TAGS,
    summary="List jobs",
    responses={
        200: answers(JobList, "Some of the jobs.", {"items": [EXAMPLE], "total": 1}),
        **LISTED,
    },
    opt=needs("read"),
)
async def list_jobs(
    caller: NamedDependency[Caller],
    jobs: NamedDependency[Jobs],
    offset: Offset = 0,
    limit: Limit = 50,
) -> JobList:
    """Return what is done for the tenant again and again: when, and how the last run went."""
    found = await asyncio.to_thread(jobs.of, caller.tenant_id)
    return JobList([show(*one) for one in found[offset : offset + limit]], len(found))


@post(
    "/jobs/{job_name:str}/run",
    status_code=202,
    tags=TAGS,
    summary="Run a job now",
    responses={
        202: answers(JobShown, "It runs as soon as there is a thread for it.", EXAMPLE),
        **REFUSED,
        **UNKNOWN,
        **ONCE,
    },
    opt=needs("admin"),
)
async def run_job(
    request: Request[Any, Any, Any],
    job_name: FromPath[str],
    caller: NamedDependency[Caller],
    jobs: NamedDependency[Jobs],
) -> JobShown:
    """Run a job now, whenever it is due; one that runs already is not run beside itself."""
    once = once_of(request, await request.body())
    asked = await asyncio.to_thread(jobs.ask, caller.tenant_id, id_of(job_name), once)
    if asked is None:
        raise NotFoundException("No job has this name.")
    return show(*asked)
