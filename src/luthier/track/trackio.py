"""Trackio: a SQLite file in a folder of this machine; ``trackio show`` opens it.

Settings of the environment that would send it elsewhere (a Space, a server, a webhook) are not followed: a run goes
where its recipe says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from luthier.recipe import TrackioTracker
from luthier.track.sink import Ended, Point, Subject, told_as_table


def open_sink(spec: TrackioTracker, subject: Subject) -> TrackioSink:
    """The run of this id in its project; one that is taken up again goes on."""
    folder = subject.place(spec.folder, "trackio")
    for name in [name for name in os.environ if name.startswith(("TRACKIO_", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"))]:
        del os.environ[name]
    os.environ |= {"TRACKIO_DIR": str(folder), "HF_HUB_OFFLINE": "1"}
    return TrackioSink(spec, subject, folder)


class TrackioSink:
    """One run of Trackio."""

    def __init__(self, spec: TrackioTracker, subject: Subject, folder: Path) -> None:
        import trackio

        self._markdown = trackio.Markdown
        self._run: Any = trackio.init(
            project=spec.project or subject.name, name=subject.run, config={**subject.params, **subject.tags},
            resume="allow", embed=False, auto_log_gpu=False, auto_log_cpu=False,
        )  # fmt: skip
        self._finish = trackio.finish
        self._facts: dict[str, str] = {}
        self._last = 0
        self.known = subject.run
        self.shown = f"TRACKIO_DIR={folder} trackio show --project {spec.project or subject.name}"

    def numbers(self, points: Sequence[Point]) -> None:
        for point in points:
            self._run.log(dict(point.values), step=point.step)
            self._last = max(self._last, point.step)

    def tags(self, tags: Mapping[str, str]) -> None:
        self._facts |= tags

    def file(self, path: Path) -> None:
        """Trackio keeps files by project, not by run: the report is named among the facts instead."""

    def end(self, status: Ended) -> None:
        facts = {**self._facts, "status": status}
        self._run.log({"made": self._markdown(told_as_table(facts))}, step=self._last)
        self._finish()
