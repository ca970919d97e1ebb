"""The quickstart job is what its page says: the same bytes again, faults where the key says, hard for words alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from tools.quickstart.__main__ import HERE, PACKAGED
from tools.quickstart.baseline import bag_of_words, clean
from tools.quickstart.company import BY_NAME, INSTRUCTION, INTENTS, PRODUCT_LABELS, URGENCIES
from tools.quickstart.job import Job, build, loads, write
from tools.quickstart.similarity import Index, char_shingles, jaccard, largest_component, shingles, words

ALLOWED = {"intent": INTENTS, "urgency": URGENCIES, "product": PRODUCT_LABELS}
BROKEN = ("malformed_json", "missing_answer", "empty_answer", "wrong_role", "answer_not_json")
BASELINE_CEILING = 0.79
"""Words and logistic regression stay below this joint share of test; the page states the measured figure."""


@pytest.fixture(scope="module")
def train_lines() -> list[str]:
    return (PACKAGED / "train.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def test_lines() -> list[str]:
    return (PACKAGED / "test.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def planted() -> dict[str, list[dict[str, int]]]:
    return json.loads((HERE / "planted.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def again() -> Job:
    return build()


def message(line: str) -> str:
    return json.loads(line)["messages"][1]["content"]


def answer(line: str) -> dict[str, str]:
    return json.loads(json.loads(line)["messages"][2]["content"])


def planted_lines(planted: dict[str, list[dict[str, int]]], *kinds: str) -> set[int]:
    return {entry["line"] for kind in kinds or planted for entry in planted[kind]}


def test_making_it_again_gives_the_same_bytes(again: Job, tmp_path: Path) -> None:
    write(again, packaged=tmp_path / "packaged", beside=tmp_path)
    for name in ("train.jsonl", "test.jsonl", "README.md"):
        assert (tmp_path / "packaged" / name).read_bytes() == (PACKAGED / name).read_bytes(), name
    assert (tmp_path / "planted.json").read_bytes() == (HERE / "planted.json").read_bytes()


def test_another_seed_gives_another_job(again: Job) -> None:
    assert build(seed=1).test_lines != again.test_lines


def test_sizes(train_lines: list[str], test_lines: list[str]) -> None:
    assert len(train_lines) == 1565
    assert len(test_lines) == 240


def test_every_clean_row_has_the_one_shape(
    train_lines: list[str], test_lines: list[str], planted: dict[str, list[dict[str, int]]]
) -> None:
    broken = planted_lines(planted, *BROKEN)
    sound = [line for number, line in enumerate(train_lines, 1) if number not in broken] + test_lines
    for line in sound:
        messages = json.loads(line)["messages"]
        assert [entry["role"] for entry in messages] == ["system", "user", "assistant"]
        assert messages[0]["content"] == INSTRUCTION
        fields = json.loads(messages[2]["content"])
        assert list(fields) == ["intent", "urgency", "product", "reply"]
        assert messages[2]["content"] == json.dumps(fields, ensure_ascii=False)
        for name, values in ALLOWED.items():
            assert fields[name] in values, messages
        assert 15 <= len(fields["reply"]) <= 110
        assert not re.search(r"[{}]", messages[1]["content"]), "a slot was left unfilled"
        assert fields["product"] == "none" or _mentions(messages[1]["content"], fields["product"]), messages


def _mentions(text: str, name: str) -> bool:
    product = BY_NAME[name]
    low = text.lower()
    shorter = product.kind.split()[-1]  # a hand-written message may say "lamp" for the bedside lamp
    return any(form.lower() in low for form in (name, shorter, product.short_kind, *product.typos))


def test_labels_are_balanced(train_lines: list[str], test_lines: list[str]) -> None:
    for lines, least_product in ((train_lines, 60), (test_lines, 10)):
        answers = [found for _, found in clean(loads(lines))]
        intents, urgencies, products = (Counter(found[name] for found in answers) for name in ALLOWED)
        assert set(intents) == set(INTENTS)
        assert max(intents.values()) < 2 * min(intents.values())
        assert min(urgencies.values()) > 0.22 * len(answers)
        assert set(products) == set(PRODUCT_LABELS)
        assert min(products.values()) >= least_product


def test_broken_rows_are_broken_in_the_way_the_key_says(
    train_lines: list[str], planted: dict[str, list[dict[str, int]]]
) -> None:
    line_of = {kind: train_lines[planted[kind][0]["line"] - 1] for kind in BROKEN}
    with pytest.raises(json.JSONDecodeError):
        json.loads(line_of["malformed_json"])
    assert [m["role"] for m in json.loads(line_of["missing_answer"])["messages"]] == ["system", "user"]
    assert json.loads(line_of["empty_answer"])["messages"][2]["content"] == ""
    assert json.loads(line_of["wrong_role"])["messages"][2]["role"] == "agent"
    with pytest.raises(json.JSONDecodeError):
        answer(line_of["answer_not_json"])
    unreadable = {n for n, row in enumerate(loads(train_lines), 1) if not clean([row])}
    assert unreadable == planted_lines(planted, *BROKEN)


def test_duplicates_copy_the_line_that_the_key_names(
    train_lines: list[str], planted: dict[str, list[dict[str, int]]]
) -> None:
    for entry in planted["exact_duplicate"]:
        assert train_lines[entry["line"] - 1] == train_lines[entry["copy_of_train_line"] - 1]
    for entry in planted["exact_duplicate_retyped"]:
        copy, source = train_lines[entry["line"] - 1], train_lines[entry["copy_of_train_line"] - 1]
        assert message(copy) != message(source)
        assert words(message(copy)) == words(message(source))
    for entry in planted["near_duplicate"]:
        copy, source = train_lines[entry["line"] - 1], train_lines[entry["copy_of_train_line"] - 1]
        assert words(message(copy)) != words(message(source))
        assert jaccard(message(copy), message(source)) >= 0.8
        assert answer(copy) == answer(source)
    for entry in planted["contradiction"]:
        copy, source = train_lines[entry["line"] - 1], train_lines[entry["copy_of_train_line"] - 1]
        assert message(copy) == message(source)
        assert answer(copy)["urgency"] != answer(source)["urgency"]
    counts = {kind: len(found) for kind, found in planted.items()}
    assert counts["exact_duplicate"] + counts["exact_duplicate_retyped"] == 30
    assert (counts["near_duplicate"], counts["contradiction"]) == (25, 2)


def test_exactly_three_test_items_leak_and_in_three_ways(
    train_lines: list[str], test_lines: list[str], planted: dict[str, list[dict[str, int]]]
) -> None:
    def pair(kind: str) -> tuple[str, str]:
        (entry,) = planted[kind]
        return message(train_lines[entry["line"] - 1]), message(test_lines[entry["copy_of_test_line"] - 1])

    verbatim, its_source = pair("leak_verbatim")
    assert verbatim == its_source
    retyped, its_source = pair("leak_retyped")
    assert retyped != its_source
    assert words(retyped) == words(its_source)
    near, its_source = pair("leak_near")
    assert words(near) != words(its_source)
    assert jaccard(near, its_source) >= 0.8

    index = Index()
    for line in test_lines:
        index.add(shingles(message(line)))
    broken = planted_lines(planted, *BROKEN)
    leaked = {
        number
        for number, line in enumerate(train_lines, 1)
        if number not in broken and index.nearest(shingles(message(line)))[0] >= 0.8
    }
    assert leaked == planted_lines(planted, "leak_verbatim", "leak_retyped", "leak_near")


def test_only_the_planted_duplicates_are_near_duplicates(
    train_lines: list[str], test_lines: list[str], planted: dict[str, list[dict[str, int]]]
) -> None:
    out = planted_lines(planted, *BROKEN, *(kind for kind in planted if "duplicate" in kind or "leak" in kind))
    out |= planted_lines(planted, "contradiction")
    kept = [message(line) for number, line in enumerate(train_lines, 1) if number not in out]
    kept += [message(line) for line in test_lines]
    for sets in ([shingles(m) for m in kept], [shingles(m, 5) for m in kept], [char_shingles(m) for m in kept]):
        assert largest_component(sets) == 1


def test_the_largest_group_of_near_duplicates_is_at_most_two_percent(train_lines: list[str]) -> None:
    messages = [text for text, _ in clean(loads(train_lines))]
    assert largest_component([shingles(m) for m in messages]) <= 0.02 * len(messages)


def test_two_phone_numbers_stand_where_the_key_says(
    train_lines: list[str], test_lines: list[str], planted: dict[str, list[dict[str, int]]]
) -> None:
    phone = re.compile(r"\+?\d[\d ]{9,}\d")
    found = {number for number, line in enumerate(train_lines, 1) if phone.search(line)}
    assert found == planted_lines(planted, "phone_number")
    assert len(found) == 2
    assert not any(phone.search(line) for line in test_lines)


def test_the_same_message_has_one_answer_but_for_the_planted_contradictions(
    train_lines: list[str], planted: dict[str, list[dict[str, int]]]
) -> None:
    labels: dict[str, set[tuple[str, ...]]] = {}
    for text, found in clean(loads(train_lines)):
        labels.setdefault(" ".join(words(text)), set()).add(tuple(found[name] for name in ALLOWED))
    assert sum(len(found) > 1 for found in labels.values()) == len(planted["contradiction"]) == 2


def test_words_alone_do_not_solve_it(train_lines: list[str], test_lines: list[str]) -> None:
    score = bag_of_words(loads(train_lines), loads(test_lines))
    assert 0.50 <= score.joint <= BASELINE_CEILING  # and it is not noise: far above the 3% of the commonest labels
    assert score.by_field["product"] < 0.90  # naming the product takes reading


def test_the_page_states_the_measured_figures(train_lines: list[str], test_lines: list[str]) -> None:
    page = (PACKAGED / "README.md").read_text(encoding="utf-8")
    score = bag_of_words(loads(train_lines), loads(test_lines))
    assert f"**{score.joint:.1%}**" in page
    assert "Apache-2.0" in page
    assert "python -m tools.quickstart" in page
