"""One side of nano's world: the random source that every skill draws words, numbers and phrasings from.

Promise: a `World("held")` never hands out a train-only entity or template, and the other way round; two worlds with the
same side and seed hand out the same things in the same order.

Templates are plain strings: `[this|that|]` picks one of the alternatives, `{name}` is filled in afterwards.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from tools.nano import vocabulary as v

Side = Literal["train", "held"]
T = TypeVar("T")
Message = dict[str, str]
CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")
SPACES = re.compile(r" {2,}")
GAP = re.compile(r" ([.,:;?!])")  # an empty alternative before a full stop leaves a gap
ARTICLE = re.compile(r"\b([Aa])(?= [aeio])")


@dataclass(frozen=True)
class Item:
    """One chat: what is asked (system and user turns, earlier assistant turns) and the one right answer."""

    skill: str
    messages: list[Message]
    answer: str

    def chat(self) -> list[Message]:
        return [*self.messages, {"role": "assistant", "content": self.answer}]

    def text(self) -> str:
        """All words a reader sees, for the coverage measure."""
        return "\n".join(message["content"] for message in self.chat())


Skill = Callable[["World"], Item]
SKILLS: dict[str, Skill] = {}
WEIGHTS: dict[str, float] = {}


def skill(name: str, weight: float = 1.0) -> Callable[[Callable[[World], tuple[list[Message], str]]], Skill]:
    """Register a generator under its name; `weight` is its share of the training mixture, relative to the others."""

    def register(make: Callable[[World], tuple[list[Message], str]]) -> Skill:
        @functools.wraps(make)
        def item(world: World) -> Item:
            messages, answer = make(world)
            return Item(name, messages, answer)

        SKILLS[name], WEIGHTS[name] = item, weight
        return item

    return register


@functools.cache
def _half(list_name: str, held: bool) -> list[str]:
    return v.half(getattr(v, list_name), held)


class World:
    """A seeded side of the world. Final; cheap to make (one per item)."""

    def __init__(self, side: Side, seed: int | str) -> None:
        self.held = side == "held"
        self.rng = random.Random(f"{side}/{seed}")

    # --- choosing

    def choose(self, options: Sequence[T]) -> T:
        return self.rng.choice(options)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def number(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def say(self, train: Sequence[str], held: Sequence[str], **slots: object) -> str:
        """A phrasing from this side's templates, filled in."""
        return self.fill(self.choose(held if self.held else train), **slots)

    def fill(self, template: str, **slots: object) -> str:
        while "[" in template:
            filled = CHOICE.sub(lambda m: self.choose(m.group(1).split("|")), template)
            if filled == template:
                break
            template = filled
        template = GAP.sub(r"\1", SPACES.sub(" ", template)).strip()
        filled = SLOT.sub(lambda m: str(slots[m.group(1)]) if m.group(1) in slots else m.group(0), template)
        return ARTICLE.sub(r"\1n", filled)

    def several(self, draw: Callable[[], T], count: int) -> list[T]:
        """`count` different draws, in drawing order."""
        found: list[T] = []
        while len(found) < count:
            candidate = draw()
            if candidate not in found:
                found.append(candidate)
        return found

    # --- entities

    def _entity(self, list_name: str, invent: float) -> str:
        if self.chance(invent):
            return v.invented(self.rng, self.held)
        return self.choose(_half(list_name, self.held))

    def name(self) -> str:
        word = self._entity("NAMES", 0.35)
        return word[0].upper() + word[1:]

    def place(self) -> str:
        word = self._entity("PLACES", 0.35)
        return word[0].upper() + word[1:]

    def thing(self) -> str:
        return self._entity("THINGS", 0.1)

    def animal(self) -> str:
        return self._entity("ANIMALS", 0.05)

    def food(self) -> str:
        return self._entity("FOODS", 0.0)

    def job(self) -> str:
        return self._entity("JOBS", 0.0)

    def hobby(self) -> str:
        return self._entity("HOBBIES", 0.0)

    def adjective(self) -> str:
        return self._entity("ADJECTIVES", 0.0)

    def colour(self) -> str:
        return self.choose(v.COLOURS)

    def day(self) -> str:
        return self.choose(v.DAYS)

    def word(self) -> str:
        """Any word for lists and copying. The held side draws from the held entity lists only."""
        if self.held:
            return self.choose((self.thing, self.animal, self.food, self.adjective, self.hobby))()
        roll = self.rng.random()
        if roll < 0.45:
            return self.choose(v.GENERAL)
        if roll < 0.6:
            return v.invented(self.rng, held=False)
        return self.choose((self.thing, self.animal, self.food, self.adjective, self.hobby, self.job))()

    def words(self, low: int, high: int) -> list[str]:
        return self.several(self.word, self.number(low, high))

    def code(self) -> str:
        """An order or room number such as `QX-482`."""
        letters = "".join(self.choose("ABCDEFGHKLMNPQRSTUVWXYZ") for _ in range(self.number(1, 3)))
        digits = "".join(self.choose("0123456789") for _ in range(self.number(2, 4)))
        return letters + self.choose(("-", "", "/")) + digits

    # --- laying out a request

    def _dress(self, instruction: str) -> str:
        """The instruction, now and then wrapped as people do; it lets nano read wordings it never met."""
        first = instruction.split(" ", 1)[0]
        if self.chance(0.4) and instruction[:1].isupper():
            if first in ("What", "Which", "Who", "How", "Where", "When", "Whose"):
                instruction = self.fill(self.choose(BEFORE_QUESTION)) + " " + instruction
            elif first in IMPERATIVES:
                order = instruction[0].lower() + instruction[1:]
                lead = self.fill(self.choose(BEFORE_ORDER))
                if lead.startswith(("Can", "Could", "Will", "Would")) and order[-1] in ".":
                    order = order[:-1] + "?"
                instruction = f"{lead} {order}"
        if self.chance(0.2):
            instruction = self.fill(self.choose(OPENINGS)) + " " + instruction
        if self.chance(0.15) and instruction[-1] in ".?!":
            instruction += " " + self.fill(self.choose(CLOSINGS))
        return instruction

    def ask(self, instruction: str, text: str | None = None) -> list[Message]:
        """The turns of a request: instruction and text in a usual arrangement, now and then with a system turn."""
        if not self.held:
            instruction = self._dress(instruction)
        if text is None:
            user = instruction
        else:
            layout = self.number(0, 7)
            if layout == 0:
                return [{"role": "system", "content": instruction}, {"role": "user", "content": text}]
            user = (
                f"{instruction}\n\n{text}",
                f"{instruction}\n{text}",
                f"{text}\n\n{instruction}",
                f"Text: {text}\n{instruction}",
                f"{instruction}\n\nText: {text}",
                f"{instruction}\nMessage: {text}",
                f"{instruction} {text}" if instruction.endswith(":") else f"{instruction}\n\n{text}",
            )[layout - 1]
        turns = [{"role": "user", "content": user}]
        if self.chance(0.12):
            manner = SYSTEM if self.held else SYSTEM + TRAIN_SYSTEM
            turns.insert(0, {"role": "system", "content": self.fill(self.choose(manner))})
        return turns


