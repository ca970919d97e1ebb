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
    {MyB} does what it should, but
    We are happy with {myB}; however,
    I love {myB}, but
    All is well with {myB}, but
    {MyB} never let us down, but
    I can't complain about {myB}, but
    {TheB} is a joy, but
    You sorted out {myB} nicely, but
    With {myB} I have no trouble, but
    I have nothing to say about {myB}, but
    {MyB} has been good to us, yet
""")
BEFORE = lines("""
    This is not about {myB}.
    I have {aB} too, and that one is fine.
    I wrote to you about {myB} {past}; that is settled.
    {MyB} is sorted now, thank you.
    Thanks for your help with {myB}.
    We also own {aB}.
    {MyB} and I get on well.
    Last time it was {myB}; not today.
    I nearly wrote about {myB} as well, but it works again.
    Forget my question about {myB}, I found the answer.
    You may remember me from the trouble with {myB}. That is over.
    {MyB} came up in my last mail. Leave that aside, please.
    I gave {aB} to my sister and she is delighted.
    {MyB} is the best thing in the house.
""")
AFTER = lines("""
    {MyB} is fine, by the way.
    ({MyB} is fine.)
    {MyB} works as it should.
    It has nothing to do with {myB}.
    Please leave {myB} as it is.
    With {myB} everything is in order.
    {MyB} is fine, it is not that one.
    {MyB} is another matter, and it is settled.
    I have no complaint about {myB}.
    {TheB} I bought with it is all right.
    If only everything were as easy as {myB}!
    {MyB} doesn't need anything.
    You helped me with {myB} {past}, for which I'm grateful.
    PS: {myB} works again, so please close that ticket.
""")
# Only where A is named in the request.
CORRECTION_BEFORE = lines("""
    In my last mail I wrote {B}; I meant {A}.
    I told your chat that it was {theB}. It is {theA}.
    Not {theB} this time, but {theA}.
    {A}, not {B}, please read on:
    You answered me about {theB}, but I had asked about {theA}.
    It is {theA} I am writing about, not {theB}.
""")
CORRECTION_AFTER = lines("""
    Sorry, I put {B} in the subject line; I mean {theA}.
    And yes, I do mean {theA}, not {theB}.
    Please don't mix it up with {theB} as you did last time.
    Not {theB}, mind you: {theA}.
    Your last answer was about {theB}. I mean {theA}.
