"""Every key of a tracker changes something that a person would notice; here stands where that is seen."""

from __future__ import annotations

from pathlib import Path

from tests.witness import is_there, leaves

from luthier.recipe import AnyTracker, TrackerSpec
from luthier.recipe.load import nested_models
from luthier.track import Subject

LIBRARIES = "tests/track/test_libraries.py"
WITNESSES = {
    "kind": f"{LIBRARIES}::test_a_killed_run_is_told_as_interrupted_and_ends_in_the_same_tracker_run",
    "rows": "tests/track/test_follow.py::test_what_shows_rows_goes_only_where_the_recipe_allows_it",
    "folder": "tests/track/test_witnesses.py::test_a_folder_starts_at_the_recipe_and_its_default_beside_the_runs",
    "mlflow.server": "tests/track/test_server.py::test_a_server_that_comes_late_gets_all_of_it",
    "mlflow.experiment": f"{LIBRARIES}::test_mlflow",
    "wandb.server": "tests/track/test_egress.py::test_a_server_that_the_recipe_does_not_allow_is_refused",
    "wandb.project": f"{LIBRARIES}::test_wandb_stays_offline_and_keeps_every_step",
    "wandb.entity": f"{LIBRARIES}::test_wandb_stays_offline_and_keeps_every_step",
    "trackio.project": f"{LIBRARIES}::test_trackio_goes_where_the_recipe_says",
    "own.function": "tests/end_to_end/test_tracked.py::test_trackers_that_fail_or_hang_cost_the_run_nothing",
    "own.sends_to": "tests/end_to_end/test_tracked.py::"
    "test_a_tracker_that_may_not_be_reached_is_refused_before_anything_is_done",
}


def test_no_key_is_without_a_witness() -> None:
    kinds = [spec for spec in nested_models(AnyTracker) if issubclass(spec, TrackerSpec)]
    keys = {f"{spec.model_fields['kind'].default}.{key}" for spec in kinds for key in leaves(spec)}
    seen = {key for key in keys if key in WITNESSES or key.partition(".")[2] in WITNESSES}
    assert len(kinds) == 5 and keys - seen == set()
    assert [test for test in WITNESSES.values() if not is_there(test)] == []


def test_a_folder_starts_at_the_recipe_and_its_default_beside_the_runs(tmp_path: Path) -> None:
    subject = Subject("job-1a2b", "job", 0, folder=tmp_path / "track", base=tmp_path / "recipes")
    assert subject.place("boards", "tensorboard") == tmp_path / "recipes" / "boards"
    assert subject.place(str(tmp_path / "far"), "tensorboard") == tmp_path / "far"
    assert subject.place(None, "tensorboard") == tmp_path / "track" / "tensorboard"
    assert (tmp_path / "track" / "tensorboard").is_dir()
