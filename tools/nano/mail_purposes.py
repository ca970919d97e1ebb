"""What a message is for: thirteen purposes, each with its label names, its meaning, and its train and held wordings.

The held wordings stand here; the train wordings are many and fill two modules of their own.

Not here: what else stands in a message (mail_words.py), and how it is put together (skills_mail.py).
"""

from __future__ import annotations

from typing import NamedTuple

from tools.nano.mail_purpose_bare import BARE
from tools.nano.mail_purpose_items import WITH_ITEM
from tools.nano.wordings import Wordings, lines


class Purpose(NamedTuple):
    """What a message is for: its label names, what it means, what it may be about, how people say it."""

    labels: Wordings
    meaning: str
    about: Wordings  # of "goods", "service", "none" (no item at all)
    train: Wordings
    held: Wordings
    bare: tuple[Wordings, Wordings] = ((), ())
    """Wordings without an item (train, held)."""


PURPOSES: dict[str, Purpose] = {
    "question": Purpose(
        ("question", "ask", "information", "enquiry", "general question", "wants to know"),
        "wants to know something",
        ("goods", "service"),
        WITH_ITEM["question"],
        lines("""
            Could someone tell me how long {the} takes?
            I wonder what {the} costs for two. Do you know?
            Before I come: where exactly is {the}?
        """),
        (BARE["question"], ()),
    ),
    "use": Purpose(
        ("use", "help", "instructions", "guide", "how to use", "user guide", "manual"),
        "asks how to do something with it",
        ("goods",),
        WITH_ITEM["use"],
        lines("""
            Nobody here can tell me how one starts {the}. Can you?
            In what order do I put together {my}?
            Please teach me the way to set {my}.
        """),
        (BARE["use"], ()),
    ),
    "fault": Purpose(
        ("fault", "broken", "repair", "defect", "malfunction", "not working", "out of order"),
        "something does not work",
        ("goods", "service"),
        WITH_ITEM["fault"],
        lines("""
            It seems that {the} is damaged and will not work.
            On {d} {the} simply stopped, and it is still stuck.
            Somebody should repair {my}, for it {s}.
        """),
        (BARE["fault"], ()),
    ),
    "delivery": Purpose(
        ("delivery", "shipping", "parcel", "shipment", "tracking", "where is it"),
        "asks where something is or when it comes",
        ("goods",),
        WITH_ITEM["delivery"],
        lines("""
            For {k} days I have looked out for {my}. Is it still coming?
            The driver came by, but without {the}. When will he bring it?
            Please find out on which way {my} is.
        """),
        (BARE["delivery"], ()),
    ),
    "cancel": Purpose(
        ("cancel", "stop order", "call off", "cancellation", "cancel order", "annul"),
        "wants to call something off",
        ("goods", "service"),
        WITH_ITEM["cancel"],
        lines("""
            Sadly we have no use for {the} now; please cancel it.
            As {n} is ill I no longer need {the} on {d}.
            Take {the} off our list, we have changed our plans.
        """),
        (BARE["cancel"], ()),
    ),
    "refund": Purpose(
        ("refund", "money back", "pay back", "reimbursement", "repayment", "get money back"),
        "wants money back for something",
        ("goods", "service"),
        WITH_ITEM["refund"],
        lines("""
            Please send back the {k} that I paid for {the}.
            As {the} went back to you on {d}, I ask for my money.
            The {k} for {the} should come back to me, since I returned it.
        """),
        (BARE["refund"], ()),
    ),
    "swap": Purpose(
        ("swap", "exchange", "new one", "replace", "replacement", "another one", "swapping"),
        "wants another one in its place",
        ("goods",),
        WITH_ITEM["swap"],
        lines("""
            Mine {s}, so another {i} in its place would be kind.
            As {the} came with a crack, I ask you for a whole one.
            Let me have a working {i} for the one that {s}.
        """),
        (BARE["swap"], ()),
    ),
    "bill": Purpose(
        ("bill", "payment", "invoice", "billing", "billing question", "charges", "paying"),
        "is about a bill, a price or a way to pay",
        ("goods", "service"),
        WITH_ITEM["bill"],
        lines("""
            My card was charged two times because of {the}.
            There is a mistake on the bill, {the} was {k} too much.
            For {the} I would rather pay by card. Is that possible?
        """),
        (BARE["bill"], ()),
    ),
    "account": Purpose(
        ("account", "login", "profile", "member data", "user account", "sign-in", "account data", "member account"),
        "is about a login, a name or an address on file",
        ("none",),
        (),
        (),
        (
            BARE["account"],
            lines("""
                My login is refused, though the password is right.
                Since {d} I can no longer get into my account.
                Please write {n} in your list where my old name is.
                All you know about me should be deleted.
                Would you correct the address you have of me?
            """),
        ),
    ),
    "booking": Purpose(
        ("booking", "reservation", "book", "reserve", "book a place", "make a booking"),
        "wants to book or reserve",
        ("service",),
        WITH_ITEM["booking"],
        lines("""
            It would be nice to have {the} reserved for {n} on {d}.
            May we book {the}? There are {k} of us.
            Sign me up for {the}, please, I come on {d}.
        """),
    ),
    "change": Purpose(
        ("change", "move", "new date", "reschedule", "another time", "other day"),
        "wants another time or place",
        ("service",),
        WITH_ITEM["change"],
        lines("""
            Would {d} be possible for {the} as well, not the old day?
            We come later than planned; please move {the} to {d}.
        """),
    ),
    "praise": Purpose(
        ("praise", "thanks", "compliment", "thank you", "kind words", "appreciation", "positive feedback"),
        "says something kind",
        ("goods", "service"),
        WITH_ITEM["praise"],
        lines("""
            A big thank you, {n} still talks about {the}, so lovely.
            You did so well with {the}, we enjoyed it.
            How wonderful {the} is, thanks to all of you!
        """),
    ),
    "lost": Purpose(
        ("lost", "lost property", "left behind", "missing belongings", "lost item", "forgotten thing"),
        "has lost something there",
        ("service",),
        WITH_ITEM["lost"],
        lines("""
            At {the} I must have left behind my {t}.
            Has a {t} been found at {the}? {n} lost it.
        """),
    ),
}
