"""The app is assembled here: every route, guard, limit and error handler of the server."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Final

from litestar import Litestar, Router
from litestar.datastructures import ResponseHeader, State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from bitseg import Engine, clock
from server.auth import EveryRouteSaysItsScope, Gate, anybody, let_in
from server.control import Control, KeyRequest
from server.errors import EXCEPTION_HANDLERS
from server.leases import Engines, Leases, Sole, provide_caller, provide_engine
from server.refusals import Refusals
from server.routes.health import live, ready
from server.routes.keys import create_key, list_keys, revoke_key
from server.routes.segments import preview_segment
from server.routes.tenant import change_tenant, read_tenant
from server.schemas.openapi import Description
from server.settings import Settings
from server.starting import Starting
from server.tokens import Tokens
from server.upkeep import Upkeep

DEFAULT: Final = "default"
"""The tenant of a process that serves one."""


def create_app(
    served: Engine | Starting | Engines,
    settings: Settings,
    control: Control | None = None,
    now: Callable[[], int] = clock.system_now,
) -> Litestar:
    """Return the app that serves an engine, or the tenants of a data directory.

    Args:
        served: an engine, which may be used beside the app; or one on its way, and until it is
            there every request that needs it is answered with 503; or those of tenants.
        settings: the key that opens ``/api`` where there is one engine, and limits.
        control: the tenants and their keys; None = one tenant, with the key of the settings.
        now: returns ms since 1970 UTC.
    """
    engines = served if isinstance(served, Engines) else _sole(served)
    control = control or _control_of_one(settings, now)
    tokens = None if settings.tokens is None else Tokens(settings.tokens)
    gate = Gate(control, tokens, Refusals(settings.refusals_a_minute), now)
    api = Router(
        "/api",
        route_handlers=[
            preview_segment, list_keys, create_key, revoke_key, read_tenant, change_tenant,
        ],
        guards=[let_in],
        middleware=[Leases()],
        dependencies={"engine": Provide(provide_engine), "caller": Provide(provide_caller)},
        security=[{"key": []}],
    )  # fmt: skip
    return Litestar(
        route_handlers=[api, live, ready],
        dependencies={
            "control": Provide(lambda: control, sync_to_thread=False),
            "engines": Provide(lambda: engines, sync_to_thread=False),
        },
        plugins=[EveryRouteSaysItsScope()],
        lifespan=[Upkeep(control, gate, engines)],
        state=State({"control": control, "gate": gate}, deep_copy=False),
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=settings.body_limit,
        response_headers=[ResponseHeader(name="X-Content-Type-Options", value="nosniff")],
        openapi_config=_description(),
        logging_config=None,  # whoever runs the process says what is logged
        debug=False,
    )


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
        openapi_router=Router("/schema", route_handlers=[], opt=anybody(), include_in_schema=False),
        render_plugins=[Description()],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}
        ),
    )
