"""The data stage from files to sides: every loss is counted, named and kept, and nothing alike straddles a split."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from luthier.data import Prepared, build
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example
from luthier.text import normalise, shingles

WORDS = [
    "anchor",
    "basket",
    "candle",
    "donkey",
    "engine",
    "feather",
    "garden",
    "hammer",
    "island",
    "jacket",
    "kettle",
    "ladder",
    "mirror",
    "needle",
    "orange",
    "pencil",
    "quiver",
    "rocket",
    "saddle",
    "temple",
    "umbrella",
    "violin",
    "wagon",
    "yellow",
    "zebra",
    "bridge",
    "copper",
    "desert",
    "forest",
    "glacier",
    "harbour",
]


def question(number: int) -> str:
    """A question unlike all others."""
    rng = random.Random(number)
    return f"Question {number}: " + " ".join(rng.choices(WORDS, k=14)) + "?"


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"question": question(number), "answer": f"Answer about {WORDS[number % 31]} {number}.", **more}


def put(folder: Path, name: str, rows: Iterable[Any]) -> str:
    lines = (r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in rows)
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name


def prepare(folder: Path, rows: Iterable[Any], test: Iterable[Any] | None = None, **spec: Any) -> Prepared:
    data: dict[str, Any] = {"source": put(folder, "rows.jsonl", rows), **spec}
    if test is not None:
        data["test"] = put(folder, "test.jsonl", test)
    return build(DataSpec.model_validate(data), folder=folder)


def step(made: Prepared, name: str) -> dict[str, Any]:
    return next(s for s in made.report["steps"] if s["name"] == name)


def side_of(made: Prepared) -> dict[str, str]:
    sides = (("train", made.train), ("validation", made.validation), ("test", made.test))
    return {example.asked: side for side, examples in sides for example in examples}


def one_word_changed(text: str) -> str:
    return " ".join([*text.split()[:-1], "quite?"])  # 13 of 15 shingles stay: 0.87


def test_every_loss_is_counted_named_and_kept(tmp_path: Path) -> None:
    base = [row(n) for n in range(60)]
    shouted = {**base[3], "question": base[3]["question"].upper().replace(":", " --")}
    near = {**base[4], "question": one_word_changed(base[4]["question"])}
    test = [row(n) for n in range(100, 110)]
    leaks = [test[0], {**test[1], "question": test[1]["question"].upper(), "answer": "other"},
             {**row(7), "question": one_word_changed(test[2]["question"])}]  # fmt: skip
    phone = {"question": question(200) + " Call me on 07700 900482.", "answer": "We will."}
    broken = ['{"question": ', {"question": question(300), "answer": ""}, {"question": "", "answer": "x"}]
    made = prepare(tmp_path, [*base, base[2], shouted, near, *leaks, phone, *broken], test)

    removed = {s["name"]: s["removed"] for s in made.report["steps"] if s["removed"]}
    assert removed == {"unreadable": 1, "invalid": 2, "duplicates": 2, "leaks": 3, "near-duplicates": 1}
    left = made.report["steps"][0]["left"]
    for one in made.report["steps"]:  # the account adds up at each step
        left -= one["removed"]
        assert one["left"] == left
        assert len(one["examples"]) == min(3, one["removed"] or one.get("changed", 0))
        assert all(len(text) <= 400 for shown in one["examples"] for text in shown.values())
    assert left == len(made.train) + len(made.validation) == 61
    assert made.report["rows"] == {
        "read": 70, "train": len(made.train), "validation": len(made.validation), "test": 10, "replay": 0,
        "removed": 6, "quarantined": 3,
    }  # fmt: skip
    assert step(made, "leaks") | {"exact": 2, "near": 1, "test_rows_touched": 3} == step(made, "leaks")
    assert step(made, "personal data")["kinds"] == {"phone": 1}
    assert [m.asked for m in (*made.train, *made.validation) if "[PHONE]" in m.asked] == [
        question(200) + " Call me on [PHONE]."
    ]
    assert Counter(r["rule"] for r in made.removed) == {
        "duplicate.exact": 2, "leak.exact": 2, "leak.near": 1, "duplicate.near": 1,
    }  # fmt: skip
    assert all(r["id"] and r["why"] and r["partner"]["origin"] and r["row"]["messages"] for r in made.removed)
    assert Counter(r["rule"] for r in made.quarantine) == {"row.json": 1, "answer.empty": 1, "content.empty": 1}
    assert {r["origin"] for r in made.quarantine} == {"rows.jsonl:68", "rows.jsonl:69", "rows.jsonl:70"}
    assert made.quarantine[1]["row"] == broken[1]
    assert [e.asked for e in made.test] == [t["question"] for t in test]  # a given test set is never altered


def test_a_given_test_set_keeps_its_personal_data_and_still_finds_its_leak(tmp_path: Path) -> None:
    told = "Please call me on 07700 900482 about the lamp"
    made = prepare(
        tmp_path, [row(n) for n in range(20)] + [{"question": told, "answer": "a"}], [{"question": told, "answer": "b"}]
    )
    assert made.test[0].asked == told
    assert step(made, "leaks")["exact"] == 1


@pytest.mark.parametrize(
    "texts",
    [
        ["我的银行卡在哪里", "我要取消这个订单", "今天的天气怎么样", "请帮我修改密码吧"],
        ["أين بطاقتي البنكية", "أريد إلغاء هذا الطلب", "كيف حال الطقس اليوم", "غيّر كلمة المرور"],
        ["บัตรของฉันอยู่ที่ไหน", "ฉันต้องการยกเลิกคำสั่งซื้อ", "วันนี้อากาศเป็นอย่างไร", "เปลี่ยนรหัสผ่าน"],
        ["🙂", "🙃", "❤️", "👍"],
        ["1 2 3 4", "5 6 7 8", "9 10 11", "12 13 14"],
        ["!!!", "???", "...", "—"],
    ],
    ids=["chinese", "arabic", "thai", "emoji", "digits", "signs"],
)
def test_no_script_collapses_into_duplicates(tmp_path: Path, texts: list[str]) -> None:
    rows = [{"question": text, "answer": f"same answer {n % 2}"} for n, text in enumerate(texts)]
    made = prepare(tmp_path, rows, split={"test": "25%", "validation": 0})
    assert len(made.train) + len(made.test) == len(texts) and not made.removed and not made.quarantine


def test_contradictions_are_set_aside_on_both_sides_and_free_answers_stay(tmp_path: Path) -> None:
    labelled = [{"text": question(n), "label": ["yes", "no"][n % 2]} for n in range(40)]
    made = prepare(tmp_path, [*labelled, {"text": question(3).upper(), "label": "yes"}])
    assert {r["rule"] for r in made.quarantine} == {"conflict"} and len(made.quarantine) == 2
    assert question(3) not in side_of(made)
    free = [row(n) for n in range(40)]
    made = prepare(tmp_path, [*free, {**free[3], "answer": "Quite another answer, just as good."}])
    assert (
        not made.quarantine
        and sum(e.asked == free[3]["question"] for e in (*made.train, *made.validation, *made.test)) == 2
    )


def test_signs_that_carry_meaning_do_not_contradict(tmp_path: Path) -> None:
    rows = [{"text": f"Is {n} {sign} {n + 5} above ten", "label": str(sign == "+")} for n in range(20) for sign in "+-"]
    made = prepare(tmp_path, rows, leak_similarity=1.0)
    assert step(made, "contradictions")["removed"] == 0


def test_json_answers_contradict_by_their_closed_fields_and_odd_answers_are_set_aside(tmp_path: Path) -> None:
    def ticket(n: int, intent: str, reply: str) -> dict[str, str]:
        return {"question": question(n), "answer": json.dumps({"intent": intent, "reply": reply})}

    rows = [ticket(n, ["refund", "fault"][n % 2], f"Reply number {n} about the {WORDS[n % 31]}.") for n in range(80)]
    other_words = ticket(4, "refund", "The same thing in other words.")
    other_intent = ticket(5, "refund", "Reply number 5.")
    odd = {"question": question(90), "answer": "just words"}
    made = prepare(tmp_path, [*rows, other_words, other_intent, odd])
    assert made.report["answers"] == {"kind": "json", "fields": ["intent"], "free": ["reply"]}
    assert Counter(r["rule"] for r in made.quarantine) == {"conflict": 2, "answer.odd": 1}
    assert [r["rule"] for r in made.removed] == ["duplicate.near"]  # the same intent for the same question: one stays
    assert made.report["labels"]["intent"]["train"].keys() == {"refund", "fault"}


def test_similar_questions_with_other_labels_both_stay_and_stay_together(tmp_path: Path) -> None:
    rows = [{"text": question(n), "label": ["a", "b"][n % 2]} for n in range(60)]
    twin = {"text": one_word_changed(rows[8]["text"]), "label": "b"}
    made = prepare(tmp_path, [*rows, twin], split={"test": 0.3, "validation": 0.2})
    assert step(made, "near-duplicates")["similar_with_other_answer"] == 1
    sides = side_of(made)
    assert sides[rows[8]["text"]] == sides[twin["text"]]


def straddling(made: Prepared, threshold: float) -> list[tuple[str, str]]:
    """Every pair across two sides at or above the threshold, found by trying every pair."""
    sides = (made.train, made.validation, made.test)
    sets = [[(e.asked, shingles(e.asked)) for e in side] for side in sides]
    return [
        (a, b) for one in range(3) for other in range(one + 1, 3) for a, x in sets[one] for b, y in sets[other]
        if x and y and len(x & y) / len(x | y) >= threshold
    ]  # fmt: skip


def family(seed: int, count: int) -> list[dict[str, Any]]:
    """Rows with chains of near-duplicates among them."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        if rows and rng.random() < 0.5:
            words = rng.choice(rows)["question"].split()
            words[rng.randrange(len(words))] = rng.choice(WORDS)
            rows.append(
                {"question": " ".join(words), "answer": f"answer {len(rows)} {rng.choice(WORDS)} {rng.choice(WORDS)}"}
            )
        else:
            rows.append(row(rng.randrange(10**9)))
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_near_duplicates_never_straddle_a_split(tmp_path: Path, seed: int) -> None:
    made = prepare(tmp_path, family(seed, 200), split={"test": 0.3, "validation": 0.2}, dedupe={"near": None})
    assert made.test and made.validation
    assert straddling(made, 0.8) == []
    certificate = made.report["certificate"]
    assert certificate["max_jaccard"] < 0.8
    sizes = [len(made.train), len(made.validation), len(made.test)]
    assert certificate["pairs_checked"] == sizes[0] * sizes[1] + sizes[0] * sizes[2] + sizes[1] * sizes[2]
    highest = max(float(p["max_jaccard"]) for p in certificate["sides"].values())
    assert highest == certificate["max_jaccard"] and straddling(made, highest - 1e-6) != []


