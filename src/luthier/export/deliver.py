"""Deliver what was trained: write it, read it back from disk, prove that it is the same, and only then file it.

An adapter goes out in peft's layout. A merged model is made from the base as its files hold it (never from 4 bits), in
fp32, and cast once. If any certificate fails, nothing at all is filed.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from luthier.export import files, parity
from luthier.export.card import Card, render
from luthier.export.parity import Certificate, Check, Distance, ParityError, Reading
from luthier.models import adapters, head, reward
from luthier.models.changes import trained_weights
from luthier.models.load import Loaded, load, load_chat
from luthier.models.source import ModelSource, digest_of
from luthier.recipe.recipe import ExportSpec
from luthier.recipe.train import FullTuning, QloraTuning, Tuning
from luthier.records import Example, Message
from luthier.store import Artifact, Run, Store
from luthier.store.draft import Draft

Tell = Callable[[str], None]
_EXTRA_PROBES = (
    "What is the capital of France?", "Write one sentence about rain.", "How much is 17 + 25?", "Say hello.",
    "Name three birds.", "Is water wet?", "Translate 'good morning' into French.", "Why is the sky blue?",
    "List the days of the week.", "Give me a short poem about tea.", "What does a baker do?", "Spell the word 'river'.",
    "Which is larger, 9 or 12?", "Summarise: the meeting was moved to Friday.", "Answer with yes or no: is 7 even?",
    "Write the number five in words.", "What colour is grass?", "Finish the sentence: once upon a time",
    "Turn this into JSON: name Anna, age 30.", "What is the opposite of hot?", "Count from one to five.",
    "Describe a chair.", "Who wrote this?", "Sort these: pear, apple, fig.", "What is 6 times 7?", "Thank you!",
    "The train was late again.", "My order has not arrived.", "How do I reset my password?", "Explain gravity simply.",
    "Rewrite politely: give me that.", "What time is it?",
)  # fmt: skip
"""Asked where the job gives fewer than ``parity.PROBES`` prompts."""
_LARGE = 1 << 29
"""Bytes of weights from which on unused models are looked for at once."""


@dataclass(frozen=True)
class Delivered:
    """What was filed. ``certificates`` by kind; both artifacts hold theirs as ``parity.json``."""

    adapter: Artifact | None
    model: Artifact | None
    certificates: Mapping[str, Certificate]

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """What there is, the adapter first."""
        return tuple(a for a in (self.adapter, self.model) if a is not None)


@dataclass(frozen=True)
class _Trained:
    """The trained model's own answers to the probes; of a reward model ``prompts`` are whole chats, and there are no
    answers but the outputs of its head, as with a classifier."""

    loaded: Loaded
    asked: tuple[tuple[Message, ...], ...]
    prompts: list[list[int]]
    answered: list[tuple[int, ...]]
    reading: Reading


def deliver(
    spec: ExportSpec,
    *,
    loaded: Loaded,
    tuning: Tuning,
    store: Store,
    parents: Sequence[str | Artifact],
    probes: Sequence[Example],
    run: Run | None = None,
    key: str | None = None,
    card: Card | None = None,
    meta: Mapping[str, Any] | None = None,
    chat_template: Path | None = None,
    tell: Tell | None = None,
) -> Delivered:
    """Write, prove and file the adapter and the merged model.

    Args:
        spec: which formats, and the number format of the merged model.
        loaded: the trained model as ``models.adapters`` prepared and ``train`` left it; its ``source`` is the base.
        tuning: how it was trained; full tuning delivers a merged model only.
        store: where it is filed.
        parents: what it was made from (the dataset, the base's URI).
        probes: rows whose prompts are asked (validation or test rows); fewer than 32 are filled up with general ones.
        run: takes events ``parity``.
        key: the stage key of both artifacts.
        card: facts for the model card.
        meta: further facts that belong to the content (a system message, say).
        chat_template: the file that the base was loaded with, if any; delivered models carry their template themselves.
        tell: called with a sentence at each step.

    Raises:
        ParityError: something read back from disk does not answer as the trained model; nothing was filed.
        LuthierError: disk full, or merging failed.
    """
    say = tell or (lambda text: None)
    loaded.model.eval()
    wants_adapter = "adapter" in spec.formats and not isinstance(tuning, FullTuning)
    wants_merged = "merged" in spec.formats or isinstance(tuning, FullTuning)
    dtype = files.stored_dtype(loaded) if spec.dtype == "auto" else files.DTYPES[spec.dtype]
    say("asking the trained model")
    trained = _ask(loaded, probes)
    fresh = _Fresh(loaded, tuning, chat_template)
    with ExitStack() as stack:
        drafts: dict[str, Draft] = {}
        certificates: dict[str, Certificate] = {}
        needs_files = not isinstance(tuning, FullTuning)
        scratch = stack.enter_context(store.draft("scratch")) if needs_files and not wants_adapter else None
        if needs_files:
            say("writing the adapter and reading it back")
            draft = scratch or stack.enter_context(store.draft("adapter"))
            adapters.save_adapter(loaded.model, draft.path, loaded.source)
            files.write_tokenizer(loaded, draft.path)
            certificates["adapter"] = _prove_adapter(trained, draft.path, fresh)
            drafts["adapter"] = draft
        if wants_merged:
            say("merging and reading it back" if needs_files else "writing the model and reading it back")
            draft = stack.enter_context(store.draft("model", expect_bytes=_size(loaded, dtype)))
            adapter_folder = drafts["adapter"].path if needs_files else None
            _write_model(loaded, adapter_folder, draft.path, dtype, fresh)
            certificates["model"] = _prove_model(trained, adapter_folder, draft.path, dtype, fresh)
            drafts["model"] = draft
        for certificate in certificates.values():
            if run is not None:
                run.event("parity", **certificate.to_dict())
            if not certificate.holds:
                raise ParityError(certificate)
        facts = _facts(loaded, tuning, card)
        made: dict[str, Artifact] = {}
        for kind in ("adapter", "model"):
            if kind not in drafts or drafts[kind] is scratch:
                continue
            folder = drafts[kind].path
            files.write_json(folder / "parity.json", certificates[kind].to_dict())
            described = replace(facts, parity=certificates[kind].to_dict())
            (folder / "README.md").write_text(render(described, kind=kind), encoding="utf-8")
            body = {
                **(meta or {}),
                "name": described.name,
                "format": "adapter" if kind == "adapter" else "merged",
                "base": loaded.source.name,
                "base_revision": loaded.source.revision,
                "base_digest": loaded.source.digest,
                "tuning": tuning.model_dump(mode="json"),
                "dtype": "fp32" if kind == "adapter" else str(dtype).removeprefix("torch."),
                "template": loaded.chat.digest,
                **({} if loaded.makes == "model" else {"makes": loaded.makes}),
                **({"labels": list(loaded.labels)} if loaded.labels else {}),
                "weights": digest_of(folder) if kind == "model" else None,
            }
            above = [*parents, *([made["adapter"]] if kind == "model" and "adapter" in made else [])]
            made[kind] = drafts[kind].commit(parents=above, key=key, meta=body, run=run)
    return Delivered(made.get("adapter"), made.get("model"), certificates)


# ---- proofs


class _Fresh:
    """Loads the base again from its files; remembers nothing but how."""

    def __init__(self, loaded: Loaded, tuning: Tuning, chat_template: Path | None) -> None:
        self.source: ModelSource = loaded.source
        self.device = str(loaded.device)
        self.precision = "fp32" if loaded.dtype == torch.float32 else "bf16"
        self.tuning = tuning
        self.chat_template = chat_template
        self.makes, self.labels = loaded.makes, loaded.labels

    def base(self, *, quantised: bool = False, fp32: bool = False) -> Loaded:
        return load(
            self.source,
            precision="fp32" if fp32 else self.precision,  # type: ignore[arg-type]
            quantised=self.tuning if quantised and isinstance(self.tuning, QloraTuning) else None,
            device=self.device,
            chat_template=self.chat_template,
            makes=self.makes,
            labels=self.labels,
        )

    def forget(self) -> None:
        """Give back the memory of models that are no longer used, where it counts: looking for them takes a second."""
        if self.source.weight_bytes > _LARGE:
            gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def exported(self, folder: Path) -> Loaded:
        source = ModelSource("delivered", folder, "local", "", remote_code=self.source.remote_code)
        return load(source, precision=self.precision, device=self.device, makes=self.makes)  # type: ignore[arg-type]


def _ask(loaded: Loaded, probes: Sequence[Example]) -> _Trained:
    if loaded.makes == "reward":
        asked, texts = _answered(loaded, probes)
        return _Trained(loaded, asked, texts, [], parity.read_head(loaded, texts))
    chats, prompts = _prompts(loaded, probes)
    if loaded.makes == "classifier":
        return _Trained(loaded, chats, prompts, [], parity.read_head(loaded, prompts))
    answered = parity.answers(loaded.model, prompts, loaded.chat.stop_ids)
    return _Trained(loaded, chats, prompts, answered, parity.read(loaded.model, prompts, answered))


def _prompts(loaded: Loaded, probes: Sequence[Example]) -> tuple[tuple[tuple[Message, ...], ...], list[list[int]]]:
    """Chats that are asked, and the ids of all prompts: the job's own first, shortest first."""
    chat = loaded.chat
    own = [e for e in probes if e.prompt or e.text]
    if chat.has_template:
        chats = [e.prompt for e in own if e.prompt]
        chats = sorted(dict.fromkeys(chats), key=lambda m: sum(len(x.content) for x in m))[: parity.PROBES]
        for text in _EXTRA_PROBES[: max(0, parity.PROBES - len(chats))]:
            chats.append((Message("user", text),))
        ids = [chat.prompt_ids(m) for m in chats]
    else:
        chats = []
        texts = [e.text for e in own if e.text][: parity.PROBES]
        texts += list(_EXTRA_PROBES[: max(0, parity.PROBES - len(texts))])
        whole = [chat.text_ids(t) for t in texts]
        ids = [t[: max(1, len(t) // 2)] for t in whole]
    context = getattr(loaded.model.config, "max_position_embeddings", None) or 1 << 30
    longest = max(1, min(parity.PROBE_TOKENS, context - parity.ANSWER_TOKENS))
    return tuple(chats), [p[-longest:] for p in ids]


def _answered(loaded: Loaded, probes: Sequence[Example]) -> tuple[tuple[tuple[Message, ...], ...], list[list[int]]]:
    """Prompts, and the ids of chats that end in an answer, shortest first: what a reward model reads."""
    own = sorted(
        {e.id: e for e in probes if e.prompt and e.answer.strip()}.values(),
        key=lambda e: (sum(len(m.content) for m in e.messages), e.id),
    )[: parity.PROBES]
    short = parity.PROBES - len(own)
    more = [Example((Message("user", text), Message("assistant", text))) for text in _EXTRA_PROBES[: max(0, short)]]
    kept = [*own, *more]
    context = getattr(loaded.model.config, "max_position_embeddings", None) or 1 << 30
    samples = [loaded.chat.answer_sample(e.prompt, e.messages[len(e.prompt) :], e.tools) for e in kept]
    return tuple(e.prompt for e in kept), [list(reward.said(s))[-context:] for s in samples]


def _prove_adapter(trained: _Trained, folder: Path, fresh: _Fresh) -> Certificate:
    """The same base, held in the same way, with the adapter from disk."""
    quantised, name = trained.loaded.quantised is not None, "adapter against trained model"
    again = adapters.load_adapter(fresh.base(quantised=quantised), folder, "delivered")
    measured = parity.distance(trained.reading, _read(trained, again, trained.reading))
    del again
    fresh.forget()
    if measured.worst == 0.0:
        check = parity.identical(name, measured)
    else:  # other arithmetic (a GPU's, mostly): how far does that alone move the base?
        base = fresh.base(quantised=quantised)
        names = _float_weights(base) if quantised else _changed_weights(trained, base)
        check = parity.judge(name, measured, _floor(trained, base, names, torch.float32)[0])
        del base
        fresh.forget()
    return Certificate("adapter", len(trained.prompts), (_ids(trained, folder), check))


def _write_model(loaded: Loaded, adapter: Path | None, folder: Path, dtype: torch.dtype, fresh: _Fresh) -> None:
    if adapter is None:
        files.write_merged(loaded, folder, dtype)
        return
    merged = adapters.merge_adapter(fresh.base(fp32=True), adapter)
    files.write_merged(replace(merged, chat=loaded.chat), folder, dtype)
    del merged
    fresh.forget()


def _prove_model(
    trained: _Trained, adapter: Path | None, folder: Path, dtype: torch.dtype, fresh: _Fresh
) -> Certificate:
    """The merged model from disk against the trained one; after QLoRA against the adapter on the unquantised base, and
    how far that is from the trained model on its quantised base is held against what quantising does to the base."""
    checks = [_ids(trained, folder)]
    exported = fresh.exported(folder)
    base = fresh.base(fp32=True)
    checks.append(_weights(trained, base, exported, dtype))
    if base.dtype != trained.loaded.dtype:
        base = fresh.base()
    names = _changed_weights(trained, base)
    reference = trained
    if trained.loaded.quantised is not None and adapter is not None:
        plain = _read(trained, base)
        small = fresh.base(quantised=True)
        quantising = parity.distance(plain, _read(trained, small, plain))
        del small
        floor, _ = _floor(trained, base, names, dtype)
        on_base = adapters.load_adapter(base, adapter, "delivered")
        moved = parity.distance(trained.reading, _read(trained, on_base, trained.reading))
        note = "the floor is what holding the base in 4 bits does to the base itself"
        checks.append(parity.judge("unquantised base against trained model", moved, quantising, note=note))
        reference = replace(trained, reading=_read(trained, on_base))
        training = parity.distance(reference.reading, _read(trained, fresh.base(), reference.reading))
    else:
        floor, training = _floor(trained, base, names, dtype)
    del base
    fresh.forget()
    measured = parity.distance(reference.reading, _read(trained, exported, reference.reading))
    checks.append(parity.judge("merged model against trained model", measured, floor))
    del exported
    fresh.forget()
    by_training = {"mean": training.mean, "worst": training.worst}
    return Certificate("merged model", len(trained.prompts), tuple(checks), by_training)


def _read(trained: _Trained, loaded: Loaded, watch: Reading | None = None) -> Reading:
    """``loaded`` on the probes. A bare base gets the trained head: one that means nothing shows nothing."""
    if loaded.makes != "model":
        if head.labels_in(loaded.source) is None and not hasattr(loaded.model, "get_base_model"):
            head.take_head(loaded.model, trained.loaded.model)
        return parity.read_head(loaded, trained.prompts)
    return parity.read(loaded.model, trained.prompts, trained.answered, watch)


def _weights(trained: _Trained, base: Loaded, exported: Loaded, dtype: torch.dtype) -> Check:
    """Every delivered weight against base plus change, worked out apart from the merge. ``base`` is held in fp32."""
    changes = trained_weights(trained.loaded.model)
    delivered = dict(exported.model.named_parameters())
    if changes:
        expected = (
            (name, changes[name](weight) if name in changes else weight, name in changes)
            for name, weight in base.model.named_parameters()
        )
    else:
        expected = ((name, weight, True) for name, weight in trained.loaded.model.named_parameters())
    held = exported.dtype if parity.STEP_BITS[exported.dtype] < parity.STEP_BITS[dtype] else dtype
    with torch.inference_mode():
        return parity.compare_weights(delivered, expected, held)


def _floor(
    trained: _Trained, base: Loaded, names: Sequence[str], dtype: torch.dtype
) -> tuple[Distance, Distance]:
    """How far rounding moves the base, and how far training moved it."""
    before = _read(trained, base, trained.reading)
    with parity.nudged(base.model, names, dtype):
        after = _read(trained, base, trained.reading)
    return parity.distance(before, after), parity.distance(trained.reading, before)


def _changed_weights(trained: _Trained, base: Loaded) -> list[str]:
    """Names, in the plain base, of the weights that training changed."""
    names = [n for n, _ in base.model.named_parameters()]
    if not hasattr(trained.loaded.model, "get_base_model"):
        return names
    changed = trained_weights(trained.loaded.model)
    return [n for n in names if n in changed]


def _float_weights(base: Loaded) -> list[str]:
    """Names of the weights of a quantised base that can be nudged: those that are not packed in 4 bits."""
    return [n for n, p in base.model.named_parameters() if p.is_floating_point()]


def _ids(trained: _Trained, folder: Path) -> Check:
    """The tokenizer and template beside the weights give the same prompts and stop in the same places."""
    delivered = load_chat(ModelSource("delivered", folder, "local", "", remote_code=trained.loaded.source.remote_code))
    ours, name = trained.loaded.chat, "token ids of prompts"
    if delivered.stop_ids - ours.stop_ids or (ours.has_template and delivered.digest != ours.digest):
        return parity.same(name, False, "the delivered chat template or control tokens differ")
    wrong = sum(ours.prompt_ids(m) != delivered.prompt_ids(m) for m in trained.asked)
    texts = ["".join(x.content for x in m) for m in trained.asked] or list(_EXTRA_PROBES)
    texts += [f"{token} and {token}." for token in trained.loaded.source.new_tokens]
    wrong += sum(ours.text_ids(t) != delivered.text_ids(t) for t in texts)
    return parity.same(name, wrong == 0, f"{wrong} of {2 * len(trained.asked)} prompts have other token ids")


# ---- facts


def _facts(loaded: Loaded, tuning: Tuning, card: Card | None) -> Card:
    known = card or Card(name=f"{loaded.source.name}-tuned", base=loaded.source.name)
    return replace(
        known,
        base=loaded.source.name,
        base_revision=loaded.source.revision,
        licence=known.licence or loaded.source.licence,
        makes=loaded.makes,
        labels=loaded.labels,
        tuning=known.tuning or str(getattr(tuning, "kind", "")),
        lineage={**known.lineage, "base digest": loaded.source.digest},
    )


def _size(loaded: Loaded, dtype: torch.dtype) -> int:
    return sum(int(p.numel()) for p in loaded.model.parameters()) * dtype.itemsize