""")

# Both products inside one request.
BOTH = {
    "delivery": lines("""
        {TheB} from order {ref} came {past}, {theA} didn't.
        I got {theB} but not {theA}. When will it come?
        Both were posted {ago}; only {theB} arrived. Where is {theA}?
        {TheA} is missing from my parcel, {theB} is here. Is it sent apart?
        When may I expect {theA}? {TheB} was here within two days.
        {TheA} I ordered together with {theB} hasn't come, and {theB} has.
        You sent {theB} at once, but I am still waiting for {theA}.
        {TheB} has been on my shelf since {since}. And {theA}? No trace of it.
    """),
    "cancel": lines("""
        Please take {theA} off my order and leave {theB} on it.
        Keep {theB} in order {ref}, but cancel {theA}.
        I want {theB} but not {theA}; please cancel that one.
        Cancel {theA}, send {theB}.
        Do send {theB}. {TheA} should be cancelled.
        I ordered {theA} and {theB} {past}. Please stop the first and send only {theB}.
        Please don't ship {theA}. {TheB} can go out as planned.
        Of the two things I ordered {past} I only want {theB}; call off {theA}.
    """),
    "refund": lines("""
        I'm keeping {theB}. {TheA} goes back; please refund it.
        Please refund {theA} only, {theB} stays with us.
        I returned {theB} and {theA}. The money for {theB} has come, that for {theA} hasn't.
        I sent back {theA} and kept {theB}, so please pay back the {sum}.
        {TheA} {dfc}, {theB} is lovely. My money back for the former, please.
        You refunded {theB}, but it was {theA} that I returned.
        How do I get my money back for {theA}? I would not part with {theB}.
        For {theB} I was paid back at once. For {theA} I still am not.
    """),
    "replacement": lines("""
        {TheB} in the same box was whole, but {theA} {dfc}. Please send another.
        Please swap {theA}, it {dfc}; {theB} can stay as it is.
        {TheA} {dfc} and I'd like a new one. {TheB} from the same order is perfect.
        You exchanged {myB} {ago}. Now I need the same for {myA}: it {sym}.
        I need a new {A}, not a new {B} as your form says. It {dfc}.
        {TheB} was packed like an egg. {TheA} {dfc}, so please send a fresh one.
        Instead of {theB} your team sent me, I need a new {A}; mine {dfc}.
    """),
    "how_to": lines("""
        I managed to {taskB} on {theB}. How do I {task} on {theA}?
        On {myB} I know how to {taskB}, but how do I {task} on {myA}?
        How do I {task} on {theA}? On {theB} I found my way at once.
        The guide for {theB} is clear, the one for {theA} isn't. How do I {task}?
        Can I {task} on {theA} from the same page as {theB}, and how?
        Now that {myB} is set up, I'd like to {task} on {myA}. How?
        You told me how to {taskB} on {theB}. And how do I {task} on {theA}?
        How does {myA} talk to {myB}? I mean, where in the {A} menu do I link them?
    """),
    "fault": lines("""
        It's not {theB} that {sym}, it's {theA}.
        It's {theA} that {sym}, not {theB}.
        I thought {theB} was to blame, but it is {theA} that {sym}.
        {MyB} {symB} last month and you mended it; now {myA} {sym}.
        Ever since {myB} came into the house {myA} {sym}.
        {MyA} {sym}. A friend blames {myB}, but that one is off.
        When I bought {myB}, all was well. Then I bought {theA} and it {sym}.
        Is it {theB} that makes {myA} do this? It {sym}.
        {TheB} in the hall behaves; {theA} in the bedroom {sym}.
        I switched off {theB} and still {theA} {sym}.
    """),
    "billing": lines("""
        The bill for {theB} is right, the one for {theA} isn't.
        The charge for {theB} is fine; the one for {theA} is too high.
        Please send the invoice for {theA}. I have the one for {theB}.
        I know what {theB} cost me. But what are the {sum} for {theA}?
        You charged me for {theA} two times and for {theB} only once, as it should be.
        The {B} plan can go on, but why has the {A} plan gone up?
        My voucher worked for {theB}, not for {theA}. Please correct the bill.
        {TheB} was paid for {ago}. Why is {theA} on the same bill twice?
    """),
    "account": lines("""
        {MyB} is in my account, {myA} is still in my brother's. Please move it.
        Please take {theA} off my account; {theB} stays.
        I could register {theB} in my name, but {theA} is refused.
        I sold {myA} and kept {myB}. Please free the right one from my account.
        My account lists {theB}, but {theA} is not there. Please add it.
        {TheA} should be in my wife's account and {theB} in mine. Only the first is wrong.
    """),
}

# Things named only to say that the message is not about them.
NOT_ABOUT = {
    "delivery": lines("""
        The parcel came on time.
        This is not about the delivery.
        I know when it was sent, that is not the point.
        The courier did his job.
    """),
    "cancel": lines("""
        I don't want to cancel anything.
        Please don't cancel my order.
        This is not a cancellation.
        I am not calling anything off.
    """),
    "refund": lines("""
        I don't want my money back.
        This is not about a refund.
        I am not returning anything.
        Please don't refund me.
    """),
    "replacement": lines("""
        I don't need a new one.
        No exchange is needed.
        Please don't send another one.
        I am not asking for a replacement.
    """),
    "how_to": lines("""
        I know how to use it.
        I have read the manual.
        Please don't explain the buttons to me again.
        I don't need a guide.
    """),
    "fault": lines("""
        Nothing is broken.
        This is not about a fault.
        It does not need a repair.
        My things all work.
    """),
    "billing": lines("""
        My payments are in order.
        This is not about an invoice.
        Nobody has overcharged me.
        The bill is right.
    """),
    "account": lines("""
        I can log in all right.
        My password works.
        This is not about my login.
        My account is in order.
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
    {My} still {sym}.
    Since {since}, {my} {sym}.
    {My} from order {ref} {sym}.
    As you know from my last mail, {my} {sym}.
    My verdict on {the}: it {sym}.
