"""One job on its way: recipe, store, base model and the keys of its stages, each worked out once when first asked.

Nothing is trained, written or judged here; ``stages`` does that with what stands here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from luthier.data.replay import files_read
from luthier.data.sources import files_of
from luthier.errors import LuthierError
from luthier.models.encoder import processors
from luthier.models.source import file_hash
from luthier.pipeline import classify, juries
from luthier.pipeline.keys import stage_key, training_environment
from luthier.pipeline.raters import identities
from luthier.pipeline.sources import known_sources
from luthier.recipe import COMPARES, LoadedRecipe, QloraTuning, Recipe
from luthier.recipe.evaluate import EvaluateSpec, RewardModelMetric
from luthier.recipe.train import Makes, RewardedMethod
from luthier.rows import SourceFile

if TYPE_CHECKING:
    from luthier.models.chat import ChatFormat
    from luthier.models.sizes import Sizes
    from luthier.models.source import ModelSource
    from luthier.pipeline.helper import Identity
    from luthier.score.reward import Reward
    from luthier.store import Run, Store
    from luthier.train.devices import Card
    from luthier.train.plan import DeviceFacts


class BarLike(Protocol):
    """A live bar."""

    def update(self, done: int, total: int, text: str = "") -> None: ...


class ProgressLike(Protocol):
    """Where a job tells how it goes; the command line's ``Progress`` is one."""

    def line(self, label: str, text: str) -> None: ...
    def bar(self, label: str, total: int | None = None) -> AbstractContextManager[BarLike]: ...