def test_no_training_row_is_near_a_given_test_row(tmp_path: Path) -> None:
    rows = family(9, 240)
    made = prepare(tmp_path, rows[:180], rows[180:])
    assert straddling(made, 0.8) == []
    assert len(made.test) == 60


def test_sides_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = family(3, 200)
    first = side_of(prepare(tmp_path, rows, split={"test": 0.2, "validation": 0.2}))
    random.Random(1).shuffle(rows)
    second = side_of(prepare(tmp_path, rows, split={"test": 0.2, "validation": 0.2}))
    common = first.keys() & second.keys()
    assert len(common) > 90
    assert {k: first[k] for k in common} == {k: second[k] for k in common}


def test_adding_rows_moves_no_old_row(tmp_path: Path) -> None:
    rows = [row(n) for n in range(150)]
    before = side_of(prepare(tmp_path, rows))
    after = side_of(prepare(tmp_path, [*(row(n) for n in range(500, 700)), *rows]))
    assert {asked: after[asked] for asked in before} == before
    assert set(before.values()) == {"train", "validation", "test"}


def test_another_salt_deals_otherwise_and_shares_hold_in_expectation(tmp_path: Path) -> None:
    rows = [row(n) for n in range(1000)]
    one = prepare(tmp_path, rows, split={"test": 0.2, "validation": 0.1})
    other = prepare(tmp_path, rows, split={"test": 0.2, "validation": 0.1, "salt": "pepper"})
    assert side_of(one) != side_of(other)
    assert abs(len(one.test) - 200) < 50 and abs(len(one.validation) - 100) < 40  # four standard deviations


