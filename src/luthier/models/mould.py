"""Chats as text without rendering each: a template is rendered once for each order of roles, with holes for contents.

Only where that proves to be the same. The holes stand in place of the contents while the template runs, and may be
written, joined to other text and stripped of the blanks around them; a template that looks into one, by any test,
filter, method or comparison, is rendered row by row as ever. So is a chat with tools, tool calls, reasoning or names,
and one whose mould does not give what the template itself does for the first chat of its kind.

Not here: which template (``template``), what its text means (``chat``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn

from luthier.models.template import Render

Mould = tuple[str, tuple[tuple[int, bool, str], ...]]
"""What a chat begins with; for each content the number of its message, whether it is stripped, and the text behind."""
_MOST = 500
"""Orders of roles remembered; chats of others are rendered one by one."""
_OPEN, _CLOSE = "\uf8f1", "\uf8f2"
_HOLE = re.compile(f"{_OPEN}([0-9]+)(s?){_CLOSE}")
_PLAIN = {"role", "content"}
_FUNCTIONS = {"namespace", "raise_exception", "range"}
_FILTERS = {"trim", "length", "count", "first", "last", "upper", "lower", "string", "default", "d"}
_TESTS = {"defined", "undefined", "none", "string", "mapping", "number", "boolean", "true", "false"}
# Whatever keeps written text, so that it could be read again, is left out: macros, blocks, {% set %} ... {% endset %}.
_NODES = {
    "Template", "Output", "TemplateData", "For", "If", "CondExpr", "Assign", "Name", "NSRef", "Getattr", "Getitem",
    "Const", "Add", "Sub", "Mul", "Mod", "Compare", "Operand", "And", "Or", "Not", "Neg", "Slice", "Test", "Filter",
    "Call", "Keyword", "List", "Tuple", "Dict", "Pair", "Continue", "Break",
}  # fmt: skip


class _Looked(BaseException):
    """A template looked into a content. No ``Exception``: what a template or Jinja catches must not catch this."""


class _Hole(str):
    """Stands for the content of a message, alone or joined to other text; whoever looks at it raises ``_Looked``."""

    def __add__(self, other: str) -> _Hole:
        return _Hole(_written(self) + _written(other))

    def __radd__(self, other: str) -> _Hole:
        return _Hole(_written(other) + _written(self))

    def strip(self, chars: str | None = None, /) -> _Hole:
        found = _HOLE.fullmatch(_written(self))
        if chars is not None or found is None:
            raise _Looked
        return _Hole(f"{_OPEN}{found[1]}s{_CLOSE}")


def _written(value: str) -> str:
    """The text itself; what is no text cannot be written."""
    if not isinstance(value, str):
        raise _Looked
    return str.__str__(value)


def _look(*_: object, **__: object) -> NoReturn:
    raise _Looked


_KEPT = {
    "__add__", "strip", "__class__", "__new__", "__init__", "__getattribute__", "__setattr__", "__delattr__", "__doc__",
    "__init_subclass__", "__subclasshook__", "__dir__",
}  # fmt: skip
for _name in {*dir(str), "__bool__", "__int__", "__float__", "__html__"} - _KEPT:
    setattr(_Hole, _name, _look)


class Moulds:
    """Renders chats, from moulds where it can.

    Args:
        render: renders any chat with the tokenizer's own means.
        names: what every template is given beside the messages: the control tokens by their names.
    """

    def __init__(self, render: Render, names: Mapping[str, Any]) -> None:
        self._render = render
        self._names = dict(names)
        self._made: dict[tuple[str, bool, tuple[str, ...]], Mould | None] = {}
        self._turns: dict[tuple[str, tuple[str, ...]], tuple[Mould, Mould] | None] = {}

    def __call__(
        self, source: str, messages: Sequence[Mapping[str, Any]], generate: bool, tools: Sequence[Any] = ()
    ) -> str:
        """The text of a chat, as ``render`` gives it; raises what that raises."""
        # most calls end some lines below: this runs twice for every row of a data set
        if not tools and all(message.keys() == _PLAIN for message in messages):
            kind = (source, generate, tuple([message["role"] for message in messages]))
            contents = [message["content"] for message in messages]
            mould = self._made.get(kind)
            if mould is not None:
                return _filled(mould, contents)
            text = self._render(source, messages, generate, tools)
            if kind not in self._made and len(self._made) < _MOST:
                mould = self._mould(*kind)
                self._made[kind] = mould if mould is not None and _filled(mould, contents) == text else None
            return text
        return self._render(source, messages, generate, tools)

    def turn(self, source: str, messages: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
        """The text before the last message is said, header included, and the text with it, where the second begins with
        the first and both have a mould; else None: render them."""
        if not all(message.keys() == _PLAIN for message in messages):
            return None
        kind = (source, tuple([message["role"] for message in messages]))
        if kind not in self._turns:
            before, whole = self._made.get((source, True, kind[1][:-1])), self._made.get((source, False, kind[1]))
            if before is None or whole is None:  # not rendered yet, or no mould
                return None
            self._turns[kind] = _behind(before, whole)
        both = self._turns[kind]
        if both is None:
            return None
        contents = [message["content"] for message in messages]
        asked = _filled(both[0], contents)
        return asked, asked + _filled(both[1], contents)

    def _mould(self, source: str, generate: bool, roles: tuple[str, ...]) -> Mould | None:
        template = _template(source)
        given = [source, *roles, *map(str, self._names.values())]
        if template is None or any(_OPEN in text or _CLOSE in text for text in given):
            return None
        chat = [{"role": role, "content": _Hole(f"{_OPEN}{n}{_CLOSE}")} for n, role in enumerate(roles)]
        try:
            text = template.render(
                messages=chat, tools=None, documents=None, add_generation_prompt=generate, **self._names
            )
        except (_Looked, Exception):  # a template is foreign code and may raise anything
            return None
        pieces = _HOLE.split(text)  # text, number, "s" or nothing, text, number and so on
        return pieces[0], tuple(
            (int(number), bool(strip), behind)
            for number, strip, behind in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
        )


def _behind(before: Mould, whole: Mould) -> tuple[Mould, Mould] | None:
    """A mould and what another one has behind it; None where that does not begin with it."""
    *same, (number, strip, until) = before[1] or ((-1, False, before[0]),)
    holes = whole[1] if before[1] else ((-1, False, whole[0]), *whole[1])
    at = len(same)
    begins = before[0] == whole[0] if before[1] else True
    if not begins or len(holes) <= at or list(holes[:at]) != same or holes[at][:2] != (number, strip):
        return None
    if not holes[at][2].startswith(until):
        return None
    return before, (holes[at][2][len(until) :], holes[at + 1 :])


def _filled(mould: Mould, contents: Sequence[str]) -> str:
    pieces = [mould[0]]
    for number, strip, behind in mould[1]:
        pieces += [contents[number].strip() if strip else contents[number], behind]
    return "".join(pieces)


@lru_cache(maxsize=16)
def _template(source: str) -> Any:
    """A compiled template in which nothing can look into a hole unseen; None where something could."""
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # as transformers sets it up; what it adds and a template uses (its tag "generation", the date) gives no mould
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"],
        finalize=lambda value: _written(value) if isinstance(value, _Hole) else value,
    )  # fmt: skip
    environment.filters = {n: f if n in _FILTERS else _look for n, f in environment.filters.items()}
    environment.tests = {n: f if n in _TESTS else _look for n, f in environment.tests.items()}
    environment.globals = {n: f for n, f in environment.globals.items() if n in _FUNCTIONS} | {"raise_exception": _look}
    try:
        tree = environment.parse(source)
        if all(_open(node, nodes) for node in [tree, *tree.find_all(nodes.Node)]):
            return environment.from_string(source)
    except (_Looked, Exception):  # what cannot be compiled here is rendered elsewhere
        pass
    return None


def _open(node: Any, nodes: Any) -> bool:
    """Whether a part of a template hands contents to nothing but what a hole stands up to."""
    if type(node).__name__ not in _NODES:
        return False
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        return node.node.name in _FUNCTIONS
    if isinstance(node, nodes.Call | nodes.Filter | nodes.Test):
        given = [*node.args, *(keyword.value for keyword in node.kwargs)]
        return not (node.dyn_args or node.dyn_kwargs) and all(isinstance(value, nodes.Const) for value in given)
    if isinstance(node, nodes.Compare) and any(part.op in ("in", "notin") for part in node.ops):
        return isinstance(node.expr, nodes.Const) or _is_role(node.expr, nodes)
    return True


def _is_role(node: Any, nodes: Any) -> bool:
    if isinstance(node, nodes.Getattr):
        return bool(node.attr == "role")
    return isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and node.arg.value == "role"
