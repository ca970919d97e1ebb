"""``luthier predict``: rows of any shape in, one answer a row out, resumable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError, UsageError
from luthier.pipeline.job import ProgressLike
from luthier.pipeline.resolve import open_engine
from luthier.records import Message, Score

if TYPE_CHECKING:
    from luthier.engines import Engine
    from luthier.store import Store


def predict_file(
    store: Store, model: str, file: str, *, output: Path | None, max_tokens: int, progress: ProgressLike,
    best_of: int | None = None, by: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Answer every row that has no answer in ``output`` yet; with ``best_of`` the best of so many answers, as the
    reward model ``by`` finds.

    Raises:
        LuthierError: the file cannot be read, holds no question, or the model is unknown.
        UsageError: ``best_of`` without ``by``, or the other way round.
    """
    from luthier.engines.batch import predict

    questions = read_questions(file)
    target = output or Path(f"{Path(file).name}.answers.jsonl")
    with open_engine(store, model, aside=True) as opened, progress.bar("predict", len(questions)) as bar:
        if opened.system is not None:
            system = Message("system", opened.system)
            questions = [(i, m if m[0].role == "system" else (system, *m)) for i, m in questions]
        engine = opened.engine if best_of is None and by is None else _best_of(store, opened.engine, best_of, by)
        done = predict(
            engine, questions, target, adapter=opened.adapter, max_tokens=max_tokens, on_done=bar.update
        )
    return {"output": str(target), "answered": done.answered, "reused": done.reused, "refused": done.refused}


def _best_of(store: Store, engine: Engine, n: int | None, by: str | None) -> Engine:
    if n is None or by is None:
        raise UsageError(
            "the best of several answers needs who finds it best" if by is None else "best of how many answers?",
            where="luthier predict", fix=f"--best-of {n or 8} --by {by or 'REWARD_MODEL'}",
        )  # fmt: skip
    from luthier.engines.best_of import BestOfEngine
    from luthier.pipeline.reward import open_reward

    model = open_reward(store, by)

    def liking(answers: Sequence[tuple[tuple[Message, ...], str]]) -> list[Score]:
        return model.of_chats([(chat, (Message("assistant", text),), ()) for chat, text in answers])

    return BestOfEngine(engine, n, liking, liked_by=model.fingerprint)


def read_questions(file: str, folder: Path | None = None) -> list[tuple[str, tuple[Message, ...]]]:
    """Each row's id ("file:line") and the messages to answer; an answer that stands in the row is left out."""
    from luthier.data.sources import files_of
    from luthier.rows import read_file

    found: list[tuple[str, tuple[Message, ...]]] = []
    for source in files_of([file], folder=folder or Path.cwd()):
        for raw in read_file(source):
            if raw.value is None:
                raise LuthierError(
                    "a row cannot be read", where=raw.origin, why=str(raw.problem), fix=f"luthier check {file}"
                )
            found.append((str(raw.origin), _messages(raw.value, str(raw.origin))))
    if not found:
        raise LuthierError("there are no rows to answer", where=file)
    return found


def _messages(value: dict[str, Any], where: str) -> tuple[Message, ...]:
    from luthier.rows.chat import read_turns
    from luthier.rows.finding import RowProblem

    for key in ("messages", "conversations", "conversation"):
        if key in value:
            try:
                turns = read_turns(value[key], key)
            except RowProblem as problem:
                raise LuthierError("a row cannot be read", where=where, why=str(problem)) from None
            while turns and turns[-1].role == "assistant":
                turns.pop()
            if turns:
                return tuple(turns)
    for key in ("prompt", "instruction", "question", "input", "message", "text", "query", "body"):
        text = value.get(key)
        if isinstance(text, str) and text.strip():
            extra = value.get("input") if key == "instruction" else None
            return (Message("user", f"{text}\n\n{extra}" if extra else text),)
    raise LuthierError(
        "no question was found in this row", where=where, why=f"its fields are {', '.join(map(str, value))}",
        fix="name the column messages, prompt, question or text",
    )  # fmt: skip
