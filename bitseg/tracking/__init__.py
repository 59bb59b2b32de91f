"""Tracking keeps the recorded members of dynamic segments true, by writes and by time passing."""

from bitseg.tracking.tracker import Tracker

__all__ = ["Tracker"]
