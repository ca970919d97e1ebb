"""Trackio: a SQLite file in a folder of this machine; ``trackio show`` opens it."""

from __future__ import annotations
