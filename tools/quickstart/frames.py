"""What makes a message need reading: a second product that is not meant, and a wish that is named only to be refused.

In slots, A is the product that the message is about and B the other one. Lines with A carry the whole request;
`BEFORE` and `AFTER` go round a request from cores.py and speak only of B.
"""

from __future__ import annotations

from tools.quickstart.company import lines

# Ends in "but" or "however,": the request follows in the same sentence.
BEFORE_BUT = lines("""
    {MyB} is fine, but
    {MyB} works well, but
    No trouble with {myB}, but
""")
BEFORE = lines("""
    This is not about {myB}.
    I have {aB} too, and that one is fine.
    I wrote to you about {myB} {past}; that is settled.
""")
AFTER = lines("""
    {MyB} is fine, by the way.
    ({MyB} is fine.)
    {MyB} works as it should.
""")
# Only where A is named in the request.
CORRECTION_BEFORE = lines("""
    In my last mail I wrote {B}; I meant {A}.
    I told your chat that it was {theB}. It is {theA}.
""")
CORRECTION_AFTER = lines("""
    Sorry, I put {B} in the subject line; I mean {theA}.
    And yes, I do mean {theA}, not {theB}.
""")

# Both products inside one request.
BOTH = {
    "delivery": lines("""
        {TheB} from order {ref} came {past}, {theA} didn't.
        I got {theB} but not {theA}. When will it come?
        Both were posted {ago}; only {theB} arrived. Where is {theA}?
    """),
    "cancel": lines("""
        Please take {theA} off my order and leave {theB} on it.
        Keep {theB} in order {ref}, but cancel {theA}.
        I want {theB} but not {theA}; please cancel that one.
    """),
    "refund": lines("""
        I'm keeping {theB}. {TheA} goes back; please refund it.
        Please refund {theA} only, {theB} stays with us.
        I returned {theB} and {theA}. The money for {theB} has come, that for {theA} hasn't.
    """),
    "replacement": lines("""
        {TheB} in the same box was whole, but {theA} {dfc}. Please send another.
        Please swap {theA}, it {dfc}; {theB} can stay as it is.
        {TheA} {dfc} and I'd like a new one. {TheB} from the same order is perfect.
    """),
    "how_to": lines("""
        I managed to {taskB} on {theB}. How do I {task} on {theA}?
        On {myB} I know how to {taskB}, but how do I {task} on {myA}?
        How do I {task} on {theA}? On {theB} I found my way at once.
    """),
    "fault": lines("""
        It's not {theB} that {sym}, it's {theA}.
        It's {theA} that {sym}, not {theB}.
        I thought {theB} was to blame, but it is {theA} that {sym}.
    """),
    "billing": lines("""
        The bill for {theB} is right, the one for {theA} isn't.
        The charge for {theB} is fine; the one for {theA} is too high.
        Please send the invoice for {theA}. I have the one for {theB}.
    """),
    "account": lines("""
        {MyB} is in my account, {myA} is still in my brother's. Please move it.
        Please take {theA} off my account; {theB} stays.
        I could register {theB} in my name, but {theA} is refused.
    """),
}

# Things named only to say that the message is not about them.
NOT_ABOUT = {
    "delivery": lines("""
        The parcel came on time.
        This is not about the delivery.
        I know when it was sent, that is not the point.
    """),
    "cancel": lines("""
        I don't want to cancel anything.
        Please don't cancel my order.
        This is not a cancellation.
    """),
    "refund": lines("""
        I don't want my money back.
        This is not about a refund.
        I am not returning anything.
    """),
    "replacement": lines("""
        I don't need a new one.
        No exchange is needed.
        Please don't send another one.
    """),
    "how_to": lines("""
        I know how to use it.
        I have read the manual.
        Please don't explain the buttons to me again.
    """),
    "fault": lines("""
        Nothing is broken.
        This is not about a fault.
        It does not need a repair.
    """),
    "billing": lines("""
        My payments are in order.
        This is not about an invoice.
        Nobody has overcharged me.
    """),
    "account": lines("""
        I can log in all right.
        My password works.
        This is not about my login.
    """),
}
MAY_DENY = {
    "delivery": ("cancel", "refund", "billing", "account"),
    "cancel": ("billing", "account", "how_to"),
    "refund": ("replacement", "how_to", "account"),
    "replacement": ("refund", "how_to", "billing"),
    "how_to": ("fault", "refund", "replacement", "delivery", "account"),
    "fault": ("refund", "replacement", "how_to", "billing"),
    "billing": ("account", "fault", "delivery", "replacement"),
    "account": ("billing", "fault", "delivery", "refund"),
}

# "I want x, not y": the same words ask for either, only their places differ.
WISHES = {
    "refund": ("my money back", "a refund", "the {sum} back", "to be paid back"),
    "replacement": ("a new one", "a replacement", "another one", "an exchange"),
    "fault": ("help with mending it", "a repair", "tips to get it working"),
}
WISH_SITUATIONS = lines("""
    {My} {sym}.
    {The} I bought {ago} {sym}.
""")
WISH_SITUATIONS_DEFECT = lines("""
    {My} {dfc}.
    {The} in order {ref} {dfc}.
""")
WISH_FRAMES = lines("""
    I don't want {y}, I want {x}.
    I'd like {x}, not {y}.
    {Y}? No, {x}, please.
""")
WISH_FRAMES_TO = {  # x or y is "to be paid back": only these read well
    "x": lines("""
        I don't want {y}, I want {x}.
        I'd like {x}, not {y}.
    """),
    "y": lines("""
        I don't want {y}, I want {x}.
        I first wanted {y}. Now I would prefer {x}.
    """),
}

# Not here yet: find it or call it off.
PENDING_WISHES = {
    "delivery": ("tell me where it is", "find it", "tell me when it will come", "look up the tracking"),
    "cancel": ("cancel it", "call it off", "stop the order", "take back my order"),
}
PENDING_SITUATIONS = lines("""
    I ordered {a} {ago} and it has not come.
    {The} in order {ref} is still not here.
""")
PENDING_FRAMES = lines("""
    Don't {y}, just {x}.
    Please {x}; I don't want you to {y}.
    No need to {y}, please {x}.
""")

# It can be used, or it can be broken: the same two halves in both orders.
USE_OR_FAULT = {
    "how_to": lines("""
        {My} is not broken, I just don't know how to {task}.
        {My} works as it should; what I need to know is how to {task}.
        No technician for {my}, please: I only want to learn how to {task}.
    """),
    "fault": lines("""
        I know how to {task} on {my}, thank you. The trouble is that it {sym}.
        I don't need the manual of {the}: it {sym}.
        This is no question about how to {task}. {My} {sym}.
    """),
}