BEFORE_QUESTION = (
    "[Please tell|Tell|Can you tell|Could you tell|Please show] me:",
    "I [want|need|would like] to know:",
    "Do you know?",
    "My question [is|to you]:",
    "[Please answer|Answer] [me|this|]:",
    "[Look|Think] and say:",
    "Now[ tell me|]:",
    "And [then|now|]:",
    "[A question|One question|A short question] [for you|]:",
    "[Here|This] is what I ask:",
    "I am curious.",
    "I wonder.",
    "[May|Can] I ask you something?",
    "Something is not clear to me.",
    "Help me with this:",
    "[Say|Write] the answer to this:",
    "[Quick|Short] question:",
    "One more:",
    "[Well|So|Now then]:",
    "[Think|Look] before you answer:",
    "The thing I ask is this:",
    "We have to know:",
    "They asked me:",
    "[Next|Last] question:",
    "Let me ask:",
    "It puzzles me:",
    "I cannot tell.",
    "Question [number|] two:",
)
BEFORE_ORDER = (
    "Please",
    "[Can|Could|Will|Would] you [please|]",
    "I [want|need|ask] you to",
    "I would like you to",
    "Your task is to",
    "Your job [here|now|] is to",
    "[Now|Next|Then] [please|]",
    "[Try|Remember] to",
    "You [should|must|can] [now|]",
    "It would be [nice|good] to",
    "All I want is to",
    "Let us",
    "Somebody must",
    "Help me to",
    "[First|Today] we",
    "Kindly",
    "Just",
    "Simply",
    "[Quickly|Carefully]",
    "Be so kind as to",
    "[Would|Could] you kindly",
    "I [beg|order|invite] you to",
    "You have to",
    "You need to",
    "You are [asked|told] to",
    "We want you to",
    "We need somebody to",
    "It is time to",
    "It is your turn to",
    "What I want is for you to",
    "The task: please",
    "Go on and",
    "Go ahead and",
    "Do me a favour and",
    "[Use|Take] a moment to",
    "Here you have to",
    "Make sure to",
    "Be sure to",
    "Do not forget to",
    "The aim is to",
    "My wish is for you to",
)
OPENINGS = (
    "Hello!",
    "Here is [a task|some text|something] for you.",
    "I need [your|some] help.",
    "[A small|Another|The next] [job|task|one].",
    "Look at this.",
    "Read [carefully|this|below].",
    "[Good morning|Good evening|Dear friend].",
    "This is [easy|not hard|important].",
    "Listen[ well|].",
    "[One|A] thing more.",
    "[My boss|My teacher|A friend] wants [this|to know].",
    "I have [a question|a list|a text] [here|below|].",
    "Be so kind.",
    "You know what to do.",
    "[Hi|Hey|Good day|Good afternoon]!",
    "[Welcome back|Back again].",
    "I hope that you are well.",
    "[Sorry|Excuse me], one thing.",
    "This should not take long.",
    "[Please look|Have a look] at [this|the text].",
    "It is [urgent|not urgent], but please do it [well|right].",
    "We are [testing|trying] something.",
    "[Pay attention|Take care] now.",
    "[Let us begin|Here we go].",
    "A [customer|colleague|neighbour] sent [me|us] this.",
    "I got this [today|yesterday|this morning].",
    "[Now for|Now to] something else.",
    "Time for a [task|job|little work].",
    "I [do not have|have no] time for it myself.",
    "[Nobody|No one] here [knows|could do it].",
    "I tried [it|this] and failed.",
    "You are good at [this|such things].",
    "I trust you with this.",
    "See what you can do.",
    "Your help is [needed|welcome].",
    "Work for you.",
    "[As always|As before|Same as yesterday].",
    "My eyes are tired, so you read it.",
    "[First|Second|Third] task.",
    "[Ready|Are you ready]?",
    "It is me again.",
)
CLOSINGS = (
    "Thank you.",
    "[Please be|Be] exact.",
    "No other words[, please|].",
    "[Write|Give] [only|nothing but] the answer.",
    "That is all I need.",
    "[Take care|Be quick].",
    "[Do not|Never] explain.",
    "[Short|Brief], please.",
    "I [wait|count on you].",
    "[Many thanks|Thanks|Thanks a lot|Cheers].",
    "[Keep it|Make it] [short|simple].",
    "[One line|A line] is enough.",
    "[Skip|Leave out] [everything|all] else.",
    "No [long story|comment|notes|remarks], please.",
    "I do not need [reasons|more].",
    "[Just|Only] the [answer|result].",
    "[Nothing|No word] more.",
    "[Make no|Avoid] mistakes.",
    "[Please hurry|Hurry up].",
    "I am in a hurry.",
    "That will do.",
    "[You are|How] kind.",
    "I would be [glad|grateful].",
    "[Be|Stay] precise.",
    "Without [a comment|further words].",
    "[Check|Read] it twice.",
    "Much obliged.",
    "It [matters|is important] to me.",
    "[Please|] answer at once.",
    "Get it right, please.",
    "No need to explain.",
    "Straight to the point, please.",
    "I will [read|check] it later.",
    "[See|Talk to] you soon.",
    "Do it well.",
    "This is all.",
    "[Then|After that] stop.",
    "As briefly as you can.",
    "In your usual way.",
    "[The answer|It] must fit.",
)
IMPERATIVES = frozenset(
    """
Add Answer Arrange Ask Assign Bring Calculate Change Check Choose Classify Collect Compare Complete Compute Confirm
Continue Convert Copy Count Create Decide Delete Describe Determine Drop Echo Explain Express Extract Fetch File Fill
Find Form Format Gather Get Give Go Group Guess Identify Indicate Judge Keep Label Leave List Look Make Mark Match Name
Note Order Output Parse Pick Place Point Print Produce Pull Put Rank Rate Read Record Reduce Remove Repeat Replace
Reply Report Return Reverse Route Say Search See Select Send Set Show Solve Sort Spell Spot State Store Subtract
Summarise Swap Take Tag Tell Test Think Transform Translate Try Turn Type Use Work Write
""".split()  # noqa: SIM905
)
"""First words of an order; an instruction that starts otherwise (with a name, say) is no order to be put in a frame."""


