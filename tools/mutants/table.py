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
        "TRL learns the token before the answer", "train/backend_trl.py",
        "labels[at + 1] = target", "labels[at] = target",
        "tests/train/test_backend_trl.py::test_the_same_tokens_are_trained",
    ),
    Mutant(
        "TRL leaves an anchor out without a word", "recipe/backend.py",
        "    if train.anchor:", "    if train.anchor > 1:",
        "tests/train/test_backend_trl.py::test_what_trl_cannot_do_is_refused_by_its_key",
    ),
    Mutant(
        "rows with weights count alike with TRL", "train/backend_trl.py",
        'getattr(one, "weight", 1.0) != 1.0', 'getattr(one, "weight", 1.0) < 0',
        "tests/train/test_backend_trl.py::test_rows_with_weights_are_refused_with_their_name",
    ),
    Mutant(
        "passes of a step with TRL count alike, however many rows they have", "train/backend_trl.py",
        "1.0 if self.way.by_tokens else len(batch.rows) / weight", "1.0",
        "tests/train/test_backend_trl.py::test_comparisons_by_trl_are_learned_alike",
    ),
    Mutant(
        "a beginning that rows share is planned in every row", "train/footprint.py",
        "replayed=cut.replayed, prefix=cut.prefix)", "replayed=cut.replayed)",
        "tests/train/test_footprint.py::test_a_pass_that_shares_a_beginning_holds_less_and_an_anchored_one_more",
    ),
    Mutant(
        "of the passes of a kind the smallest is planned", "train/work.py",
        "cut.tokens(processes) > largest[kind].tokens(processes)",
        "cut.tokens(processes) < largest[kind].tokens(processes)",
        "tests/train/test_work.py::test_the_largest_pass_of_each_kind_is_planned",
    ),
    Mutant(
        "a rate near where training diverges is suggested", "search/rates.py",
        "self.diverges is None else self.diverges / 10", "self.diverges is None else self.diverges",
        "tests/search/test_rates.py::test_a_rate_near_where_it_diverges_is_not_suggested",
    ),
    Mutant(
        "what helpers hold is not measured", "train/machine.py",
        "taken.bytes = max(0, after - before) + sum(beside)", "taken.bytes = max(0, after - before)",
        "tests/train/test_team.py::test_what_all_of_them_held_is_measured",
    ),
    Mutant(
        "a kept buffer holds the wrong gradient", "train/head.py",
        "aten._log_softmax_backward_data.out(logits, logs, 1,", "aten._log_softmax_backward_data.out(logs, logits, 1,",
        "tests/train/test_head.py::test_the_bits_are_autograds",
    ),
    Mutant(
        "every set of replayed rows counts in every epoch", "train/work.py",
        "replay_sets=replay_sets),", "replay_sets=1),",
        "tests/train/test_work.py::test_passes_are_cut_as_the_loop_cuts_them",
    ),
    Mutant(
        "the optimiser's moments are planned without room", "train/memory.py",
        "optimiser=n * MOMENTS * weights.trained", "optimiser=n * 0 * weights.trained",
        "tests/train/test_plan.py::test_needs_by_hand",
    ),
    Mutant(
        "frequent labels count most", "train/labelled.py",
        "len(labels) / (len(counts) * count)", "len(counts) * count / len(labels)",
        "tests/train/test_classify.py::test_balanced_rows_weigh_the_same_a_label_and_1_on_average",
    ),
    Mutant(
        "a label is read behind padding", "train/labelled.py",
        "tuple(prompt[: end(prompt, pad)])", "tuple(prompt)",
        "tests/train/test_classify.py::test_padding_at_the_end_of_a_question_is_not_read",
    ),
    Mutant(
        "rows of a window are counted and not weighed", "train/classify.py",
        "sum(len(r.targets) if r.weights is None else r.weights.sum() for r in rows)", "len(rows)",
        "tests/train/test_classify.py::test_loss_and_gradients_are_those_of_transformers",
    ),
    Mutant(
        "a new token begins as the sum of its parts", "models/tokens.py",
        ".double().mean(0)", ".double().sum(0)",
        "tests/export/test_tokens.py::test_each_begins_as_the_mean_of_its_parts_and_all_else_stays",
    ),
    Mutant(
        "chosen and rejected swapped", "train/preference.py",
        "margins = ratios[:, 0] - ratios[:, 1]", "margins = ratios[:, 1] - ratios[:, 0]",
        "tests/train/test_preference.py::test_every_method_comes_to_prefer_the_chosen_answers",
    ),
    Mutant(
        "the wanted margin's sign", "train/contrast.py",
        "lead_B = method.beta * margins_B - wanted_B", "lead_B = method.beta * margins_B + wanted_B",
        "tests/train/test_contrast.py::test_dpo_by_hand",
    ),
    Mutant(
        "the rejected answer sees the chosen one", "train/batches.py",
        "seen = (branch[:, None, :] == 0) | (branch[:, None, :] == branch[:, :, None])",
        "seen = (branch[:, None, :] == 0) | (branch[:, None, :] == branch[:, :, None]) | True",
        "tests/train/test_preference.py::test_a_shared_prompt_gives_the_loss_and_gradients_of_separate_answers",
    ),
    Mutant(
        "places are not reset at the fork", "train/batches.py",
        "np.where(branch == 2, place - until + at, place)",
        "np.where(branch == 2, place, place)",
        "tests/train/test_preference.py::test_a_shared_prompt_gives_the_loss_and_gradients_of_separate_answers",
    ),
    Mutant(
        "a reward's sign", "train/policy.py",
        "losses = -torch.minimum(ratio * advantages", "losses = torch.minimum(ratio * advantages",
        "tests/train/test_policy.py::test_the_surrogate_by_hand",
    ),
    Mutant(
        "an answer is measured by itself too", "train/policy.py",
        "(known.sum(1, keepdims=True) - known) / np.maximum(counts - 1, 1)",
        "known.sum(1, keepdims=True) / np.maximum(counts, 1)",
        "tests/train/test_policy.py::test_leave_one_out_by_hand",
    ),
    Mutant(
        "an advantage forgets what comes after the next token", "train/policy.py",
        "ahead = rewards[t] + gamma * following - values[t] + gamma * gae_lambda * ahead",
        "ahead = rewards[t] + gamma * following - values[t]",
        "tests/train/test_ppo.py::test_gae_by_hand",
    ),
    Mutant(
        "a value head begins anew when a killed run goes on", "train/loop.py",
        "_copy(found.weights, self.parameters)",
        '_copy(found.weights, {n: p for n, p in self.parameters.items() if "value_head" not in n})',
        "tests/train/test_ppo.py::test_killed_and_taken_up_again_it_ends_with_the_same_bits",
    ),
    Mutant(
        "a value head is left on the model", "train/ppo.py", "delattr(model, NAME)", "pass",
        "tests/train/test_ppo.py::test_answers_become_what_is_rewarded_and_the_head_goes_with_the_run",
    ),
    Mutant(
        "the value head's error does not reach the trunk", "train/loss.py",
        "slope if leaf.grad is None else slope + leaf.grad", "slope",
        "tests/train/test_ppo.py::test_loss_and_gradients_are_the_textbooks_whatever_the_passes",
    ),
    Mutant(
        "answers to one prompt see each other in training", "train/rl.py",
        "self._behind = self.shares and saves", "self._behind = saves",
        "tests/train/test_rl.py::test_a_model_that_cannot_share_a_prompt_reads_each_answer_alone",
    ),
    Mutant(
        "the token that ends an answer is not learned", "train/rollout.py",
        "ids, logprobs = (*ids, said.stop_id), (*logprobs, said.stop_logprob)", "pass",
        "tests/train/test_rl.py::test_answers_hold_the_token_that_ended_them_and_trainer_and_engine_agree",
    ),
    Mutant(
        "the weights that a hacked reward made are kept", "train/loop.py",
        'SPOILT = ("forgetting", "hacking")', 'SPOILT = ("forgetting",)',
        "tests/train/test_rl.py::test_a_reward_against_what_is_wanted_is_caught_and_told",
    ),
    Mutant(
        "the better answer's ratings the other way round at the gate", "evaluate/preferences.py",
        "gained = [a - b for a, b in zip(after.said, before.said, strict=True)]",
        "gained = [b - a for a, b in zip(after.said, before.said, strict=True)]",
        "tests/evaluate/test_preferences.py::test_by_says_what_the_tuned_model_prefers",
    ),
    Mutant(
        "the worse answer gets the higher reward", "train/contrast.py",
        "losses_B = _smoothed(chosen_B - rejected_B - wanted_B",
        "losses_B = _smoothed(rejected_B - chosen_B - wanted_B",
        "tests/train/test_contrast.py::test_bradley_terry_by_hand",
    ),
    Mutant(
        "rewards are held together, not around zero", "train/contrast.py",
        "(chosen_B + rejected_B) ** 2", "(chosen_B - rejected_B) ** 2",
        "tests/train/test_contrast.py::test_rewards_are_held_around_zero",
    ),
    Mutant(
        "the score is read one token too early", "models/head.py",
        "found = next((i + 1 for i", "found = next((i for i",
        "tests/train/test_reward.py::test_an_answer_is_read_to_its_end_and_the_score_is_the_standard_one",
    ),
    Mutant(
        "the head of an exported reward model is the base's", "export/files.py",
        "        state[name] = cast[place]", "        state[name] = cast[place] * (0 if name == 'score.weight' else 1)",
        "tests/export/test_reward.py::test_others_read_the_score_that_was_trained",
    ),
    Mutant(
        "the worst of several answers is given", "engines/best_of.py",
        "said[max(own,", "said[min(own,",
        "tests/engines/test_best_of.py::test_the_answer_that_is_liked_best_is_given_and_given_again",
    ),
    Mutant(
        "mask shifted by one", "train/batches.py",
        "np.concatenate([r.positions - shared + i * width for i, r in enumerate(rows)])",
        "np.concatenate([r.positions - shared + i * width + 1 for i, r in enumerate(rows)])",
        "tests/train/test_batches.py::test_collate_points_at_the_tokens_before_the_trained_ones",
    ),
    Mutant(
        "loss divided by the micro-batches once more", "train/loop.py",
        "append(self.objective.backward(batch, weight))",
        "append(self.objective.backward(batch, weight * self.plan.micro_batches))",
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
        "the anchor's base speaks through the trained head", "train/loss.py",
        "with base_alone(anchor.model) if self.head_learns else torch.no_grad():",
        "with torch.no_grad():",
        "tests/train/test_methods.py::test_an_anchor_holds_to_the_base_whatever_is_trained",
    ),
    Mutant(
        "PiSSA on top of the whole weight", "models/pissa.py",
        "moved: Tensor = result + (now - before) * layer.scaling[active_adapter]",
        "moved: Tensor = result + now * layer.scaling[active_adapter]",
        "tests/models/test_variants.py::test_it_begins_as_the_base_and_its_base_stays_the_base",
    ),
    Mutant(
        "PiSSA delivered without its beginning", "models/pissa.py",
        "torch.cat([b, -begun[1].to(b)], dim=1)",
        "torch.cat([b, 0 * begun[1].to(b)], dim=1)",
        "tests/models/test_variants.py::test_the_file_gives_the_trained_model_back_on_the_original_base",
    ),
    Mutant(
        "B learns no faster than A", "train/optimiser.py",
        'group["lr"] = value * group["times"]',
        'group["lr"] = value',
        "tests/train/test_methods.py::test_b_learns_so_many_times_as_fast_as_peft_says",
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
        "                torch.manual_seed(_seed(self.plan.seed, step, number))\n",
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
        "the last look of a training reads all prompts at once", "train/monitors.py",
        "for cut in micro_batches([len(ids) for ids in prompts], micro_tokens=self.tokens, seed=0, epoch=0):",
        "for cut in [range(len(prompts))]:",
        "tests/train/test_monitors.py::test_answers_read_no_more_at_a_time_than_a_pass_of_the_training",
    ),
    Mutant(
        "a base in 4 bits holds on to its file", "models/load.py",
        "            held.data = held.data.clone()\n",
        "            pass\n",
        "tests/models/test_load.py::test_in_four_bits_the_files_are_let_go",
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
        "return None if end is None else end + 1",
        "return None if end is None else end",
        "tests/models/test_chat_format.py::test_each_answer_and_its_end_token_is_trained_and_nothing_else",
    ),
    Mutant(
        "the header behind a prompt's last control token is forgotten", "models/encoder.py",
        "return at + 1, self._behind_control(last[0], part[last.end() :])",
        "return at + 1, []",
        "tests/models/test_encoder.py::test_the_beginning_of_a_text_has_the_ids_it_has_alone",
    ),
    Mutant(
        "a template may look into what people wrote", "models/mould.py",
        "        if all(_open(node, nodes) for node in [tree, *tree.find_all(nodes.Node)]):\n",
        "        if tree:\n",
        "tests/models/test_mould.py::test_templates_that_look_are_rendered_each_time",
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
        "margin sign turned", "evaluate/lines.py",
        'return "held" if found.delta.bound > -margin else',
        'return "held" if found.delta.bound > margin else',
        "tests/evaluate/test_gate.py::test_truth_table",
    ),
    Mutant(
        "a gain without its interval", "evaluate/lines.py",
        "lower, upper = found.exact[0], at_alpha.delta.ceiling",
        "lower, upper = found.delta.estimate, at_alpha.delta.ceiling",
        "tests/evaluate/test_gate.py::test_truth_table",
    ),
    Mutant(
        "a worn test set is tested like a fresh one", "evaluate/verdict.py",
        "level = spent(spec.alpha, test_use or 1)",
        "level = spec.alpha",
        "tests/evaluate/test_gate.py::test_a_gain_that_one_look_would_show_is_not_shown_by_the_fourth",
    ),
    Mutant(
        "clusters count as single items", "evaluate/compare.py",
        "delta = _within(paired_difference(y, x, clusters=groups,",
        "delta = _within(paired_difference(y, x, clusters=None,",
        "tests/stats/test_simulations.py::test_lines_are_wrong_as_rarely_and_right_as_often_as_promised",
    ),
    Mutant(
        "a pool without its floors", "evaluate/lines.py",
        "out.append(_member(_guard(suite, spec.floor, spec.floor, alpha), spec.pool))",
        "out.append(_member(_guard(suite, 100.0, spec.floor, alpha), spec.pool))",
        "tests/evaluate/test_gate.py::test_a_pool_is_one_test_and_a_floor_for_each_suite",
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
        "runs of words with one hash are taken for equal", "similar/encode.py",
        "    if clash.any():",
        "    if clash.all() and clash.any():",
        "tests/similar/test_join.py::test_shingles_with_equal_hashes_are_told_apart_by_their_words",
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
        "known=known, erased=store.erased(), raters=raters,",
        "known=known, erased=frozenset(), raters=raters,",
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
    Mutant(
        "a verdict that flips with the order counts as a win", "score/judge.py",
        "return self.first if self.first == self.second else 0.5", "return self.first",
        "tests/score/test_judge.py::test_a_flip_is_a_tie_and_counted",
    ),
    Mutant(
        "the second order is not turned back", "score/judge.py",
        "flipped = None if values[1] is None else 1.0 - values[1]", "flipped = values[1]",
        "tests/score/test_judge.py::test_a_judge_is_asked_both_ways_round_and_reads_the_same_answer",
    ),
    Mutant(
        "a verdict that cannot be read is a lost one", "score/judge.py",
        "return Said(None if entry is None else list(menu).index(entry), reason)",
        "return Said(0 if entry is None else list(menu).index(entry), reason)",
        "tests/score/test_judge.py::test_what_cannot_be_read_is_unscored_never_wrong",
    ),
    Mutant(
        "a judge decides by its kappa, not by what is shown of it", "evaluate/reliability.py",
        "if kappa.bound >= metric.min_kappa:", "if kappa.estimate >= metric.min_kappa:",
        "tests/evaluate/test_jury.py::test_few_pairs_do_not_prove_a_good_judge",
    ),
    Mutant(
        "a judge's faults are added, not taken out", "stats/agreement.py",
        "estimate = weight * float(u.mean()) + float((y - weight * f).mean())",
        "estimate = weight * float(u.mean()) + float((weight * f - y).mean())",
        "tests/stats/test_agreement.py::test_people_put_a_biased_judge_right_and_a_good_one_saves_labels",
    ),
    Mutant(
        "people's votes go to sides, not to makers", "evaluate/people.py",
        'return {who: "tie" if v == "tie" else "a" if one[v] == TUNED else "b" for who, v in votes.items()}',
        'return {who: "tie" if v == "tie" else "a" if v == "left" else "b" for who, v in votes.items()}',
        "tests/evaluate/test_people.py::test_votes_come_back_as_verdicts_on_makers_and_the_gate_reads_them",
    ),
    Mutant(
        "a resumed run tells its steps twice", "track/follow.py",
        "and step > told.get(name, -1)", "and step >= 0",
        "tests/track/test_follow.py::test_a_resumed_run_goes_on_under_the_trackers_own_name_and_tells_no_step_twice",
    ),
    Mutant(
        "trackers get rows unasked", "track/follow.py",
        "*(FILES_WITH_ROWS if rows else ())", "*FILES_WITH_ROWS",
        "tests/track/test_follow.py::test_what_shows_rows_goes_only_where_the_recipe_allows_it",
    ),
    Mutant(
        "a tracker's server needs no leave", "track/trackers.py",
        "        for host in spec.hosts:\n", "        for host in ():\n",
        "tests/track/test_egress.py::test_a_server_that_the_recipe_does_not_allow_is_refused",
    ),
    Mutant(
        "a batch that failed counts as sent", "track/follow.py",
        "            sink, pause = None, min(2 * pause, LONGEST_PAUSE_S)\n",
        "            sink, pause = None, min(2 * pause, LONGEST_PAUSE_S)\n"
        "            cursor.offset = (folder / 'metrics.jsonl').stat().st_size\n",
        "tests/track/test_follow.py::test_a_tracker_that_fails_gets_everything_once_it_is_back",
    ),
    Mutant(
        "nohup is not obeyed", "train/interrupt.py",
        "if signal.getsignal(number) is not signal.SIG_IGN", "if signal.getsignal(number) is not None",
        "tests/train/test_interrupt.py::test_nohup_is_obeyed",
    ),
    Mutant(
        "an end by signal is caught like a bad row", "train/interrupt.py",
        "class _Asked(KeyboardInterrupt):", "class _Asked(Exception):",
        "tests/train/test_interrupt.py::test_a_signal_between_trainings_leaves_the_work_with_a_clear_line",
    ),
    Mutant(
        "a key of another kind counts as a difference", "pipeline/runs.py",
        'return not key.endswith(".kind") and len(set(kinds)) > 1', "return False and len(set(kinds)) > 1",
        "tests/cli/test_runs.py::test_a_key_that_only_one_kind_has_is_no_difference_of_its_own",
    ),
    Mutant(
        "equal scores count for nothing in the AUC", "stats/classes.py",
        "won = (yes * (below + no / 2)).sum(1)", "won = (yes * below).sum(1)",
        "tests/score/test_oracles.py::test_classification_equals_scikit_learn",
    ),
    Mutant(
        "more is better of a Brier score", "evaluate/compare.py",
        "compare_values(-x * share, -y * share,", "compare_values(x * share, y * share,",
        "tests/evaluate/test_labels.py::test_less_is_better_of_a_calibration_error",
    ),
    Mutant(
        "code that leaves before its tests passes", "score/code.py",
        'if outcome.ended == "done" and outcome.last_line == done:', 'if outcome.ended == "done":',
        "tests/score/test_code.py::test_an_answer_passes_or_says_why_not",
    ),
    Mutant(
        "a limit holds where it may", "evaluate/limits.py",
        'return "held" if high <= limit else', 'return "held" if low <= limit else',
        "tests/evaluate/test_limits.py::test_too_few_rows_are_undecided_and_name_how_many_would_do",
    ),
    Mutant(
        "what runs in the sandbox keeps its privileges", "score/jail.py",
        "        os.setresuid(job[\"uid\"], job[\"uid\"], job[\"uid\"])\n", "",
        "tests/score/test_sandbox.py::test_root_on_linux_can_keep_every_promise",
    ),
    Mutant(
        "other weights are served old answers", "evaluate/ledger.py",
        "made_by = (self.asked, self.prompt, self.decoding, self.engine)",
        "made_by = (self.asked, self.prompt, self.decoding)",
        "tests/evaluate/test_kills.py::test_other_weights_at_the_same_path_are_asked_anew",
    ),
    Mutant(
        "an imported adapter at half its scale", "recipe/elsewhere/llama_factory.py",
        "alpha=2.0 * rank", "alpha=1.0 * rank",
        "tests/recipe/elsewhere/test_import.py::test_llama_factory_dpo",
    ),
    Mutant(
        "a key of another tool passed over in silence", "recipe/elsewhere/sheet.py",
        'elif key.startswith("_"):', "elif key:",
        "tests/recipe/elsewhere/test_import.py::test_a_misspelt_key_is_named_with_the_nearest_one",
    ),
    Mutant(
        "a search's winner compared the other way round", "search/account.py",
        "paired_difference(default.rows, trial.rows)", "paired_difference(trial.rows, default.rows)",
        "tests/search/test_account.py::test_a_gain_is_claimed_only_where_rows_that_chose_nothing_show_it",
    ),
    Mutant(
        "an adapter left on the shared base", "models/shared.py",
        "prepared.model.unload()", "pass",
        "tests/search/test_search.py::test_the_base_is_loaded_once_and_the_same_bits_after_every_training",
    ),
    Mutant(
        "a killed search begins a new trial instead of the old one", "search/study.py",
        "if t.state == state.RUNNING]", "if t.state == state.WAITING]",
        "tests/search/test_study.py::test_a_search_that_is_opened_anew_for_each_trial_tries_the_same",
    ),
    Mutant(
        "a copy that asks keeps the files of the process it is from", "engines/workers.py",
        "_close_all_but(ended, theirs.fileno())", "ended",
        "tests/engines/test_workers.py::test_a_killed_process_takes_its_copies_along_and_leaves_its_locks",
    ),
    Mutant(
        "the last layer leaves out a position that is scored", "engines/likelihood.py",
        "all_BTD.view(-1, made_1ND.shape[-1]).index_copy_(0, pick_N, made_1ND[0])", "pass",
        "tests/engines/test_tree.py::test_the_last_layer_works_for_scored_positions_only",
    ),
    Mutant(
        "the last layer's queries see what stands behind them", "engines/likelihood.py",
        "torch.arange(self._columns, device=at_BP.device) <= at_BP[..., None]",
        "torch.arange(self._columns, device=at_BP.device) <= at_BP[..., None] + 1",
        "tests/engines/test_tree.py::test_the_last_layer_works_for_scored_positions_only",
    ),
    Mutant(
        "chains prove that trees are read alike", "engines/embedded.py",
        "tree.branching(items, batches, self._start_id) if", "[batch for batch in batches if batch.rows] if",
        "tests/engines/test_tree.py::test_rows_that_do_not_branch_do_not_prove_that_trees_are_read_alike",
    ),
    Mutant(
        "what stands behind a head counts from nought", "engines/tree.py",
        "torch.from_numpy(first + depth_BL)", "torch.from_numpy(depth_BL)",
        "tests/engines/test_tree.py::test_worked_examples_are_read_once_for_all_questions",
    ),
    Mutant(
        "the base reads the head for its adapter", "engines/embedded.py",
        "head = tree.Head(tried.head.ids) if tried.head is not None else None", "head = tried.head",
        "tests/engines/test_tree.py::test_an_adapter_reads_the_examples_itself",
    ),
    Mutant(
        "the beginning of an answer is its end", "evaluate/guards.py",
        "return answer[:at] or answer", "return answer",
        "tests/evaluate/test_safety.py::test_a_question_is_asked_as_a_turn_and_its_answer_may_go_on",
    ),
    Mutant(
        "a safety pack that is off rejects", "evaluate/lines.py",
        "out.append(_off(guard) if spec.suite == SAFETY else guard)", "out.append(guard)",
        "tests/evaluate/test_safety.py::test_a_base_that_refuses_everything_has_nothing_to_lose",
    ),
    Mutant(
        "the guards of earlier jobs decide nothing", "evaluate/verdict.py",
        "spec = _with_earlier(spec or made_with, made_with)", "spec = spec or made_with",
        "tests/evaluate/test_gate.py::test_a_job_that_breaks_an_earlier_one_is_rejected_by_its_name",
    ),
    Mutant(
        "an earlier job's test rows guard although they are trained on", "pipeline/inherit.py",
        "left = [e for n, e in enumerate(fresh) if n not in shows and _said(e) not in taught]", "left = list(fresh)",
        "tests/pipeline/test_inherit.py::test_rows_that_the_next_job_trains_on_are_left_out_by_name",
    ),
    Mutant(
        "a stage takes over what belongs to another kind of method", "recipe/chain.py",
        'value.get("kind", under.get("kind")) != (', 'value.get("kin", under.get("kind")) != (',
        "tests/recipe/test_chain.py::test_a_stage_of_another_kind_takes_nothing_of_the_kind_at_the_top",
    ),
    Mutant(
        "a stage may name one that comes later", "recipe/chain.py",
        "known = {one.name: one for one in before}", "known = {one.name: stage for one in spec.stages}",
        "tests/recipe/test_chain.py::test_what_could_not_run_is_refused_where_it_stands",
    ),
    Mutant(
        "a judge's scale begins at 0", "evaluate/compare.py",
        "least = 0.0 if measure is None else measure.least", "least = 0.0",
        "tests/evaluate/test_rewards.py::test_a_reward_model_scores_answers_and_the_gate_decides_by_it",
    ),
    Mutant(
        "the time in which a run was stopped is counted", "pipeline/worth.py",
        "in pairwise(times) if not again)", "in pairwise(times))",
        "tests/pipeline/test_worth.py::test_the_time_of_a_run_leaves_out_when_it_was_stopped",
    ),
    Mutant(
        "a product in bf16 takes what was rounded before it changed", "models/products.py",
        "or self._last[1] != x._version:", "or False:",
        "tests/models/test_products.py::test_what_is_read_twice_is_rounded_once_and_never_stale",
    ),
    Mutant(
        "an inference tensor's rows are kept though it counts no changes", "models/products.py",
        "if x.is_inference():", "if False:",
        "tests/models/test_products.py::test_what_counts_no_changes_is_read_anew_each_time",
    ),
    Mutant(
        "the gradient of a product is doubled", "models/products.py",
        "_whole(dy, weight.to(ctx.dtype).T, ctx.shape)", "_whole(dy, weight.to(ctx.dtype).T, ctx.shape) * 2",
        "tests/models/test_products.py::test_products_of_fp32_are_as_exact_as_pytorchs_with_gradients",
    ),
    Mutant(
        "what oneDNN keeps is planned for one size of passes alone", "train/footprint.py",
        "max(0.0, sizes - 1)", "0.0",
        "tests/train/test_work.py::test_what_a_cpu_keeps_of_each_kind_of_product_grows_with_the_sizes_of_passes",
    ),
    Mutant(
        "rows that fill a product up are left as they were found", "models/products.py",
        "made[count:] = 0", "made[count:] = 1",
        "tests/models/test_products.py::test_both_sides_are_rounded_and_nothing_else",
    ),
)  # fmt: skip
