"""The app is assembled here: every route, guard, limit and error handler of the server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from time import monotonic_ns
from typing import Any, Final

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from bitseg import Engine, clock
from server.allowances import Allowances, tell
from server.auth import EveryRouteSaysItsScope, Gate, anybody, let_in
from server.bodies import Bodies, BoundedRequest
from server.control import Control, KeyRequest
from server.errors import EXCEPTION_HANDLERS
from server.evaluations import Evaluations
from server.headers import guard_answer
from server.hearing import Hearing
from server.jobs import Beside, Jobs, Scheduler
from server.leases import Engines, Leases, Sole, provide_caller, provide_engine
from server.loads import Loads
from server.metrics import Inside, Metrics, Requests
from server.paths import App
from server.refusals import Refusals
from server.routes import (
    contacts,
    deliveries,
    events,
    export,
    fields,
    health,
    history,
    imports,
    jobs,
    keys,
    live,
    members,
    metrics,
    preview,
    revisions,
    segments,
    templates,
    tenant,
    values,
    webhooks,
)
from server.routes.pages import read_script, read_style, show_description
from server.schemas.openapi import Description
from server.settings import MIB, Settings
from server.spool import Spool
from server.starting import Starting
from server.streams import Streams
from server.ticking import Ticker
from server.tokens import Tokens
from server.upkeep import Upkeep
from server.watch import Watch
from server.webhooks import Deliveries, Poster

DEFAULT: Final = "default"
"""The tenant of a process that serves one."""

ROUTES: Final = (
    preview.preview_segment,
    segments.create_segment,
    segments.list_segments,
    segments.read_segment,
    segments.change_segment,
    segments.delete_segment,
    segments.list_dependents,
    segments.recalculate_segment,
    revisions.duplicate_segment,
    revisions.freeze_segment,
    revisions.list_revisions,
    revisions.restore_revision,
    members.list_members,
    members.add_members,
    members.remove_members,
    members.ask_membership,
    members.ask_overlap,
    members.explain_contact,
    export.export_members,
    history.read_history,
    live.follow_members,
    templates.list_templates,
    fields.list_fields,
    fields.define_field,
    fields.describe_field,
    values.suggest_values,
    values.suggest_values_within,
    contacts.write_contacts,
    contacts.delete_contacts,
    contacts.find_contacts,
    contacts.read_contact,
    contacts.delete_contact,
    contacts.list_memberships,
    contacts.list_events,
    events.record_events,
    events.withdraw_events,
    imports.import_contacts,
    imports.import_events,
    imports.import_members,
    imports.list_imports,
    imports.read_import,
    imports.cancel_import,
    imports.read_rejects,
    keys.list_keys,
    keys.create_key,
    keys.revoke_key,
    jobs.list_jobs,
    jobs.run_job,
    tenant.read_tenant,
    tenant.change_tenant,
    webhooks.list_webhooks,
    webhooks.create_webhook,
    webhooks.read_webhook,
    webhooks.change_webhook,
    webhooks.delete_webhook,
    webhooks.rotate_secret,
    deliveries.list_deliveries,
    deliveries.replay_changes,
    deliveries.try_webhook,
)
"""Every call under ``/api``."""

PAGES: Final = (show_description, read_script, read_style)
"""The page that shows the description, below ``/schema``."""


def create_app(  # noqa: PLR0913, PLR0917 - what an app is made of
    served: Engine | Starting | Engines,
    settings: Settings,
    control: Control | None = None,
    now: Callable[[], int] = clock.system_now,
    monotonic: Callable[[], int] = monotonic_ns,
    make_poster: Callable[[], Poster] | None = None,
) -> Litestar:
    """Return the app that serves an engine, or the tenants of a data directory.

    Args:
        served: an engine, which may be used beside the app; or one on its way, and until it is
            there every request that needs it is answered with 503; or those of tenants.
        settings: the key that opens ``/api`` where there is one engine, and limits.
        control: the tenants and their keys; None = one tenant, with the key of the settings.
        now: returns ms since 1970 UTC.
        monotonic: returns ns since whenever; what callers may do is counted by it.
        make_poster: makes what sends webhooks their bodies; None = as the settings have it.
    """
    engines = served if isinstance(served, Engines) else _sole(served)
    control = control or _control_of_one(settings, now)
    runner = Jobs(control, engines, now, Scheduler())
    tokens = None if settings.tokens is None else Tokens(settings.tokens)
    allowances = Allowances(settings.rate, monotonic)
    bodies = Bodies(settings.bodies_memory * MIB, settings.body_limit, settings.client_seconds)
    evaluations = Evaluations(settings.evaluations_at_once, settings.evaluation_seconds)
    gate = Gate(control, tokens, Refusals(settings.refusals_a_minute), allowances, now)
    spool = Spool(settings.imports, settings.file_limit)
    hearing = Hearing()
    streams = Streams(hearing, settings)
    make_poster = make_poster or partial(Poster, allow_private=settings.webhooks_private)
    telling = Deliveries(control, engines, hearing, make_poster, now)
    ticker = Ticker(engines, now, monotonic)
    loads = Loads(control, engines, spool, now)
    told = Metrics(Requests(), Inside(engines, runner, loads, streams, telling, now))
    api = Router(
        "/api",
        route_handlers=list(ROUTES),
        guards=[let_in],
        middleware=[Leases()],
        dependencies={"engine": Provide(provide_engine), "caller": Provide(provide_caller)},
        security=[{"key": []}],
    )
    parts = {
        "bodies": bodies,
        "control": control,
        "deliveries": telling,
        "engines": engines,
        "evaluations": evaluations,
        "gate": gate,
        "hearing": hearing,
        "jobs": runner,
        "loads": loads,
        "metrics": told,
        "previews": told.requests.previews,
        "settings": settings,
        "spool": spool,
        "streams": streams,
    }
    app = App(
        route_handlers=[api, health.live, health.ready, metrics.read_metrics],
        dependencies={name: _provided(part) for name, part in parts.items()},
        plugins=[EveryRouteSaysItsScope()],
        before_send=[tell, guard_answer],
        lifespan=[Upkeep(control, gate, engines), Beside(runner), loads, ticker, streams, telling],
        state=State(parts, deep_copy=False),
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=BoundedRequest,
        request_max_body_size=settings.body_limit,
        openapi_config=_description(),
        logging_config=None,  # whoever runs the process says what is logged
        debug=False,
    )
    app.watching = Watch(monotonic, told.requests.note).answer
    return app


def _provided(part: Any) -> Provide:
    """Return what gives a part to the routes that name it."""
    return Provide(lambda: part, sync_to_thread=False)


def _sole(served: Engine | Starting) -> Sole:
    starting = served if isinstance(served, Starting) else Starting(served)
    return Sole(starting, DEFAULT)


def _control_of_one(settings: Settings, now: Callable[[], int]) -> Control:
    """Return a control store in memory, with one tenant and its key."""
    control = Control(None, now)
    control.create_tenant(DEFAULT, DEFAULT)
    if settings.key is not None:
        control.add_key(DEFAULT, KeyRequest(DEFAULT, "admin"), settings.key)
    return control


def _description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="bitseg",
        version=version("bitseg"),
        summary="Contact segments as sets.",
        openapi_router=Router(
            "/schema", route_handlers=PAGES, opt=anybody(), include_in_schema=False
        ),
        render_plugins=[Description()],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}
        ),
    )
