"""What each file of the real data is: loaded without configuration, recognised, or named as unknown with its fields.

The table is the checked-in answer; docs/benchmarks/data.md tells it in words. None stands for a table of unknown shape.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from luthier.data import check
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.rows import detect, read

# file -> (rows, shape, rows that can be used, findings by rule)
EXPECTED: dict[str, tuple[int, str | None, int, dict[str, int]]] = {
    "classification/banking77_train": (10003, "classification", 10001, {"label.conflict": 2, "row.duplicate": 30}),
    "classification/banking77_test": (3080, "classification", 3078, {"label.conflict": 2, "row.duplicate": 3}),
    "instruction/self_instruct_seed175": (175, None, 0, {}),
    "instruction/self_instruct_user_oriented252": (252, None, 0, {}),
    "instruction/llamafactory_alpaca_en_demo": (999, "alpaca", 999, {
        "answer.truncated": 3, "personal.email": 2, "personal.phone": 1, "row.duplicate": 14,
    }),
    "instruction/llamafactory_identity": (91, "alpaca", 91, {"answer.varies": 5}),
    "instruction/llamafactory_glaive_toolcall_en_demo": (300, "sharegpt", 300, {
        "answer.truncated": 1, "answer.varies": 35, "personal.email": 11, "row.duplicate": 39,
    }),
    "preference/hh_harmless_base_test": (2312, "preference", 2299, {
        "answer.truncated": 70, "chat.order": 9, "pair.empty": 4, "personal.email": 7, "personal.id": 1,
        "personal.phone": 14,
    }),
    "preference/llamafactory_dpo_en_demo": (300, "preference", 300, {
        "answer.truncated": 2, "content.control": 3, "content.mojibake": 1, "personal.card": 1, "personal.email": 1,
        "personal.phone": 2,
    }),
    "preference/llamafactory_kto_en_demo": (300, "kto", 300, {
        "answer.truncated": 5, "content.mojibake": 2, "content.special": 2, "personal.secret": 1,
    }),
    "preference/pandalm_test_3annotators": (999, None, 0, {}),
    "preference/pandalm_test_judge_gpt-3.5-turbo": (999, None, 0, {}),
    "preference/pandalm_test_judge_pandalm-7b": (999, None, 0, {}),
    "domain/gsm8k_train": (7473, "prompt_completion", 7473, {}),
    "domain/gsm8k_test": (1319, "prompt_completion", 1319, {}),
    "domain/gsm8k_model_solutions": (1319, None, 0, {}),
    "domain/medquad_qa": (16407, "prompt_completion", 16407, {
        "answer.truncated": 11, "answer.varies": 3526, "personal.email": 11, "personal.phone": 57, "row.duplicate":
        48,
    }),
    "bench/bbh": (6511, "prompt_completion", 6507, {"label.conflict": 4, "row.duplicate": 294}),
    "bench/blimp": (67000, None, 0, {}),
    "bench/ifeval": (541, None, 0, {}),
    "bench/arc-easy_train": (2251, "alpaca", 2251, {}),
    "bench/arc-easy_test": (2376, "alpaca", 2376, {}),
    "bench/openbookqa_train": (4957, "alpaca", 4957, {"row.duplicate": 5}),
    "bench/openbookqa_test": (500, "alpaca", 500, {}),
    "text/c4_demo": (300, "text", 300, {"content.replacement": 4, "personal.email": 7, "personal.phone": 5}),
}  # fmt: skip


def test_the_table_names_every_file(realdata: Path) -> None:
    manifest = json.loads((realdata / "manifest.json").read_text())
    assert {entry["file"].removesuffix(".jsonl.gz"): entry["rows"] for entry in manifest} == {
        name: rows for name, (rows, _, _, _) in EXPECTED.items()
    }


@pytest.mark.parametrize("name", EXPECTED)
def test_a_real_file_is_what_the_table_says(realdata: Path, name: str) -> None:
    rows, shape, usable, findings = EXPECTED[name]
    source = f"{name}.jsonl.gz"
    if shape is None:
        values = [raw.value for raw in read([source], folder=realdata)]
        with pytest.raises(LuthierError, match="table of unknown shape: fields ") as refused:
            check([source], folder=realdata)
        assert "map them with data.map" in refused.value.fix
        assert values[0] is not None and len(values) == rows
        assert all(field in refused.value.what for field in list(values[0])[:5])
        return
    report = check([source], folder=realdata)
    assert (report.rows, report.usable, report.counts) == (rows, usable, findings)
    assert [file["shape"] for file in report.files] == [shape]
    found = detect(raw.value for raw in read([source], folder=realdata) if raw.value)
    assert found.confidence == 1.0 and found.reason


@pytest.mark.parametrize(
    ("name", "mapping", "usable"),
    [
        ("instruction/self_instruct_seed175",
         {"prompt": "{{instruction}}\n\n{{instances.0.input}}", "completion": "{{instances.0.output}}"}, 175),
        ("domain/gsm8k_model_solutions", {"prompt": "question", "completion": "{{175b_verification.solution}}"}, 1319),
    ],
)  # fmt: skip
def test_a_real_table_of_unknown_shape_can_be_mapped(
    realdata: Path, name: str, mapping: dict[str, str], usable: int
) -> None:
    source = f"{name}.jsonl.gz"
    spec = DataSpec.model_validate({"source": source, "map": mapping})
    assert check([source], spec, folder=realdata).usable == usable