""")
WISH_SITUATIONS_DEFECT = lines("""
    {My} {dfc}.
    {The} in order {ref} {dfc}.
    {The} you sent me {past} {dfc}.
    I unpacked {my}: it {dfc}.
""")
WISH_FRAMES = lines("""
    I don't want {y}, I want {x}.
    I'd like {x}, not {y}.
    {Y}? No, {x}, please.
    You offered me {y}, but I would rather have {x}.
    First I thought of asking for {y}. Now I would prefer {x}.
    I have no use for {y}; please let me have {x}.
    Forget what I said about {y}; I want {x}.
    Please give me {x} instead of {y}.
    Instead of {y}, could I have {x}?
    I asked for {y} {past}, but I have changed my mind and would like {x}.
    My wife says {y}. I say {x}, and it is my name on the order.
    I won't need {y}; what I need is {x}.
    {X}, please. I don't care for {y}.
    It isn't {y} that I am after, it is {x}.
    Your chat promised me {y}. I would like {x}.
""")
WISH_FRAMES_TO = {  # x or y is "to be paid back": only these read well
    "x": lines("""
        I don't want {y}, I want {x}.
        I'd like {x}, not {y}.
        First I thought of asking for {y}. Now I would prefer {x}.
        I asked for {y} {past}, but I have changed my mind and would like {x}.
        Your chat promised me {y}. I would like {x}.
        I have no use for {y}; I want {x}.
    """),
    "y": lines("""
        I don't want {y}, I want {x}.
        I first wanted {y}. Now I would prefer {x}.
        I wanted {y} {past}, but I have changed my mind and would like {x}.
        I don't need {y}; what I need is {x}.
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
    {My} should have been here {past}.
    {The} I ordered {ago} has not left your warehouse.
    I am still waiting for {the} from order {ref}.
""")
PENDING_FRAMES = lines("""
    Don't {y}, just {x}.
    Please {x}; I don't want you to {y}.
    No need to {y}, please {x}.
    I am not asking you to {y}. Please {x}.
    You could {y}, but please {x} instead.
    At first I wanted you to {y}, but now please {x}.
    Rather than {y}, please {x}.
    Last time I asked you to {y}; this time please {x}.
    Would you {x}? You need not {y}.
    My father says you should {y}. I say: {x}, please.
""")

# It can be used, or it can be broken: the same two halves in both orders.
USE_OR_FAULT = {
    "how_to": lines("""
        {My} is not broken, I just don't know how to {task}.
        {My} works as it should; what I need to know is how to {task}.
        No technician for {my}, please: I only want to learn how to {task}.
        I can live with {my} the way it is, even if it {sym}. But how do I {task}?
        It used to be that {my} {sym}; you mended that. Now, how do I {task}?
        It no longer {sym}, thank you. What I ask today is how to {task} on {my}.
        I don't mind that {the} {sym}. Just tell me how to {task}.
        This is no complaint about {my}. How do I {task}?
    """),
    "fault": lines("""
        I know how to {task} on {my}, thank you. The trouble is that it {sym}.
        I don't need the manual of {the}: it {sym}.
        This is no question about how to {task}. {My} {sym}.
        The guide tells me how to {task} on {the}, but not why it {sym}.
        I can {task} on {my} all right. Only, it {sym}.
        You explained how to {task}, but that was not my question: {my} {sym}.
        I asked why {the} {sym}, and you told me how to {task}. Please try again.
        Thank you for showing me how to {task} on {my}. Sadly it {sym}.
    """),
}
