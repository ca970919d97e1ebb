"""TensorBoard: event files, a folder for each run. Written without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from luthier.recipe import TensorboardTracker
from luthier.track.sink import Ended, Point, Subject, told_as_table


def open_sink(spec: TensorboardTracker, subject: Subject) -> TensorboardSink:
    """A writer into the run's folder; the recipe and the first tags stand under "text"."""
    return TensorboardSink(spec, subject)


class TensorboardSink:
    """Scalars by name, facts as text. A run that is taken up again goes on in a further file of the same folder."""

    def __init__(self, spec: TensorboardTracker, subject: Subject) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.plugins.text.summary_v2 import text_pb
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event: Any = event_pb2.Event
        self._summary: Any = summary_pb2.Summary
        self._text_of: Any = text_pb
        self._folder = subject.place(spec.folder, "tensorboard") / subject.run
        self._started = subject.started
        self._writer = EventFileWriter(str(self._folder))
        if subject.known is None:
            self._text("recipe", subject.params)
            self._text("run", subject.tags)

    @property
    def known(self) -> str:
        return self._folder.name

    @property
    def shown(self) -> str:
        return f"tensorboard --logdir {self._folder.parent}"

    def numbers(self, points: Sequence[Point]) -> None:
        for point in points:
            values = [self._summary.Value(tag=name, simple_value=value) for name, value in point.values.items()]
            summary = self._summary(value=values)
            self._writer.add_event(self._event(wall_time=point.at / 1000, step=point.step, summary=summary))
        self._writer.flush()

    def tags(self, tags: Mapping[str, str]) -> None:
        self._text("made", tags)

    def file(self, path: Path) -> None:
        """Files are of no use to TensorBoard; the recipe goes there as text."""
        if path.suffix in (".yaml", ".json"):
            self._text(path.name, {path.name: path.read_text(encoding="utf-8")})

    def end(self, status: Ended) -> None:
        self._text("status", {"status": status})
        self._writer.close()

    def _text(self, name: str, facts: Mapping[str, str]) -> None:
        """A table of facts, as TensorBoard's text plug-in shows it."""
        summary = self._text_of(name, told_as_table(facts))
        self._writer.add_event(self._event(wall_time=self._started / 1000, step=0, summary=summary))
        self._writer.flush()
