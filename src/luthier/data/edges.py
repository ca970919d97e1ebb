"""Edge classes: rows that ask for something out of the ordinary, each told by a detector of words and signs.

A detector looks at what a person would notice: that nothing was given, that an instruction hides in the text, that the
answer refuses. They are made to count how many such rows a data set has, and whether it has any; a single row may be
told wrongly. Phrases are known in English, a few in German, French and Spanish; signs in any language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from luthier.records import Example
from luthier.rows.signs import SPECIAL
from luthier.text import normalise, personal
from luthier.text.language import UNKNOWN

LONG_WORDS = 300
"""Words from which an input is long."""


@dataclass(frozen=True)
class Look:
    """A row as the detectors see it: the last request, everything that was asked, the answer, and their languages.

    ``free`` says that the answer is put in words; a label or JSON cannot refuse or ask back.
    """

    example: Example
    request: str
    asked: str
    answer: str
    language: str
    answer_language: str
    free: bool


@dataclass(frozen=True)
class Edge:
    """``title`` names a column, ``absent`` the hole ("no row …"), ``kind`` the rows ("no … row in German").

    ``by_answer`` edges cannot be in data whose answers are labels or JSON.
    """

    title: str
    what: str
    absent: str
    kind: str
    detect: Callable[[Look], bool]
    by_answer: bool = False


_PLACEHOLDER = re.compile(r"\W*(?:<?no ?input>?|n/?a|none|null|empty|nil|todo|tbd)\W*", re.IGNORECASE)
_GIVES = re.compile(
    r"\b(?:the|this|these|following|given)\s+(?:following|below|given|attached)?\s*(?:text|sentence|passage|paragraph|article"
    r"|list|code|email|table|review|data|document|conversation|numbers|words|sentences)\b[^.?!]*\b(?:below|following)\b"
    r"|\b(?:following|below)\b",
    re.IGNORECASE,
)
_ASKS_BACK = re.compile(
    r"\b(?:could|can|would) you (?:please )?(?:clarify|specify|provide|share|tell me|be more specific|give me|let me know"
    r"|explain what)|\b(?:do|did) you mean|\bwhich (?:one|of (?:these|them|the)) (?:do|did|would|are)|\bwhat exactly\b"
    r"|please (?:clarify|specify|provide (?:more|the|a|some|me)|share (?:the|more)|tell me (?:more|which|what))"
    r"|\bmore (?:details|information|context)\b[^.]{0,60}\?|k(?:ö|oe)nn(?:ten|test|en) (?:sie|du) (?:bitte )?(?:genauer|mir sagen)"
    r"|pourriez-vous préciser|¿(?:podrías|puede) (?:aclarar|especificar)",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)*(?:(?:fix|do|explain|change|cancel|delete|remove|send|open|check|make|update|finish"
    r"|continue|improve|redo|translate|use|show|stop)\s+)?(?:it|this|that|them|those|the other one|the same)\b"
    r"(?!\s+(?:is|was|are)\s+\w+\s+\w+)",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\b(?:sorry|afraid|apologi[sz]e|unfortunately|regrettably)\b[^.!?]{0,60}\b(?:i|we)(?: am| are|['’]m|['’]re)?"
    r"(?: \w+)? (?:can(?:['’]?t|not| not)|unable|not (?:able|allowed)|won['’]?t|will not|(?:do not|don['’]t) have access)\b"
    r"|\bi (?:can(?:['’]?t|not| not)|won['’]?t|will not|am unable to|am not able to|['’]m not able to|must decline to|refuse to)\s+"
    r"(?:\w+\s+){0,2}(?:help|assist|provide|do|give|create|write|fulfil+|answer|comply|support|share|offer|engage|discuss)\b"
    r"|\b(?:leider )?kann ich (?:ihnen|dir|euch)?\s*(?:dabei |das )?(?:leider )?nicht (?:helfen|beantworten|tun)"
    r"|\bje ne peux pas (?:vous |t'|te )?(?:aider|répondre|faire)|\bno puedo (?:ayudar|responder|hacer|proporcionar)",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"\bi (?:do not|don['’]?t) (?:know|have (?:enough |any |that |sufficient )*(?:information|data))\b"
    r"|\b(?:is|are|was) not (?:mentioned|stated|specified|given|provided|known)\b|\bcannot be (?:determined|answered|known)\b"
    r"|\bno (?:information|mention) (?:is|about|of|on)\b|\bich weiß (?:es )?nicht\b|\bje ne sais pas\b|\bno (?:lo )?sé\b",
    re.IGNORECASE,
)
_BRIEF = r"(?:brief|short|concise|one[- ](?:word|sentence|line)|single (?:word|sentence)|as few words)"
_FULL = r"(?:detailed|in detail|comprehensive|thorough|in[- ]depth|extensive|exhaustive|long essay)"
_CONTRADICTS = re.compile(
    rf"\b{_BRIEF}\b.{{0,80}}\b{_FULL}\b|\b{_FULL}\b.{{0,80}}\b{_BRIEF}\b"
    r"|\b(?:no,? wait|wait,? no|actually,? (?:no|never ?mind|make that)|scratch that|on second thoughts?|forget (?:that|what i said)"
    r"|never ?mind|correction:|i meant)\b"
    r"|\bwithout (?:using |any )?(\w+)\b.{0,60}\b(?:using|include|with) (?:the |a |an |any )?\1\b"
    r"|\b(?:using|include|with) (?:the |a |an )?(\w+)\b.{0,60}\bwithout (?:using |any )?\2\b",
    re.IGNORECASE | re.DOTALL,
)
_INJECTS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|all|your|system|these|any)\b"
    r".{0,30}\b(?:instructions?|prompts?|rules?|guidelines?|directions?|commands?|programming)\b"
    r"|\b(?:reveal|print|show|repeat|output|leak|tell me)\b.{0,30}\b(?:system|hidden|initial|original|secret) (?:prompt|instructions?|message)\b"
    r"|\byou are now (?:dan|in developer mode|unrestricted|jailbroken|free)|\bdo anything now\b|\bdeveloper mode\b|\bjailbreak\b"
    r"|\bpretend (?:that )?you (?:have no|are not bound|do not have)\b.{0,30}\b(?:rules|restrictions|filters?|guidelines)\b"
    r"|^\s*(?:system|assistant)\s*:\s|\[system\]|###\s*(?:system|new instructions?)",
    re.IGNORECASE | re.MULTILINE,
)
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f\U0001f1e6-\U0001f1ff]")
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ue000-\uf8ff\U0001d400-\U0001d7ff\uff01-\uff5e]")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]{2}")
_CODE = re.compile(
    r"```|^\s*(?:def|class|import|from \w+ import|function|const|let|var|public|private|#include|SELECT|INSERT|UPDATE)\b[^.?!]*[({;:*=]"
    r"|\b\w+\([^()\n]*\)\s*[;{]|</?(?:div|html|body|span|p|a|script|table)\b[^>]*>|\bSELECT\b.{1,80}\bFROM\b",
    re.MULTILINE,
)
_LAZY = re.compile(r"\b(?:u|r|ur|pls|plz|thx|wanna|gonna|gotta|dont|cant|wont|didnt|doesnt|im|ive|idk|tho|cuz|bcoz)\b", re.IGNORECASE)
_STRETCHED = re.compile(r"([a-z])\1{3,}|[!?]{3,}", re.IGNORECASE)
_SMALL_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|evening|afternoon|night)|thanks?(?: you)?|thank you|bye|goodbye|how are you|what['’]?s up"
    r"|who are you|nice to meet you|hallo|guten (?:tag|morgen)|danke|bonjour|merci|hola|gracias|ciao|grazie)\b",
    re.IGNORECASE,
)


def _empty_input(look: Look) -> bool:
    text = look.request.strip()
    if not normalise(text) or _PLACEHOLDER.fullmatch(text):
        return True
    if re.search(r"\n\s*(?:input|text|context|eingabe)\s*:\s*(?:<?no ?input>?|n/?a|none)?\s*\Z", text, re.IGNORECASE):
        return True
    one = len(text) < 200 and "\n" not in text and not re.search(r":\s*\S|[\"“`'‘]\w|```", text)
    return one and len(re.findall(r"[.?!](?:\s|$)", text)) <= 1 and bool(_GIVES.search(text)) and look.free


def _ambiguous(look: Look) -> bool:
    words = look.asked.split()
    if len(words) <= 7 and _DANGLING.search(look.asked) and len(_users(look)) == 1:
        return True
    return look.free and bool(_ASKS_BACK.search(look.answer[:400])) and "?" in look.answer[:600]


def _noisy(look: Look) -> bool:
    letters = [sign for sign in look.asked if sign.isalpha()]
    upper = sum(sign.isupper() for sign in letters)
    lower = sum(sign.islower() for sign in letters)
    if len(letters) >= 12 and upper > 0.7 * (upper + lower) and upper + lower > 0:
        return True
    return bool(_STRETCHED.search(look.asked)) or len(_LAZY.findall(look.asked)) >= 2


def _mixed(text: str) -> bool:
    """A word of letters of two alphabets: Cyrillic "а" in a Latin word, as forged addresses have."""
    if text.isascii():
        return False
    for word in re.findall(r"[^\W\d_]{3,}", text):
        if not word.isascii():
            scripts = {unicodedata.name(sign, "").partition(" ")[0] for sign in word}
            if len(scripts & {"LATIN", "CYRILLIC", "GREEK"}) > 1:
                return True
    return False


def _users(look: Look) -> list[str]:
    return [message.content for message in look.example.messages if message.role == "user"]


def _other_language(look: Look) -> bool:
    return look.free and UNKNOWN not in (look.language, look.answer_language) and look.language != look.answer_language


EDGES: dict[str, Edge] = {
    "empty_input": Edge(
        "empty input", "nothing is given, or the text that is spoken of is missing", "no row has an empty input",
        "empty-input", _empty_input,
    ),
    "injection": Edge(
        "injection", "text that tries to change the instructions, or control tokens typed out",
        "no row has an injected instruction", "injection",
        lambda look: bool(_INJECTS.search(look.asked) or SPECIAL.search(look.asked)),
    ),
    "ambiguity": Edge(
        "ambiguity", "it is not clear what is meant, or the answer asks back", "no row is ambiguous or asks back",
        "ambiguous", _ambiguous,
    ),
    "refusal": Edge(
        "refusal", "the answer refuses", "no answer refuses anything", "refused",
        lambda look: look.free and bool(_REFUSES.search(look.answer[:300])), by_answer=True,
    ),
    "unanswerable": Edge(
        "unanswerable", "the answer says that it does not know", "no answer admits that it does not know",
        "unanswerable", lambda look: look.free and bool(_UNKNOWN.search(look.answer[:400])), by_answer=True,
    ),
    "contradiction": Edge(
        "contradiction", "demands that exclude each other, or a speaker who corrects himself",
        "no request contradicts itself", "contradictory", lambda look: bool(_CONTRADICTS.search(look.asked[:1500])),
    ),
    "multi_turn": Edge(
        "multi-turn", "the user speaks at least twice", "no row has more than one turn", "multi-turn",
        lambda look: len(_users(look)) > 1,
    ),
    "long_input": Edge(
        "long input", f"more than {LONG_WORDS} words are asked", f"no input has more than {LONG_WORDS} words", "long-input",
        lambda look: len(look.asked) > 4 * LONG_WORDS and len(look.asked.split()) > LONG_WORDS,
    ),
    "noisy": Edge(
        "noisy typing", "capitals throughout, stretched words, chat spelling", "no row is typed carelessly", "carelessly typed",
        _noisy,
    ),
    "unicode": Edge(
        "unusual Unicode", "emoji, invisible signs, full-width or mixed alphabets", "no row has emoji or unusual Unicode",
        "unusual-Unicode",
        lambda look: not look.asked.isascii()
        and bool(_EMOJI.search(look.asked) or _HIDDEN.search(look.asked) or _mixed(look.asked)),
    ),
    "rtl": Edge(
        "right-to-left", "Arabic, Hebrew or another script written from right to left",
        "no row has text written from right to left", "right-to-left",
        lambda look: not look.asked.isascii() and bool(_RTL.search(look.asked)),
    ),
    "code": Edge(
        "code in the input", "source code or markup in what is asked", "no input holds code", "code-input",
        lambda look: bool(_CODE.search(look.asked)),
    ),
    "personal": Edge(
        "personal data", "an address, number or key of a person in what is asked", "no input holds personal data",
        "personal-data", lambda look: next(iter(personal.find(look.asked[:2000])), None) is not None,
    ),
    "small_talk": Edge(
        "small talk", "a greeting, thanks, or a question about the assistant itself", "no row is small talk", "small-talk",
        lambda look: len(look.request.split()) <= 6 and bool(_SMALL_TALK.search(look.request)),
    ),
    "cross_language": Edge(
        "another language", "the answer is in another language than the request",
        "no answer is in another language than its request", "cross-language", _other_language, by_answer=True,
    ),
}  # fmt: skip
"""In the order of what a missing class costs in use: the first holes are named first."""


def edges_of(look: Look) -> tuple[str, ...]:
    """The edge classes of a row, in the order of :data:`EDGES`."""
    return tuple(name for name, edge in EDGES.items() if edge.detect(look))


def refuses(answer: str) -> bool:
    """Whether an answer refuses."""
    return bool(_REFUSES.search(answer[:300]))


def holds_code(text: str) -> bool:
    """Whether a text holds source code or markup."""
    return bool(_CODE.search(text))
