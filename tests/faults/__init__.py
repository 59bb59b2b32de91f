"""Faults are what goes wrong around the engine: processes that end, disks that fail, damage."""
