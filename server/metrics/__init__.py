"""Metrics are counts for whoever runs the process, as Prometheus reads them; nobody's data."""

from server.metrics.inside import Inside
from server.metrics.requests import Requests
from server.metrics.spread import Spread
from server.metrics.told import Metrics

__all__ = ["Inside", "Metrics", "Requests", "Spread"]
