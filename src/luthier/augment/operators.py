"""The operators: from a row's request to the prompt that asks for another one.

A function takes its Spec and the request and says what to ask; ``keeps_answer`` means that the row's answer stays right
for the new request. Adding one is a Spec in ``recipe.augment`` and a function here; judging is in ``evolve``.
"""

from __future__ import annotations

from dataclasses import dataclass

from luthier.recipe.augment import Operator, Paraphrase

_ONLY = "Write the new request and nothing else: no title, no comment, no answer."


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What to ask the model."""

    prompt: str
    keeps_answer: bool = False


def deepen(spec: Operator, request: str) -> Rewriting:
    """More depth: what was asked about is asked about more thoroughly, or needs more steps."""
    return _harder(request, "so that it asks for more depth and breadth, or needs several steps of thought")


def constrain(spec: Operator, request: str) -> Rewriting:
    """One more requirement on the answer."""
    return _harder(request, "by adding one constraint or requirement that the answer must meet")


def concretise(spec: Operator, request: str) -> Rewriting:
    """General notions give way to particular ones."""
    return _harder(request, "by putting more particular things, numbers or places in place of general ones")


def broaden(spec: Operator, request: str) -> Rewriting:
    """A new request of the same domain."""
    return Rewriting(
        "Below is a request to an assistant. Draw inspiration from it to write a brand new request of the same domain, "
        "but rarer. It should be about as long and as difficult, and a person must be able to answer it.\n\n"
        f"Request:\n{request}\n\n{_ONLY}"
    )


def paraphrase(spec: Paraphrase, request: str) -> Rewriting:
    """Other words, same meaning, same answer."""
    return Rewriting(
        f"Below is a request to an assistant. Say the same in {spec.style}. Keep the meaning and every name, number "
        f"and quotation, so that the right answer stays the same.\n\nRequest:\n{request}\n\n{_ONLY}",
        keeps_answer=True,
    )


def _harder(request: str, how: str) -> Rewriting:
    return Rewriting(
        f"Below is a request to an assistant. Rewrite it {how}. A person must still be able to understand and answer "
        "it. Keep tables, code and other material of the request. Add 10 to 20 words at most.\n\n"
        f"Request:\n{request}\n\n{_ONLY}"
    )
