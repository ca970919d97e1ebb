# ruff: noqa: E501 (an alternative is read best on one line)
"""The phrases and signs by which :mod:`luthier.data.edges` tells edge classes, and :mod:`luthier.data.quality` answers."""

from __future__ import annotations

import re

PLACEHOLDER = re.compile(r"\W*(?:<?no ?input>?|n/?a|none|null|empty|nil|todo|tbd)\W*", re.IGNORECASE)
GIVES = re.compile(
    r"\b(?:the|this|these|following|given)\s+(?:following|below|given|attached)?\s*(?:text|sentence|passage|paragraph|article"
    r"|list|code|email|table|review|data|document|conversation|numbers|words|sentences)\b[^.?!]*\b(?:below|following)\b"
    r"|\b(?:following|below)\b",
    re.IGNORECASE,
)
ASKS_BACK = re.compile(
    r"\b(?:could|can|would) you (?:please )?(?:clarify|specify|provide|share|tell me|be more specific|give me|let me know"
    r"|explain what)|\b(?:do|did) you mean|\bwhich (?:one|of (?:these|them|the)) (?:do|did|would|are)|\bwhat exactly\b"
    r"|please (?:clarify|specify|provide (?:more|the|a|some|me)|share (?:the|more)|tell me (?:more|which|what))"
    r"|\bmore (?:details|information|context)\b[^.]{0,60}\?|k(?:ö|oe)nn(?:ten|test|en) (?:sie|du) (?:bitte )?(?:genauer|mir sagen)"
    r"|pourriez-vous préciser|¿(?:podrías|puede) (?:aclarar|especificar)",
    re.IGNORECASE,
)
DANGLING = re.compile(
    r"^\W*(?:(?:please|can you|could you)\s+)*(?:(?:fix|do|explain|change|cancel|delete|remove|send|open|check|make|update|finish"
    r"|continue|improve|redo|translate|use|show|stop)\s+)?(?:it|this|that|them|those|the other one|the same)\b"
    r"(?!\s+(?:is|was|are)\s+\w+\s+\w+)",
    re.IGNORECASE,
)
REFUSES = re.compile(
    r"\b(?:sorry|afraid|apologi[sz]e|unfortunately|regrettably)\b[^.!?]{0,60}\b(?:i|we)(?: am| are|['’]m|['’]re)?"
    r"(?: \w+)? (?:can(?:['’]?t|not| not)|unable|not (?:able|allowed)|won['’]?t|will not|(?:do not|don['’]t) have access)\b"
    r"|\bi (?:can(?:['’]?t|not| not)|won['’]?t|will not|am unable to|am not able to|['’]m not able to|must decline to|refuse to)\s+"
    r"(?:\w+\s+){0,2}(?:help|assist|provide|do|give|create|write|fulfil+|answer|comply|support|share|offer|engage|discuss)\b"
    r"|\b(?:leider )?kann ich (?:ihnen|dir|euch)?\s*(?:dabei |das )?(?:leider )?nicht (?:helfen|beantworten|tun)"
    r"|\bje ne peux pas (?:vous |t'|te )?(?:aider|répondre|faire)|\bno puedo (?:ayudar|responder|hacer|proporcionar)",
    re.IGNORECASE,
)
UNANSWERED = re.compile(
    r"\bi (?:do not|don['’]?t) (?:know|have (?:enough |any |that |sufficient )*(?:information|data))\b"
    r"|\b(?:is|are|was) not (?:mentioned|stated|specified|given|provided|known)\b|\bcannot be (?:determined|answered|known)\b"
    r"|\bno (?:information|mention) (?:is|about|of|on)\b|\bich weiß (?:es )?nicht\b|\bje ne sais pas\b|\bno (?:lo )?sé\b",
    re.IGNORECASE,
)
_BRIEF = r"(?:brief|short|concise|one[- ](?:word|sentence|line)|single (?:word|sentence)|as few words)"
_FULL = r"(?:detailed|in detail|comprehensive|thorough|in[- ]depth|extensive|exhaustive|long essay)"
CONTRADICTS = re.compile(
    rf"\b{_BRIEF}\b.{{0,80}}\b{_FULL}\b|\b{_FULL}\b.{{0,80}}\b{_BRIEF}\b"
    r"|\b(?:no,? wait|wait,? no|actually,? (?:no|never ?mind|make that)|scratch that|on second thoughts?|forget (?:that|what i said)"
    r"|never ?mind|correction:|i meant)\b"
    r"|\bwithout (?:using |any )?(\w+)\b.{0,60}\b(?:using|include|with) (?:the |a |an |any )?\1\b"
    r"|\b(?:using|include|with) (?:the |a |an )?(\w+)\b.{0,60}\bwithout (?:using |any )?\2\b",
    re.IGNORECASE | re.DOTALL,
)
INJECTS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:previous|prior|above|earlier|preceding|all|your|system|these|any)\b"
    r".{0,30}\b(?:instructions?|prompts?|rules?|guidelines?|directions?|commands?|programming)\b"
    r"|\b(?:reveal|print|show|repeat|output|leak|tell me)\b.{0,30}\b(?:system|hidden|initial|original|secret) (?:prompt|instructions?|message)\b"
    r"|\byou are now (?:dan|in developer mode|unrestricted|jailbroken|free)|\bdo anything now\b|\bdeveloper mode\b|\bjailbreak\b"
    r"|\bpretend (?:that )?you (?:have no|are not bound|do not have)\b.{0,30}\b(?:rules|restrictions|filters?|guidelines)\b"
    r"|^\s*(?:system|assistant)\s*:\s|\[system\]|###\s*(?:system|new instructions?)",
    re.IGNORECASE | re.MULTILINE,
)
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f\U0001f1e6-\U0001f1ff]")
HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ue000-\uf8ff\U0001d400-\U0001d7ff\uff01-\uff5e]")
RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]{2}")
CODE = re.compile(
    r"```|^\s*(?:def|class|import|from \w+ import|function|const|let|var|public|private|#include|SELECT|INSERT|UPDATE)\b[^.?!]*[({;:*=]"
    r"|\b\w+\([^()\n]*\)\s*[;{]|</?(?:div|html|body|span|p|a|script|table)\b[^>]*>|\bSELECT\b.{1,80}\bFROM\b",
    re.MULTILINE,
)
LAZY = re.compile(
    r"\b(?:u|r|ur|pls|plz|thx|wanna|gonna|gotta|dont|cant|wont|didnt|doesnt|im|ive|idk|tho|cuz|bcoz)\b", re.IGNORECASE
)
STRETCHED = re.compile(r"([a-z])\1{3,}|[!?]{3,}", re.IGNORECASE)
SMALL_TALK = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|evening|afternoon|night)|thanks?(?: you)?|thank you|bye|goodbye|how are you|what['’]?s up"
    r"|who are you|nice to meet you|hallo|guten (?:tag|morgen)|danke|bonjour|merci|hola|gracias|ciao|grazie)\b",
    re.IGNORECASE,
)

