"""From recipe to result: plan says what would happen, run does it, stage by stage, and never twice.

The only place that knows the order of the stages. It computes nothing about data or models itself.
"""
