"""One message of a chat, as every stage sees it.

It does not render itself: ``models.chat`` is the only place where messages become token ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
ROLES: tuple[str, ...] = ("system", "user", "assistant", "tool")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the assistant makes.

    ``arguments`` is the JSON object as a Python mapping, as chat templates expect it.
    """

    name: str
    arguments: Mapping[str, Any]
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn.

    ``content`` is the text shown to the other side; ``reasoning`` the assistant's hidden thinking, if the data has it.
    ``weight`` 0 keeps an assistant turn as context without training on it.
    """

    role: str
    content: str
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    weight: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """The dictionary that chat templates and OpenAI-style APIs read; absent parts are left out."""
        out: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.reasoning is not None:
            out["reasoning_content"] = self.reasoning
        if self.tool_calls:
            out["tool_calls"] = [
                {
                    "type": "function",
                    **({"id": c.id} if c.id else {}),
                    "function": {"name": c.name, "arguments": dict(c.arguments)},
                }
                for c in self.tool_calls
            ]
        if self.tool_call_id is not None:
            out["tool_call_id"] = self.tool_call_id
        if self.name is not None:
            out["name"] = self.name
        if self.weight != 1.0:
            out["weight"] = self.weight
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Message:
        """Read what :meth:`to_dict` wrote. Foreign files go through ``luthier.rows``, which checks them first."""
        calls = tuple(
            ToolCall(name=c["function"]["name"], arguments=c["function"]["arguments"], id=c.get("id"))
            for c in data.get("tool_calls") or ()
        )
        return cls(
            role=data["role"],
            content=data.get("content") or "",
            reasoning=data.get("reasoning_content"),
            tool_calls=calls,
            tool_call_id=data.get("tool_call_id"),
            name=data.get("name"),
            weight=float(data.get("weight", 1.0)),
        )