def test_groups_stay_together(tmp_path: Path) -> None:
    rows = [row(n, customer=f"c{n % 30}") for n in range(240)]
    made = prepare(tmp_path, rows, split={"test": 0.3, "validation": 0.2, "group_by": "customer"})
    seats: dict[str, set[str]] = {}
    for side, examples in (("train", made.train), ("validation", made.validation), ("test", made.test)):
        for example in examples:
            seats.setdefault(str(example.group), set()).add(side)
    assert len(seats) == 30 and all(len(sides) == 1 for sides in seats.values())
    again = side_of(prepare(tmp_path, [*rows, *(row(n, customer=f"c{n % 30}") for n in range(900, 960))],
                            split={"test": 0.3, "validation": 0.2, "group_by": "customer"}))  # fmt: skip
    assert {asked: again[asked] for asked in side_of(made)} == side_of(made)  # a customer's new rows move no old one


def test_a_group_that_is_an_address_is_hashed(tmp_path: Path) -> None:
    rows = [row(n, customer=f"anna{n % 20}@example.com") for n in range(80)]
    made = prepare(tmp_path, rows, split={"group_by": "customer"})
    everything = json.dumps([e.to_dict() for e in (*made.train, *made.validation, *made.test)])
    assert "@" not in everything and len({e.group for e in (*made.train, *made.validation, *made.test)}) == 20


