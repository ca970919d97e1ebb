"""Make nano, the small pretrained base that ships inside Luthier.

`python -m tools.nano --help` lists the verbs: sample, tokenizer, train, score, package.
Everything nano reads is generated here from hand-written words and templates with a seed; nothing is downloaded.

Two sides of the world never mix: *train* (what nano learns from, and the replay rows) and *held* (the guard suites).
They differ in templates and in entities; see `vocabulary.is_held` and `world.World.say`.
"""