BOILERPLATE = re.compile(
    r"\bas an? (?:ai|artificial intelligence|large language|language)(?: language)? ?(?:model|assistant)?\b"
    r"|\bi(?:['’]m| am) (?:just |only )?an? (?:ai|language model)\b|\b(?:openai|chatgpt|anthropic)\b.{0,40}\b(?:trained|developed|created|model)\b"
    r"|\b(?:trained|developed|created) by (?:openai|anthropic|google|meta)\b|\bas of my (?:last )?(?:knowledge|training|update)"
    r"|\bmy (?:knowledge cut-?off|training data)\b|\bi do not have (?:personal|feelings|emotions|opinions|the ability to)"
    r"|\A\W*(?:certainly|absolutely|of course|sure(?: thing)?|great question)\s*[!,.]|\bi hope this helps\b"
    r"|\bfeel free to (?:ask|reach out|let me know)\b|\blet me know if you (?:have|need) (?:any|more|further|anything)\b",
    re.IGNORECASE,
)
LEFTOVER = re.compile(
    r"&(?:nbsp|amp|lt|gt|quot|#\d{2,5});|</?(?:p|br|div|span|li|ul|td|tr|font|strong)\b[^>]{0,80}>|\[/?(?:b|url|quote)\b",
    re.IGNORECASE,
)
WANTS_JSON = re.compile(
    r"\b(?:as|in|return|output|only|valid|a)\s+(?:\w+\s+)?json\b(?! (?:file|schema|path|parser))", re.IGNORECASE
)
WANTS_ONE_WORD = re.compile(r"\b(?:one|a single|only one) word\b(?! (?:at a time|per))", re.IGNORECASE)
WANTS_CODE = re.compile(r"\b(?:html|xml|bbcode)\b|</?\w+>", re.IGNORECASE)
NAMES_LANGUAGE = re.compile(
    r"\b(?:translat\w*|translate|language|english|german|french|spanish|italian|portuguese|dutch|russian|chinese|japanese|korean|arabic"
    r"|hindi|polish|turkish|swedish|übersetz\w*|deutsch|englisch|traduis|traduire|traduc\w*|inglés|español|français|anglais)\b",
    re.IGNORECASE,
)
WORD = re.compile(r"\w+", re.UNICODE)