def test_by_time_the_newest_rows_are_the_test_and_their_likes_leave_training(tmp_path: Path) -> None:
    rows = [row(n, day=f"2026-{1 + n // 28:02d}-{1 + n % 28:02d}") for n in range(100)]
    rows[5]["question"] = one_word_changed(rows[97]["question"])
    made = prepare(tmp_path, rows, split={"test": 0.1, "by_time": "day"})
    assert {e.asked for e in made.test} == {r["question"] for r in rows[90:]}
    assert step(made, "older likes of test rows")["removed"] == 1
    assert made.removed[-1]["rule"] == "leak.time" and made.removed[-1]["origin"] == "rows.jsonl:6"
    assert straddling(made, 0.8) == []
    assert max(str(e.time) for e in made.train) < min(str(e.time) for e in made.test)


def test_replay_is_mixed_in_at_its_share_marked_and_clean(tmp_path: Path) -> None:
    put(tmp_path, "old.jsonl", [row(n) for n in range(1000, 1100)])
    rows = [row(n) for n in range(90)]
    test = [row(n) for n in (1003, 1004)]  # the test set stands in the replay file
    made = prepare(tmp_path, rows, test, replay={"source": "old.jsonl", "share": "20%"}, split={"validation": 0})
    replayed = [e for e in made.train if "replay" in e.meta]
    facts = made.report["replay"]
    assert len(replayed) == facts["rows"] == round(90 * 0.2 / 0.8)
    assert facts["share"] == pytest.approx(0.2, abs=0.005) and facts["leaked"] == 2 and facts["available"] == 98
    assert {str(e.origin)[:9] for e in replayed} == {"old.jsonl"}
    assert not {e.asked for e in replayed} & {t["question"] for t in test}
    assert any(parent.startswith("source:old.jsonl#sha256=") for parent in made.parents)
    other = build(
        DataSpec.model_validate({"source": "rows.jsonl", "test": "test.jsonl", "split": {"validation": 0},
                                 "replay": {"source": "old.jsonl", "share": "20%"}}), folder=tmp_path, seed=1
    )  # fmt: skip
    assert {e.id for e in other.train} != {e.id for e in made.train}  # the seed draws


def test_replay_takes_all_there_is_when_there_is_too_little(tmp_path: Path) -> None:
    put(tmp_path, "old.jsonl", [row(n) for n in range(1000, 1005)])
    made = prepare(tmp_path, [row(n) for n in range(60)], replay={"source": "old.jsonl", "share": 0.5})
    assert made.report["replay"]["rows"] == 5 < made.report["replay"]["wanted"]


