"""The Optuna study behind a search: what is tried next, which trial is cut short, and how it goes on after a kill.

The study lies in one SQLite file in the store's home; each value is on disk before the training that uses it begins. A
value that is suggested hangs on the trials before, the seed, the trial's number and the key alone, so that a search
that was killed tries what it would have tried anyway (on a machine that trains to the same bits). The only place that
imports optuna.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luthier.errors import MissingExtra
from luthier.recipe import RangeSpec

DONE, CUT, BROKEN = "done", "cut short", "failed"


class CutShort(Exception):
    """The trial is not among the best at a rung: successive halving ends it."""


class Study:
    """One search's trials.

    Args:
        file: the SQLite file; made if it is not there.
        name: of the study in it.
        space: what is tried.
        seed: of what is suggested.
        halving: of so many trials at a rung one goes on; 0 cuts none short.
        startup: trials that are drawn at random before the sampler (TPE) looks at what there is.
    """

    def __init__(
        self, file: Path, name: str, space: Mapping[str, RangeSpec], *, seed: int, halving: int, startup: int
    ) -> None:
        try:
            import optuna
        except ImportError as error:
            raise MissingExtra("optuna", extra="search", task="luthier search") from error
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._optuna, self._space, self._seed, self._startup = optuna, space, seed, startup
        pruner = optuna.pruners.NopPruner()
        if halving >= 2:
            pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=halving)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._study = optuna.create_study(
            storage=f"sqlite:///{file}", study_name=name, load_if_exists=True, direction="minimize", pruner=pruner,
            sampler=self._sampler(0, ""),
        )  # fmt: skip

    def take(self) -> Asked:
        """The trial that a killed process left, or a new one; its values are on disk when this returns. Trial 0 has no
        values of its own: it is the recipe as it stands."""
        state = self._optuna.trial.TrialState
        left = [t for t in self._study.get_trials(deepcopy=False) if t.state == state.RUNNING]
        trial = self._optuna.trial.Trial(self._study, left[0]._trial_id) if left else self._study.ask()
        if trial.number:
            for key in sorted(self._space):
                self._study.sampler = self._sampler(trial.number, key)
                self._suggest(trial, key)
        return Asked(trial, self._values(trial.params), prunes=trial.number > 0)

    def finish(self, asked: Asked, state: str, loss: float | None, **facts: Any) -> None:
        """Write down how a trial ended: ``loss`` is what is minimised, else what is known of it; ``facts`` are JSON."""
        states = self._optuna.trial.TrialState
        if state != DONE:
            facts["loss"] = loss
        for name, value in facts.items():
            asked.trial.set_user_attr(name, value)
        found = {DONE: states.COMPLETE, CUT: states.PRUNED, BROKEN: states.FAIL}[state]
        self._study.tell(asked.trial, loss if state == DONE else None, state=found)

    @property
    def finished(self) -> list[tuple[int, str, float | None, dict[str, Any], dict[str, Any]]]:
        """(number, state, loss, values, facts) of every trial that ended, by number."""
        states = self._optuna.trial.TrialState
        names = {states.COMPLETE: DONE, states.PRUNED: CUT, states.FAIL: BROKEN}
        return [
            (t.number, names[t.state], t.value, self._values(t.params), dict(t.user_attrs))
            for t in self._study.get_trials(deepcopy=False) if t.state in names
        ]  # fmt: skip

    def _sampler(self, number: int, key: str) -> Any:
        said = f"{self._seed} {number} {key}".encode()
        seed = int.from_bytes(hashlib.blake2b(said, digest_size=4).digest(), "big")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self._optuna.samplers.TPESampler(seed=seed, n_startup_trials=self._startup)

    def _suggest(self, trial: Any, key: str) -> None:
        tried = self._space[key]
        if tried.values:  # Optuna stores numbers and texts; a list of names is text there
            trial.suggest_categorical(key, [json.dumps(value) for value in tried.values])
        elif tried.whole:
            trial.suggest_int(key, int(tried.low or 0), int(tried.high or 0), log=tried.log)
        else:
            trial.suggest_float(key, tried.low, tried.high, log=tried.log)

    def _values(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        return {key: json.loads(v) if self._space[key].values else v for key, v in stored.items() if key in self._space}


class Asked:
    """A trial that is to be trained. ``values`` by key of the recipe."""

    def __init__(self, trial: Any, values: Mapping[str, Any], *, prunes: bool) -> None:
        self.trial, self.values = trial, values
        self.last: float | None = None
        self._prunes = prunes

    @property
    def number(self) -> int:
        number: int = self.trial.number
        return number

    def report(self, rung: int, loss: float) -> None:
        """Tell the loss at an evaluation (counted from 1).

        Raises:
            CutShort: others were better there.
        """
        self.last = loss
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # after a kill the same is told twice
            self.trial.report(loss, rung)
        if self._prunes and self.trial.should_prune():
            raise CutShort

