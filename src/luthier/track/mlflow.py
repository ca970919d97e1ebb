"""MLflow through its client: a run with parameters, metrics, tags and files, in a local database or on a server.

Metrics go in batches (one by one they cost a hundred times as much). What was made is named by id and digest, not
uploaded: an adapter stays in the store.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from luthier.recipe import MlflowTracker
from luthier.track.sink import Ended, Point, Subject

METRICS, PARAMS = 1000, 100
"""The most that a server takes in one batch."""
_STATUS = {"done": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}


def open_sink(spec: MlflowTracker, subject: Subject) -> MlflowSink:
    """The run of this id in its experiment: taken up again where there is one."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ENABLE_ASYNC_LOGGING"] = "false"
    if spec.server is not None:
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    return MlflowSink(spec, subject)


class MlflowSink:
    """One MLflow run."""

    def __init__(self, spec: MlflowTracker, subject: Subject) -> None:
        from mlflow import entities
        from mlflow.tracking import MlflowClient

        self._entities = entities
        self.shown = spec.server or ""
        where, files = spec.server, None
        if where is None:
            folder = subject.place(spec.folder, "mlflow")
            where, files = f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri()
            self.shown = f"mlflow ui --backend-store-uri {where}"
        self._client = MlflowClient(tracking_uri=where)
        if subject.known is None:
            self.known = self._create(spec.experiment or subject.name, files, subject)
        else:
            self.known = subject.known
            self._client.update_run(self.known, status="RUNNING")

    def _create(self, name: str, files: str | None, subject: Subject) -> str:
        """A new run with the recipe as its parameters; the one that a process made before it could say so is used."""
        found = self._client.get_experiment_by_name(name)
        experiment = found.experiment_id if found else self._client.create_experiment(name, artifact_location=files)
        same = self._client.search_runs([experiment], f"tags.`luthier.run` = '{subject.run}'", max_results=1)
        if same:
            run = str(same[0].info.run_id)
        else:
            made = self._client.create_run(
                experiment, start_time=subject.started, tags=dict(subject.tags), run_name=subject.run
            )
            run = str(made.info.run_id)
        params = [self._entities.Param(_name(key), text) for key, text in subject.params.items()]
        for at in range(0, len(params), PARAMS):
            self._client.log_batch(run, params=params[at : at + PARAMS])
        return run

    def numbers(self, points: Sequence[Point]) -> None:
        metrics = [
            self._entities.Metric(_name(name), value, point.at, point.step)
            for point in points
            for name, value in point.values.items()
        ]
        for at in range(0, len(metrics), METRICS):
            self._client.log_batch(self.known, metrics=metrics[at : at + METRICS])

    def tags(self, tags: Mapping[str, str]) -> None:
        self._client.log_batch(self.known, tags=[self._entities.RunTag(_name(k), text) for k, text in tags.items()])

    def file(self, path: Path) -> None:
        self._client.log_artifact(self.known, str(path))

    def end(self, status: Ended) -> None:
        self._client.set_terminated(self.known, _STATUS[status])


def _name(text: str) -> str:
    """MLflow takes letters, digits and a few signs in names."""
    return re.sub(r"[^A-Za-z0-9_\-./ ]", "_", text).strip("/")
