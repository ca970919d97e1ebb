"""The defects. Each names a file, one place in it, what stands there and what the defect makes of it, and the test that
must turn red.

`old` must occur exactly once in the file: a table that has fallen behind the code fails loudly instead of proving
nothing. Not here: how they are tried (`__main__`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One defect and its witness. `file` is below src/luthier; `test` a pytest node."""

    name: str
    file: str
    old: str
    new: str
    test: str


MUTANTS = (
    Mutant(
        "mask shifted by one", "train/batches.py",
        "np.concatenate([r.positions - shared + i * width for i, r in enumerate(rows)])",
        "np.concatenate([r.positions - shared + i * width + 1 for i, r in enumerate(rows)])",
        "tests/train/test_batches.py::test_collate_points_at_the_tokens_before_the_trained_ones",
    ),
    Mutant(
        "loss divided by the micro-batches once more", "train/loop.py",
        "return self.loss.backward(batch, trained, self.anchor)",
        "return self.loss.backward(batch, trained * self.plan.micro_batches, self.anchor)",
        "tests/train/test_plain_sft.py::test_both_give_the_same_losses_and_weights",
    ),
    Mutant(
        "a chunk's gradient is lost", "train/loss.py",
        "            gradients.append(states.grad)\n        if anchor",
        "            gradients.append(states.grad if not gradients else states.grad * 0)\n        if anchor",
        "tests/train/test_loss.py::test_a_batch_gives_the_loss_and_gradients_of_its_rows_one_by_one",
    ),
    Mutant(
        "the anchor's KL the wrong way round", "train/anchor.py",
        'functional.kl_div(said, known, reduction="none", log_target=True)',
        'functional.kl_div(known, said, reduction="none", log_target=True)',
        "tests/train/test_anchor.py::test_loss_and_gradients_are_those_of_the_textbook",
    ),
    Mutant(
        "a shared beginning reaches into an answer", "train/batches.py",
        "common = min(int(rows[i].positions[0]) for i in members)",
        "common = min(len(rows[i].inputs) - 1 for i in members)",
        "tests/train/test_prefix.py::test_the_longest_common_beginning_is_found_and_no_trained_position_lies_in_it",
    ),
    Mutant(
        "every epoch replays the same set", "train/batches.py",
        "return np.sort(mixed[place :: self.sets])",
        "return np.sort(mixed[0 :: self.sets])",
        "tests/train/test_prefix.py::test_each_epoch_replays_the_next_set",
    ),
    Mutant(
        "interpolation shrinks both halves of a LoRA pair", "models/state.py",
        'for name, p in parameters.items() if ".lora_A." not in name}',
        "for name, p in parameters.items()}",
        "tests/train/test_interpolate.py::test_the_weights_stand_that_share_of_the_way_from_the_base",
    ),
    Mutant(
        "random numbers not restored", "train/loop.py",
        "                torch.manual_seed(_seed(self.plan.seed, step, i + k * len(window)))\n",
        "",
        "tests/train/test_loop.py::test_killed_and_resumed_gives_the_bits_of_an_undisturbed_run",
    ),
    Mutant(
        "half a backward is left where memory did not suffice", "train/loop.py",
        "        self.optimiser.zero_grad(set_to_none=True)\n        if torch.cuda.is_available():",
        "        if torch.cuda.is_available():",
        "tests/train/test_never_lost.py::test_a_pass_that_does_not_fit_is_split_with_the_same_gradient",
    ),
    Mutant(
        "a monitor looks at the tuned model twice", "train/monitors.py",
        "        with base_alone(self.loss.model):\n",
        "        if True:\n",
        "tests/train/test_monitors.py::test_the_figures_of_general_rows_are_those_of_the_textbook",
    ),
    Mutant(
        "a diverging training is called overfitting", "train/monitors.py",
        "if at_best is None or at_end is None or at_end >= at_best:",
        "if at_best is None or at_end is None:",
        "tests/train/test_monitors.py::test_overfitting_is_validation_rising_for_good_while_training_falls",
    ),
    Mutant(
        "a scale passes though a suite is not held", "evaluate/frontier.py",
        'return bool(able) and all(line.status == "held" for line in able) and self.target.delta > 0',
        "return bool(able) and self.target.delta > 0",
        "tests/evaluate/test_frontier.py::test_the_best_scale_that_passes_is_offered",
    ),
    Mutant(
        "optimiser not restored", "train/loop.py",
        "        optimiser.restore(self.optimiser, self.parameters, found.optimiser)\n",
        "",
        "tests/train/test_loop.py::test_killed_and_resumed_gives_the_bits_of_an_undisturbed_run",
    ),
    Mutant(
        "the last weights instead of the best", "train/loop.py",
        "            _copy(self.best, self.parameters)\n",
        "            pass\n",
        "tests/train/test_loop.py::test_the_best_weights_are_kept_not_the_last",
    ),
    Mutant(
        "end of turn not trained", "models/chat.py",
        "return found[0] + 1 if found else None",
        "return found[0] if found else None",
        "tests/models/test_chat_format.py::test_each_answer_and_its_end_token_is_trained_and_nothing_else",
    ),
    Mutant(
        "adapter not merged", "models/adapters.py",
        'attached.model.merge_and_unload(safe_merge=True, adapter_names=["merged"])',
        "attached.model.unload()",
        "tests/models/test_adapters.py::test_merging_gives_what_the_adapter_gives",
    ),
    Mutant(
        "positions off by one", "engines/decode.py",
        "            position_ids=length_B1,\n",
        "            position_ids=length_B1 + 1,\n",
        "tests/engines/test_embedded.py::test_a_batch_of_mixed_lengths_gives_what_the_plain_model_gives_row_by_row",
    ),
    Mutant(
        "padding is seen", "engines/decode.py",
        "        mask_BC = column_C[None, :] >= longest - length_B1\n",
        "        mask_BC = column_C[None, :] >= 0 * length_B1\n",
        "tests/engines/test_embedded.py::test_a_batch_of_mixed_lengths_gives_what_the_plain_model_gives_row_by_row",
    ),
    Mutant(
        "the base answers with the adapter", "engines/switch.py",
        "            tuner.disable_adapter_layers()\n        else:",
        "            pass\n        else:",
        "tests/engines/test_adapters.py::test_a_batch_of_mixed_adapters_equals_each_model_alone",
    ),
    Mutant(
        "margin sign turned", "evaluate/verdict.py",
        "elif delta.bound > -margin:",
        "elif delta.bound > margin:",
        "tests/evaluate/test_gate.py::test_truth_table",
    ),
    Mutant(
        "a gain without its interval", "evaluate/verdict.py",
        'status = "improved" if lower > 0 else',
        'status = "improved" if found.delta.estimate > 0 else',
        "tests/evaluate/test_gate.py::test_truth_table",
    ),
    Mutant(
        "pairs by place, not by item", "evaluate/ledger.py",
        "both = [(left[n], right[n]) for n in sorted(left)]",
        "both = list(zip(left.values(), reversed(right.values())))",
        "tests/evaluate/test_gate.py::test_the_order_of_rows_changes_nothing",
    ),
    Mutant(
        "not scored counts as zero", "evaluate/ledger.py",
        "if all(x.value(m) is not None for x in (a, b) for m in metrics))",
        "if a is not None)",
        "tests/evaluate/test_gate.py::test_not_scored_is_not_zero",
    ),
    Mutant(
        "prefix one too short in the join", "similar/join.py",
        ".astype(np.int64) + 1, 0, kept)\n",
        ".astype(np.int64), 0, kept)\n",
        "tests/similar/test_join.py::test_join_equals_trying_every_pair",
    ),
    Mutant(
        "near-duplicates are dealt apart", "data/split.py",
        "if component[row] not in held_out]\n",
        "if component[row] not in held_out or row % 7 == 0]\n",
        "tests/data/test_stage.py::test_near_duplicates_never_straddle_a_split",
    ),
    Mutant(
        "a leaked row is kept", "data/leak.py",
        "    for match in nearest:\n",
        "    for match in nearest[1:]:\n",
        "tests/data/test_stage.py::test_no_training_row_is_near_a_given_test_row",
    ),
    Mutant(
        "no egress named means any host", "engines/egress.py",
        "    if not is_loopback(host) and host.lower()",
        "    if egress and not is_loopback(host) and host.lower()",
        "tests/engines/test_remote.py::test_rows_are_not_sent_to_hosts_that_nobody_named",
    ),
    Mutant(
        "a broken checkpoint is believed", "train/checkpoint.py",
        "            if _sha256(path / name) != expected:\n",
        "            if not (path / name).exists():\n",
        "tests/train/test_checkpoint.py::test_a_broken_checkpoint_is_named_and_the_one_before_is_used",
    ),
    Mutant(
        "an erased row is read again", "data/prepare.py",
        "known=known, erased=store.erased(),",
        "known=known, erased=frozenset(),",
        "tests/pipeline/test_forget.py::test_erased_rows_do_not_come_back_when_the_sources_are_read_again",
    ),
    Mutant(
        "a masked seed loses its children", "data/sift.py",
        "left.rows = adopt(left.rows, copies.values())",
        "left.rows = list(left.rows)",
        "tests/data/test_family.py::test_masked_seeds_that_become_equal_keep_the_children_of_both",
    ),
    Mutant(
        "a proof of another leaf holds", "store/merkle.py",
        "leaf = _node(other, leaf) if index % 2 else _node(leaf, other)",
        "leaf = _node(*sorted((other, leaf)))",
        "tests/store/test_merkle.py::test_the_root_is_that_of_the_standard_and_every_row_has_a_proof",
    ),
)  # fmt: skip
