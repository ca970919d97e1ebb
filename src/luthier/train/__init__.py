"""Training: a plan frozen before step 1, batches, one loop, exact checkpoints.

``plan.derive`` does arithmetic only (no torch); ``sft.run`` learns from answers, ``preference.run`` from which of two
is better, ``reward.run`` to score answers so, and all leave the best weights on the model. The same plan, library
versions and kind of machine give the same bits on a CPU, also when the run was killed in between. Loading models and
writing artifacts is not done here.
"""