def test_replay_draws_a_set_for_each_epoch_and_whole_sets_only(tmp_path: Path) -> None:
    put(tmp_path, "old.jsonl", [row(n) for n in range(1000, 1090)])
    rows = [row(n) for n in range(60)]

    def drawn(sets: int) -> tuple[int, dict[str, Any]]:
        made = prepare(tmp_path, rows, replay={"source": "old.jsonl", "share": 0.25, "sets": sets})
        return sum("replay" not in e.meta for e in made.train), made.report["replay"]

    own, facts = drawn(3)
    assert (facts["rows"], facts["sets"]) == (3 * round(own / 3), 3) and facts["share"] == pytest.approx(0.25)
    own, facts = drawn(50)
    assert (facts["rows"], facts["sets"]) == (90, 90 // round(own / 3)) and facts["share"] >= 0.25


class Words:
    """A chat format that counts words: what the stage asks of the real one, without a model."""

    class Sample:
        def __init__(self, ids: Sequence[int], trained: Sequence[bool]) -> None:
            self.ids, self.trained = ids, trained

    def samples(
        self, example: Example, *, max_length: int | None = None, on_overlong: str = "drop"
    ) -> list[Words.Sample]:
        asked, answer = len(example.asked.split()), len(example.answer.split())
        if "{" in example.answer:
            raise LuthierError("the chat template refuses this row", why="a brace")
        if max_length is not None and asked + answer > max_length:
            return [] if on_overlong == "drop" else [self.Sample([0] * max_length, [True] * answer)]
        return [self.Sample([0] * (asked + answer), [False] * asked + [True] * answer)]

    def samples_of(self, examples: Sequence[Example], **how: Any) -> Iterator[list[Words.Sample] | LuthierError]:
        for example in examples:
            try:
                yield self.samples(example, **how)
            except LuthierError as error:
                yield error


def test_token_statistics_and_rows_that_do_not_fit(tmp_path: Path) -> None:
    rows = [row(n) for n in range(50)]
    rows[7]["answer"] = "word " * 100
    rows[8]["answer"] = "a { brace"
    put(tmp_path, "rows.jsonl", rows)
    spec = DataSpec(source=("rows.jsonl",))
    made = build(spec, folder=tmp_path, chat=Words(), max_length=64)
    tokens = made.report["tokens"]
    assert step(made, "too long")["removed"] == 2
    assert {r["rule"] for r in made.quarantine} == {"tokens.overlong", "tokens.refused"}
    lengths = [len(e.asked.split()) + len(e.answer.split()) for e in made.train]
    assert tokens["train"]["total"]["sum"] == sum(lengths) and tokens["train"]["total"]["max"] == max(lengths) == 20
    assert tokens["train"]["trained"]["sum"] == 4 * len(made.train)
    kept = build(spec.model_copy(update={"on_overlong": "keep_end"}), folder=tmp_path, chat=Words(), max_length=64)
    assert step(kept, "too long")["removed"] == 1 and kept.report["tokens"]["train"]["cut_at_the_front"] == 1
    with pytest.raises(LuthierError, match="too long") as refused:
        build(spec, folder=tmp_path, chat=Words(), max_length=8)
    assert "on_overlong" in refused.value.fix


def test_threads_are_counted_in_chats(tmp_path: Path) -> None:
    rows = [
        {"chat": n, "at": at, "who": who, "say": f"{question(n)} {who}"}
        for n in range(40) for at, who in ((1, "user"), (2, "assistant"))
    ]  # fmt: skip
    made = prepare(tmp_path, rows, thread={"id": "chat", "order": "at", "role": "who", "content": "say"})
    assert step(made, "joined")["changed"] == 40
    assert len(made.train) + len(made.validation) + len(made.test) == 40


def test_the_result_is_the_same_under_any_hash_seed(tmp_path: Path) -> None:
    put(tmp_path, "rows.jsonl", family(5, 120))
    code = (
        "import json,sys,hashlib;from pathlib import Path\n"
        "from luthier.data import build;from luthier.recipe.data import DataSpec\n"
        "m=build(DataSpec(source=('rows.jsonl',)),folder=Path(sys.argv[1]))\n"
        "out=[[e.to_dict() for e in s] for s in (m.train,m.validation,m.test)]+[m.removed,m.quarantine,m.report]\n"
        "print(hashlib.sha256(json.dumps(out).encode()).hexdigest())\n"
        "assert 'torch' not in sys.modules"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], env={"PYTHONHASHSEED": seed, "PATH": ""},
                       capture_output=True, text=True, check=True).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0] == runs[1] and len(runs[0]) > 60