class Job:
    """A recipe in a store. ``run`` is set while it is being run; planning needs none. With a ``card`` the training is
    planned for that device, which need not be here."""

    def __init__(
        self, loaded: LoadedRecipe, store: Store, progress: ProgressLike | None = None, card: Card | None = None
    ) -> None:
        self.loaded = loaded
        self.store = store
        self.progress = progress
        self.card = card
        self.run: Run | None = None
        self.beside: Callable[[], None] = lambda: None
        """Called now and then: tells what happens beside the job."""
        self.labels: tuple[str, ...] = ()
        """What a classifier tells apart; known when the rows are (``stages.train_input``)."""

    @property
    def recipe(self) -> Recipe:
        return self.loaded.recipe

    @property
    def folder(self) -> Path:
        return self.loaded.folder

    @cached_property
    def threads(self) -> int:
        """Threads of training: they decide how sums are rounded, so they belong to the key."""
        asked = os.environ.get("OMP_NUM_THREADS", "")
        if asked.isdigit() and int(asked) > 0:
            return int(asked)
        return processors()

    @cached_property
    def place(self) -> DeviceFacts:
        """The device that training is planned for: this machine's best, or the card."""
        from luthier.engines.workers import can_fork
        from luthier.models.load import device_memory
        from luthier.train.plan import DeviceFacts

        if self.card is not None:
            return DeviceFacts("cuda", threads=self.threads, memory=self.card.room, bf16=self.card.bf16)
        kind: Any = self.device.split(":")[0]
        return DeviceFacts(kind, threads=self.threads, forks=can_fork(), **device_memory(self.device))

    @cached_property
    def bare(self) -> ModelSource:
        """The base as it is: what is to be beaten."""
        from luthier.models.source import resolve

        model = self.recipe.model
        name = model.base
        if name.startswith("."):
            name = str((self.folder / name).resolve())
        return resolve(name, model.revision, remote_code=model.remote_code, egress=self.recipe.privacy.egress)

    @cached_property
    def base(self) -> ModelSource:
        """What is trained: the bare base, with the recipe's new tokens."""
        return self.bare.knowing(self.recipe.model.new_tokens)

    @cached_property
    def chat_template(self) -> Path | None:
        name = self.recipe.model.chat_template
        return None if name is None else (self.folder / name).resolve()

    @cached_property
    def start(self) -> tuple[Path, str] | None:
        """The adapter that is trained further, and what lineage calls it."""
        if self.recipe.model.adapter is None:
            return None
        from luthier.pipeline.resolve import adapter_of

        return adapter_of(self.store, self.recipe.model.adapter, self.folder)

    @cached_property
    def parents(self) -> tuple[str, ...]:
        """What every model of this job descends from besides its rows."""
        return (self.base.uri,) if self.start is None else (self.base.uri, self.start[1])

    @property
    def _started_from(self) -> dict[str, str]:
        """For the keys of stages: nothing where a fresh adapter is trained."""
        return {} if self.start is None else {"adapter": file_hash(self.start[0] / "adapter_model.safetensors") or ""}

    @cached_property
    def chat(self) -> ChatFormat:
        from luthier.models.load import load_chat

        return load_chat(self.base, self.chat_template)

    @cached_property
    def sizes(self) -> Sizes:
        from luthier.models.sizes import measure

        critic = self.recipe.train.method.critic
        return measure(self.base, self.recipe.train.tuning, self.makes, max(1, len(self.labels)), critic=critic)

    @property
    def makes(self) -> Makes:
        """What comes out: a model that writes, one that scores, or one that classifies."""
        return self.recipe.train.method.makes

    @cached_property
    def judged_by(self) -> EvaluateSpec:
        """What the evaluation is asked, with what the recipe leaves to the kind of model."""
        return classify.judged_by(self.recipe.evaluate) if self.makes == "classifier" else self.recipe.evaluate

    @cached_property
    def context(self) -> int:
        """The base's, in tokens."""
        from luthier.models.sizes import context_of

        return context_of(self.base)

    @cached_property
    def device(self) -> str:
        from luthier.models.load import pick_device

        return str(pick_device())

    @cached_property
    def max_length(self) -> int:
        """Longest row in tokens: what the recipe says, else the base's context."""
        wanted = self.recipe.train.max_length
        if wanted is not None and wanted > self.context:
            raise LuthierError(
                f"train.max_length is {wanted:,}, but the context of {self.base.name} is {self.context:,} tokens",
                where=self.loaded.origins.get("train.max_length", "train.max_length"),
                why="positions beyond it were never trained", fix=f"train.max_length: {self.context}",
            )  # fmt: skip
        return wanted or min(self.context, 8192)

    @cached_property
    def known_sources(self) -> dict[str, SourceFile]:
        """Sources that are artifacts of the store, not files."""
        return known_sources(lambda: self.store, self.recipe.data.source, self.folder)

    @property
    def compared(self) -> Literal["pairs", "thumbs"] | None:
        """What the rows are, where the method learns from rows that compare answers."""
        kind = self.recipe.train.method.kind
        return ("thumbs" if kind == "kto" else "pairs") if kind in COMPARES else None

    @cached_property
    def rewards(self) -> list[Reward]:
        """What answers are worth, where the model learns from its own; the recipe's files are read now.

        Raises:
            LuthierError: a function or a reward model that the recipe names is not there.
        """
        from luthier.pipeline.reward import open_reward
        from luthier.score.reward import build

        method = self.recipe.train.method
        if not isinstance(method, RewardedMethod):
            return []
        models = partial(open_reward, self.store, folder=self.folder)
        return [build(r, folder=self.folder, models=models) for r in method.rewards]

    def _reward_models(self, names: Iterable[str]) -> dict[str, Identity]:
        from luthier.pipeline.reward import reward_identity

        return {name: reward_identity(self.store, name, folder=self.folder) for name in names}

    @cached_property
    def paid_by(self) -> tuple[str, ...]:
        """The artifacts of reward models that the model learns from: it descends from them, too.

        Raises:
            LuthierError: there is no such reward model.
        """
        method = self.recipe.train.method
        rewards = method.rewards if isinstance(method, RewardedMethod) else ()
        found = self._reward_models(r.by.model for r in rewards if isinstance(r.by, RewardModelMetric))
        return tuple(one.artifact for one in found.values() if one.artifact is not None)

    @cached_property
    def scored_by(self) -> dict[str, Identity]:
        """The reward models that the evaluation asks, by the names in the recipe.

        Raises:
            LuthierError: there is no such reward model.
        """
        return self._reward_models(m.model for m in self.recipe.evaluate.reward_models)

    @property
    def _rewarded_by(self) -> dict[str, list[Any]]:
        """For the key of training: who scores its answers, and what watches that the reward is not hacked."""
        if not self.rewards:
            return {}
        return {
            "rewards": [r.scorer.fingerprint for r in self.rewards],
            "targets": [t.model_dump(mode="json") for t in self.recipe.evaluate.target],
        }

    # -- keys: what decides each stage's result

    @cached_property
    def data_key(self) -> str:
        spec = self.recipe.data
        groups = (spec.source, spec.test)
        found = [f.path for g in groups for f in files_of(g, folder=self.folder, known=self.known_sources)]
        if spec.replay is not None:
            found += files_read(spec.replay.source, folder=self.folder, known=self.known_sources)
        found += [self.folder / pack for pack in spec.contamination.packs if (self.folder / pack).is_file()]
        digests = [file_hash(path) for path in found if path is not None]
        if len(digests) < len(found):
            raise LuthierError(
                "a recipe cannot read from standard input", where="data.source: -",
                why="an interrupted run could not read it again", fix="write the rows to a file first",
            )  # fmt: skip
        facts = {
            "spec": spec.model_dump(mode="json"), "scorers": identities(self), "seed": self.recipe.seed,
            "max_length": self.max_length, "template": self.chat.digest,
            "tokenizer": _tokenizer_digest(self.base.folder), "erased": sorted(self.store.erased()),
        }  # fmt: skip
        if self.compared is not None:
            facts["compared"] = self.compared
        if self.base.new_tokens:
            facts["new_tokens"] = list(self.base.new_tokens)
        previous = [] if spec.split.previous is None else [self.store.get(spec.split.previous).digest]
        return stage_key("data", facts, [*digests, *previous])

    def train_key(self, dataset_digest: str) -> str:
        """The plan's measured choices (free memory) are not in it: a workdir replays the plan that it began with."""
        spec = {
            "train": self.recipe.train.model_dump(mode="json"),
            "seed": self.recipe.seed,
            "template": self.chat.digest,
            "replay": None if self.recipe.data.replay is None else self.recipe.data.replay.model_dump(mode="json"),
            **self._started_from,
            **self._rewarded_by,
        }
        environment = training_environment(self.device, self.threads, self.recipe.train.backend)
        parents = [dataset_digest, self.base.digest]
        if self.recipe.train.watch.forgetting == "stop":  # then the rows that are watched decide which weights are kept
            from luthier.evaluate import load_suite
            from luthier.pipeline.probes import digests_of, source_of

            suites = [load_suite(s, folder=self.folder).digest for s in self.recipe.evaluate.regression]
            parents += [*digests_of(self, source_of(self)), *suites]
        return stage_key("train", spec, parents, environment=environment)

    def export_key(self, train_key: str) -> str:
        return stage_key("export", self.recipe.export.model_dump(mode="json"), [train_key])

    def evaluate_key(self, dataset_digest: str, model_digest: str, suites: Sequence[str]) -> str:
        spec = self.judged_by.model_dump(mode="json", exclude={"alpha", "limits", "inherit"})
        judges = {"judges": found} if (found := juries.identities(self)) else {}
        if self.scored_by:
            judges["reward_models"] = {name: one.digest for name, one in self.scored_by.items()}
        return stage_key(
            "evaluate",
            {"spec": spec, "seed": self.recipe.seed, **self._started_from, **judges},
            [dataset_digest, self.base.digest, model_digest, *suites],
        )

    @property
    def quantised(self) -> QloraTuning | None:
        tuning = self.recipe.train.tuning
        return tuning if isinstance(tuning, QloraTuning) else None

    # -- telling

    def bar(self, label: str, total: int | None = None) -> AbstractContextManager[BarLike]:
        """A live bar, or nothing where nobody watches."""
        return nullcontext(_Silent()) if self.progress is None else self.progress.bar(label, total)

    def tell(self, label: str, text: str) -> None:
        if self.progress is not None:
            self.progress.line(label, text)


class _Silent:
    def update(self, done: int, total: int, text: str = "") -> None:
        """Nobody watches."""


def _tokenizer_digest(folder: Path) -> str:
    path = folder / "tokenizer.json"
    return file_hash(path) if path.is_file() else ""
