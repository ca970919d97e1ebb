"""Weights & Biases: offline in a folder unless the recipe names a server.

``wandb sync FOLDER/wandb/offline-run-*`` sends an offline run whenever its owner wants. Of what the library would
collect by itself (source code, git state, console, machine figures) nothing is kept.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from luthier.recipe import WandbTracker
from luthier.track.sink import Ended, Point, Subject


def open_sink(spec: WandbTracker, subject: Subject) -> WandbSink:
    """The run of this id; a run that is taken up again goes on under it."""
    folder = subject.place(spec.folder, "wandb")
    os.environ |= {
        "WANDB_MODE": "offline" if spec.server is None else "online",
        "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false", "WANDB_DISABLE_CODE": "true",
        "WANDB_DISABLE_GIT": "true", "WANDB_DIR": str(folder), "WANDB_CACHE_DIR": str(folder / "cache"),
        "WANDB_CONFIG_DIR": str(folder / "config"), "WANDB_DATA_DIR": str(folder / "data"),
        **({"WANDB_BASE_URL": spec.server} if spec.server is not None else {}),
    }  # fmt: skip
    return WandbSink(spec, subject, folder)


class WandbSink:
    """One run of Weights & Biases."""

    def __init__(self, spec: WandbTracker, subject: Subject, folder: Path) -> None:
        import wandb

        settings: Any = wandb.Settings(
            console="off", save_code=False, disable_code=True, disable_git=True, disable_job_creation=True,
            x_disable_stats=True, x_disable_meta=True, x_disable_machine_info=True, silent=True, init_timeout=60,
        )  # fmt: skip
        self._run: Any = wandb.init(
            project=spec.project or subject.name, entity=spec.entity, id=subject.run, name=subject.run, dir=str(folder),
            config={**subject.params, "run": dict(subject.tags)}, resume="allow", settings=settings,
        )  # fmt: skip
        self._run.define_metric("step")
        self._run.define_metric("*", step_metric="step")
        self.known = subject.run
        self.shown = spec.server or f"wandb sync {folder / 'wandb'}/offline-run-*-{subject.run}"

    def numbers(self, points: Sequence[Point]) -> None:
        for point in points:
            self._run.log({"step": point.step, "at": point.at / 1000, **point.values})

    def tags(self, tags: Mapping[str, str]) -> None:
        self._run.summary.update(dict(tags))

    def file(self, path: Path) -> None:
        copy = shutil.copy2(path, Path(self._run.dir) / path.name)  # wandb would keep a link into the run's folder
        self._run.save(str(copy), base_path=self._run.dir, policy="now")

    def end(self, status: Ended) -> None:
        self._run.finish(exit_code=0 if status == "done" else 1)
