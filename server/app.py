"""The app is assembled here: every route, guard, limit and error handler of the server."""

from __future__ import annotations

from importlib.metadata import version

from litestar import Litestar, Router
from litestar.datastructures import ResponseHeader
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from bitseg import Engine
from server.auth import KeyGuard
from server.errors import EXCEPTION_HANDLERS
from server.paths import App
from server.routes.contacts import (
    delete_contact,
    delete_contacts,
    find_contacts,
    list_events,
    list_memberships,
    read_contact,
    write_contacts,
)
from server.routes.events import record_events, withdraw_events
from server.routes.health import live, ready
from server.routes.members import (
    add_members,
    ask_membership,
    ask_overlap,
    explain_contact,
    list_members,
    remove_members,
)
from server.routes.preview import preview_segment
from server.routes.segments import (
    change_segment,
    create_segment,
    delete_segment,
    duplicate_segment,
    freeze_segment,
    list_dependents,
    list_revisions,
    list_segments,
    read_segment,
    restore_revision,
)
from server.schemas.openapi import Description
from server.settings import Settings
from server.starting import Starting


def create_app(engine: Engine | Starting, settings: Settings) -> Litestar:
    """Return the app that serves an engine.

    Args:
        engine: answers the requests, and may be used beside the app; or one on its way, and until
            it is there every request that needs it is answered with 503.
        settings: the key that opens ``/api``, and limits.
    """
    starting = engine if isinstance(engine, Starting) else Starting(engine)

    async def provide_engine() -> Engine:
        return starting.engine()

    api = Router(
        "/api",
        route_handlers=[
            preview_segment,
            *(create_segment, list_segments, read_segment, change_segment, delete_segment),
            *(duplicate_segment, freeze_segment, list_revisions, restore_revision, list_dependents),
            *(list_members, add_members, remove_members),
            *(ask_membership, ask_overlap, explain_contact),
            *(write_contacts, delete_contacts, find_contacts, read_contact, delete_contact),
            *(list_memberships, list_events),
            *(record_events, withdraw_events),
        ],
        guards=[KeyGuard(settings.key)],
        security=[{"key": []}],
    )
    return App(
        route_handlers=[api, live, ready],
        dependencies={"engine": Provide(provide_engine)},
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=settings.body_limit,
        response_headers=[ResponseHeader(name="X-Content-Type-Options", value="nosniff")],
        openapi_config=_description(),
        logging_config=None,  # whoever runs the process says what is logged
        debug=False,
    )


def _description() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="bitseg",
        version=version("bitseg"),
        summary="Contact segments as sets.",
        path="/schema",
        render_plugins=[Description()],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}
        ),
    )
