"""Requests are counted as they are answered, by route, method and status, and so are previews."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from server.metrics.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

UNKNOWN: Final = "unknown"
"""The route of a request that no route is for."""

GONE: Final = 499
"""The status of a request whose client went before it was answered."""

REQUEST_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
"""Upper bounds of buckets of requests, seconds."""

PREVIEW_S: Final = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2,
)  # fmt: skip
"""Upper bounds of buckets of previews, seconds."""


class _Kind:
    """What requests of a route, a method and a status have in common."""

    __slots__ = ("labels", "number", "took")

    def __init__(self, labels: tuple[str, str, str], took: Spread) -> None:
        self.labels = labels
        self.number = 0
        self.took = took


class Requests(Collector):
    """Counts requests and previews; for one thread, and told by any.

    Attributes:
        previews: how long engines took for previews.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.previews = Spread(PREVIEW_S)
        self._kinds: dict[tuple[str | None, str, int], _Kind] = {}
        self._took: dict[str, Spread] = {}

    def note(self, template: str | None, method: str, status: int | None, took_ns: int) -> None:
        """Count a request, as the watch tells of it."""
        key = (template, method, GONE if status is None else status)
        kind = self._kinds.get(key) or self._of(key)
        kind.number += 1
        kind.took.note(took_ns / 1e9)

    def _of(self, key: tuple[str | None, str, int]) -> _Kind:
        """Return what is counted of requests of a kind that are the first of it."""
        template, method, status = key
        route = UNKNOWN if template is None else re.sub(r"\{(\w+):\w+\}", r"{\1}", template)
        took = self._took.setdefault(route, Spread(REQUEST_S))
        kind = self._kinds[key] = _Kind((route, method, str(status)), took)
        return kind

    def collect(self) -> Iterator[Metric]:
        """Yield all of it."""
        requests = CounterMetricFamily(
            "bitseg_http_requests",
            "Requests that were answered; 499: whose client went before that.",
            labels=("route", "method", "status"),
        )
        for kind in list(self._kinds.values()):
            requests.add_metric(kind.labels, kind.number)
        yield requests
        took = HistogramMetricFamily(
            "bitseg_http_request_seconds",
            "How long requests took, to the last byte of the answer.",
            labels=("route",),
        )
        for route, spread in list(self._took.items()):
            spread.add_to(took, (route,))
        yield took
        yield CounterMetricFamily(
            "bitseg_previews", "Previews that were answered.", value=self.previews.count
        )
        previews = HistogramMetricFamily(
            "bitseg_preview_seconds", "How long engines took for previews.", labels=()
        )
        self.previews.add_to(previews, ())
        yield previews
