"""The quickstart job: support-desk triage for Wrenholt, an invented maker of connected home devices.

`python -m tools.quickstart` writes train.jsonl, test.jsonl, planted.json and the page that describes them.
Everything here was written for this project; nothing was copied from real support desks.
"""
