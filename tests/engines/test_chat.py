"""A conversation remembers, forgets the oldest when it must, and survives an interruption."""

from __future__ import annotations

from typing import Any

import pytest

from luthier.engines import ContextOverflow, Request
from luthier.engines.chat import Conversation
from luthier.engines.embedded import EmbeddedEngine
from luthier.engines.scripted import ScriptedEngine
from luthier.records import Message


def count(request: Request) -> str:
    return f"I see {len(request.messages)} messages"


def test_each_question_is_asked_with_what_was_said_before() -> None:
    talk = Conversation(ScriptedEngine(count), system="Be kind.")
    assert "".join(talk.ask("one")) == "I see 2 messages"
    assert "".join(talk.ask("two")) == "I see 4 messages"
    assert talk.messages == (
        Message("system", "Be kind."),
        Message("user", "one"),
        Message("assistant", "I see 2 messages"),
        Message("user", "two"),
        Message("assistant", "I see 4 messages"),
    )
    assert talk.last is not None
    assert talk.last.finish_reason == "stop"
    talk.reset()
    assert "".join(talk.ask("three")) == "I see 2 messages"


def test_an_answer_that_is_broken_off_is_kept_as_far_as_it_went() -> None:
    talk = Conversation(ScriptedEngine(count))
    answer = talk.ask("one")
    assert next(answer) == "I "
    answer.close()  # type: ignore[attr-defined]
    assert [m.content for m in talk.messages] == ["one", "I "]


def test_the_oldest_exchanges_leave_the_prompt_when_the_context_is_full(tiny: Any) -> None:
    with EmbeddedEngine(tiny) as engine:
        talk = Conversation(engine, system="S", max_tokens=4)
        for i in range(6):
            assert list(talk.ask(f"question {i} " + "x" * 30)) is not None
        assert talk.forgotten > 0
        assert len(talk.messages) == 13
        with pytest.raises(ContextOverflow):
            list(talk.ask("y" * 400))
        assert len(talk.messages) == 13
