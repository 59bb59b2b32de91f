"""Disks fill up, fail and forget: what was acknowledged stays, and what failed says so."""