REFUSALS: list[tuple[str, list[Any], dict[str, Any], str]] = [
    ("none usable", [{"messages": [{"role": "user", "content": "x"}]}] * 5, {}, "none of the 5 rows has an answer"),
    ("unanswered", [row(1), row(2, answer="")], {"on_unanswered": "refuse"}, "1 of 2 rows have no answer"),
    ("unknown shape", [{"colour": "red", "size": 3}] * 9, {}, "table of unknown shape: fields colour, size"),
    ("preference", [{"prompt": "p", "chosen": "a", "rejected": "b"}] * 9, {}, "preference"),
    ("group column", [row(1)], {"split": {"group_by": "customer"}}, "no column is called 'customer'"),
    ("time column", [row(1)], {"split": {"by_time": "day"}}, "no column is called 'day'"),
    ("no dates", [row(n, day="soon") for n in range(9)], {"split": {"by_time": "day"}}, "no rows are left to test on"),
    ("mapped column", [row(1)], {"map": {"prompt": "body", "completion": "answer"}}, "no column is called 'body'"),
    ("one row", [row(1)], {}, "no rows are left to train on"),
    (
        "one template",
        [{"question": f"Please tell me how much the small red lamp number {n} costs in your shop today if you "
                      "would be so kind as to look it up in the big blue list on the wall", "answer": f"{n}"}
         for n in range(30)],
        {},
        "30 of 30 rows follow one template: please tell me how much the small red lamp number … costs",
    ),
    ("one group", [row(n, customer="c") for n in range(30)], {"split": {"group_by": "customer"}}, "one group: c"),
    ("replay", [row(n) for n in range(30)], {"replay": {"source": "o.jsonl"}}, "no such file or folder: o.jsonl"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "spec", "says"), [r[1:] for r in REFUSALS], ids=[r[0] for r in REFUSALS])
def test_what_cannot_work_is_refused_in_words(tmp_path: Path, rows: list[Any], spec: dict[str, Any], says: str) -> None:
    with pytest.raises(LuthierError) as refused:
        prepare(tmp_path, rows, **spec)
    assert says in refused.value.what
    assert refused.value.where and refused.value.fix


def test_a_test_set_that_holds_all_of_train_is_refused(tmp_path: Path) -> None:
    rows = [row(n) for n in range(12)]
    with pytest.raises(LuthierError, match="no rows are left to train on") as refused:
        prepare(tmp_path, rows, rows)
    assert "leaks took 12 of 12" in refused.value.why


def test_small_data_still_gets_a_test_set(tmp_path: Path) -> None:
    for count in (3, 5, 12):
        made = prepare(tmp_path, [row(n) for n in range(count)])
        assert made.test and made.train


def test_keys_of_the_recipe_change_what_they_name(tmp_path: Path) -> None:
    rows = [row(n) for n in range(40)]
    rows += [rows[0], {**rows[1], "question": one_word_changed(rows[1]["question"])}]
    rows += [{"question": question(50) + " mail a@b.io", "answer": "ok"}]

    def counts(**spec: Any) -> tuple[int, int]:
        made = prepare(tmp_path, rows, **spec)
        return len(made.train) + len(made.validation) + len(made.test), len(made.removed)

    assert counts() == (41, 2)
    assert counts(dedupe={"exact": False, "near": None}) == (43, 0)
    assert counts(dedupe={"exact": True, "near": None}) == (42, 1)
    kept = prepare(tmp_path, rows, personal="keep", system="Be kind.")
    everything = (*kept.train, *kept.validation, *kept.test)
    assert any("a@b.io" in e.asked for e in everything)
    assert {e.messages[0].content for e in everything} == {"Be kind."}
    assert {normalise(e.answer) for e in prepare(tmp_path, rows, shape="prompt_completion").train}
    assert not prepare(tmp_path, rows, split={"validation": 0}).validation
    test = [{"question": one_word_changed(rows[9]["question"]), "answer": "x"}]
    assert step(prepare(tmp_path, rows, test, leak_similarity=0.99), "leaks")["removed"] == 0
    assert step(prepare(tmp_path, rows, test), "leaks")["removed"] == 1


def test_by_time_the_groups_of_test_rows_leave_training(tmp_path: Path) -> None:
    rows = [row(n, day=f"2026-01-{1 + n:02d}", customer=f"c{n % 10}") for n in range(30)]
    made = prepare(tmp_path, rows, split={"test": 0.1, "by_time": "day", "group_by": "customer"})
    assert {e.group for e in made.test} == {"c7", "c8", "c9"}
    assert not {e.group for e in (*made.train, *made.validation)} & {"c7", "c8", "c9"}
    assert step(made, "older likes of test rows")["removed"] == 6


def test_bad_rows_of_a_given_test_set_are_told(tmp_path: Path) -> None:
    made = prepare(tmp_path, [row(n) for n in range(20)], [row(90), {"question": "x?", "answer": ""}])
    assert made.report["test_set"] == {"given": True, "rows": 2, "unusable": 1}
    (bad,) = made.quarantine
    assert (bad["side"], bad["rule"], bad["origin"]) == ("test", "answer.empty", "test.jsonl:2")
