"""Two models beside each other on the same prompts, with nano as all of them; and the answer in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from luthier.engines.embedded import EmbeddedEngine
from luthier.evaluate import Contender
from luthier.evaluate.worth import Rival, Worth, weigh
from luthier.models.load import load
from luthier.models.source import resolve
from luthier.records import Example, Message, Preference, Score
from luthier.report.worth import sentence, worth_html, worth_table
from luthier.score.reward import Answered, Scoring
from luthier.stats import mean_interval


@pytest.fixture(scope="module")
def nano() -> Iterator[Contender]:
    loaded = load(resolve("nano"))
    engine = EmbeddedEngine(loaded)
    yield Contender(engine, loaded.chat)
    engine.close()


def rows(count: int) -> list[Example]:
    return [
        Example((Message("user", f"Please write to me about order {n}."), Message("assistant", "We will look at it.")))
        for n in range(count)
    ]


def words(answers: list[Answered]) -> list[Score]:
    return [Score(float(len(a.answer.split())) + int(a.messages[-1].content.split()[-1][:-1]) / 10) for a in answers]


def test_a_model_beside_itself_is_no_better_and_has_gone_nowhere(nano: Contender) -> None:
    prompts = rows(6)
    pairs = [Preference(p.prompt, p.messages[1:], (Message("assistant", "No."),)) for p in prompts]
    sides = [Rival(name, "sft lora", nano, nano, {name: seconds}) for name, seconds in (("dear", 90.0), ("cheap", 9.0))]
    found = weigh(
        sides[0], sides[1], base=nano, judge=Scoring("judge", "j", words), prompts=prompts, pairs=pairs, max_tokens=12
    )
    assert (found.prompts, found.pairs) == (6, 6) and found.lead.estimate == 0.0 and found.wins.estimate == 0.5
    assert found.first.kl.estimate == found.first.kl_base.estimate == 0.0 and found.first.kl.n > 3
    assert found.first.preference is not None and found.first.preference.estimate == 0.5, "all ties"
    assert found.spread > 0 and found.better is None and found.first.words == found.second.words > 0
    told = sentence(found.to_dict())
    assert told.startswith("Not shown") and "cheap took 9.0 s, dear 1 min 30 s: take the cheaper one" in told


def made(lead: float, kl: float = 3.0) -> Worth:
    """The first leads by so many standard deviations, give or take a bit."""
    around = mean_interval([lead - 0.1, lead, lead + 0.1] * 10)
    nats = mean_interval([kl - 1, kl, kl + 1] * 10)
    from luthier.evaluate.worth import Weighed

    first = Weighed("rl", "grpo lora", around, around, nats, nats, 21.0, {"sft": 60.0, "rl": 180.0})
    second = replace(first, name="dpo", method="dpo lora", seconds={"dpo": 100.0})
    wins = mean_interval([1.0] * 8 + [0.0] * 2)
    return Worth("judge", "nano", 30, 0, around, 1.5, first, second, around, wins)


def test_the_answer_names_who_by_how_much_how_far_and_at_what_price() -> None:
    yes, no = sentence(made(1.2).to_dict()), sentence(made(-1.2).to_dict())
    assert yes.startswith("Yes: rl answers better than dpo, by +1.20 [+1.1") and "wins 80% of 30 prompts" in yes
    assert "and it took 4 min 00 s instead of 1 min 40 s" in yes and "3.0 nats an answer from its start" in yes
    assert no.startswith("No: dpo answers better than rl, by +1.20 [+1.1") and "wins 20% of 30 prompts" in no
    assert "while it took 1 min 40 s instead of 4 min 00 s" in no and "read its answers" not in no
    assert "read its answers" in sentence(made(1.2, kl=25.0).to_dict())


def test_the_page_has_the_figures_and_obeys_no_markup() -> None:
    found: dict[str, Any] = made(1.2).to_dict()
    table, heads = worth_table(found)
    assert heads[1:3] == ["rl (grpo lora)", "dpo (dpo lora)"]
    assert [row[0] for row in table][:3] == ["reward", "over the base, in its SD", "prompts won"]
    assert table[2][1:3] == ["80%", "20%"] and "4 min 00 s" in table[-1]
    html = worth_html(found, [("<b>asked</b>", (("<i>a</i>", 0.1), ("b", 0.2), ("c", -0.3)))])
    assert "&lt;b&gt;asked" in html and "<b>asked" not in html and not re.search(r"<i>a", html)
    assert "standard deviation of 1.50" in html and "sft 1 min 00 s, rl 3 min 00 s" in html
