"""The noise of real mail: greetings, sign-offs, small talk, haste, capitals. None of it changes a label."""

from __future__ import annotations

import random

from tools.quickstart.company import lines

OPENERS = lines("""
    Hi,
    Hello,
    Hello there,
    Good morning,
    Good evening,
    Hi Wrenholt,
    Hello Wrenholt,
    Dear Wrenholt,
    Dear support,
    Dear all,
    To whom it may concern:
    Hey,
    Morning all,
    Hi team,
    Hello again,
    Me again.
    Evening,
    Dear Sir or Madam,
    Hi, it's me once more.
    First of all, happy new year.
    Hope you are well.
    Sorry to bother you.
    A short question.
    Hello, customer of many years here.
""")
CLOSERS = lines("""
    Thanks.
    Thank you!
    Many thanks
    Cheers
    Best wishes
    Kind regards
    Thanks in advance.
    Yours faithfully
    Regards
    Bye for now
    All the best
    Thank you for reading this.
    Warm regards
    Sincerely
    Ta
    Have a good day.
    Sent from my phone
    With thanks
""")
NAMES = lines("""
    Mara
    Jonas
    Ines
    Tom
    Priya
    Olek
    Hanne
    Ruth
    Sami
    Edith
    Marek
    Lucia
    Dan
    Yusuf
    Greta
    Bea
    Piet
    Nora
    Ivo
    Femi
    Aino
    Carla
    Mr Hobbs
    Mrs Lind
    A. Novak
    K. Osei
    J. Brandt
    the Moreau family
""")
SMALL_TALK = lines("""
    What a week.
    Your music on hold is lovely, I know it by heart now.
    I hope this reaches the right desk.
    I tried your chat first and gave up.
    My daughter types this for me.
    Well done, really.
    Great start to the day.
    It rains here, so I have time to write.
    I never write such mails.
    Five stars for the music on hold.
    Your colleague was very kind, by the way.
    The dog says hello.
    Lovely. Just lovely.
    I have been with you for six years.
    I wrote the same to your sales desk.
    Please excuse my English.
    Your website is pretty but hard to use.
    Ticket 5521 is mine as well.
    I am not angry, only tired.
    The box was nicely packed, I will give you that.
    I told my friends to buy from you.
    We live on the third floor.
    Is anybody reading this?
    My cat does not care, but I do.
""")
SHOUTS = ("PLEASE READ THIS.", "HELLO?", "ATTENTION!", "ANYBODY THERE?")
"""Loud, and without any bearing on how urgent the matter is."""


def dress(rng: random.Random, body: str) -> str:
    """Wrap a body in greeting, small talk and sign-off, then type it the way people do."""
    parts = [body]
    if rng.random() < 0.16:
        parts.insert(rng.choice((0, 1)), rng.choice(SMALL_TALK))
    if rng.random() < 0.03:
        parts.insert(0, rng.choice(SHOUTS))
    if rng.random() < 0.42:
        parts.insert(0, rng.choice(OPENERS))
    if rng.random() < 0.40:
        closer = rng.choice(CLOSERS)
        if not closer.endswith((".", "!", "phone")) and rng.random() < 0.7:
            closer = f"{closer}, {rng.choice(NAMES)}"
        parts.append(closer)
    elif rng.random() < 0.15:
        parts.append(rng.choice(NAMES))
    text = " ".join(parts)
    draw = rng.random()
    if draw < 0.10:
        text = text.lower()
        if rng.random() < 0.5:
            text = text.replace(",", "").replace("'", "").rstrip(".!")
    elif draw < 0.13:
        text = text.replace(". ", "! ", 1)
    elif draw < 0.16:
        text = text.replace("please", "pls").replace("Please", "Pls")
    return text


HEADLINES = ("It ", "No ")


def may_follow_but(body: str) -> bool:
    """Whether a body can go on after "..., but": full clauses only, no headline style."""
    return not body.startswith(HEADLINES)


def continue_sentence(body: str, names: set[str]) -> str:
    """Lower the first letter of a body that goes on within a sentence, unless it is "I" or a product's name."""
    first = body.split()[0].rstrip(",.:;")
    if first in ("I", "I'd", "I'm", "I've") or first in names or first in ("Wrenholt",):
        return body
    return body[:1].lower() + body[1:]