SYSTEM = (
    "You are a [helpful|careful|friendly|short-spoken] assistant.",
    "[Answer|Reply] [briefly|shortly|in few words].",
    "You [help|work for] {org}.".replace("{org}", "[a library|a school|a shop|a small office|a club]"),
    "Be [brief|exact|kind|careful].",
    "Follow the instruction [exactly|carefully].",
)

TRAIN_SYSTEM = (
    "You are a [polite|patient|quick|clever|exact] [helper|clerk|assistant].",
    "You [read|handle|sort|check] the [mail|texts|letters|papers] of {org}.".replace(
        "{org}", "[a firm|a hotel|a museum|a bakery|a hospital|a town hall|a garage]"
    ),
    "You help [people|guests|readers|customers] with [small|short|daily] [tasks|questions].",
    "Keep [answers|replies] short.",
    "[Write|Say] no more than [needed|you must].",
    "Do what the user [asks|says].",
    "[Give|Write] the answer [alone|without comment].",
    "You never [chat|explain|guess].",
    "Use the text you are given.",
    "Read [well|closely], then answer.",
    "You are the [voice|desk|office] of [a small firm|a club|a shop].",
    "Your answers are [plain|brief|correct].",
    "Today you [work|are on duty] at the front desk.",
    "[Stick|Keep] to the [text|task].",
    "Reply [in plain English|plainly].",
    "[Help|Serve] the user.",
    "You get a text and a task.",
    "A machine reads your answer, so keep to the form.",
    "Mind the [form|details].",
    "[No|Never any] small talk.",
)
"""More system turns, for the train side alone."""


def join(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" {last} {words[-1]}"


def one(noun: str) -> str:
    """The noun with its article."""
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    """`a-b` entries as tuples."""
    return [(left, right) for left, right in (word.split("-", 1) for word in words)]
