"""A verifiable job for learning from rewards: who is older, as JSON."""
