"""What is told is all that is counted, in the text formats of Prometheus."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from server.metrics.requests import Requests


class Metrics:
    """All metrics of one app.

    Attributes:
        requests: what is counted as it happens.
    """

    def __init__(self, requests: Requests, inside: Collector) -> None:
        """Take what is counted as it happens, and who looks at the rest when metrics are read."""
        self.requests = requests
        self._registry = CollectorRegistry()
        for collector in (requests, inside, _Build()):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)

    def told(self, accept: str) -> tuple[bytes, str]:
        """Return all of it and its media type: OpenMetrics where ``Accept`` says so."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


class _Build(Collector):
    """Says which version runs."""

    def collect(self) -> Iterator[Metric]:
        """Yield it."""
        build = GaugeMetricFamily("bitseg_build_info", "Which bitseg this is.", labels=("version",))
        build.add_metric((version("bitseg"),), 1)
        yield build
