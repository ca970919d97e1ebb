"""What customers ask for: complete requests per intent, with and without a product, before anything is wrapped round.

Slots: {my} "my Pilo" or "our Pilo", {the} "the Pilo", {a} "a Pilo" or "an Odri", {X} the bare name, {sym} a symptom
after "it", {dfc} a defect after "it", {task} after "to", {past} a moment gone by, {day} a day gone by, {since} after
"since", {ago} "two weeks ago", {ref} an order number, {sum} an amount, {fee} a small one. A line in a `*_PLAIN` list
names no device at all, so its product is "none".

How pressing a message is must never follow from a line here; that is the business of urgency.py.
"""

from __future__ import annotations

from tools.quickstart.company import lines

DELIVERY = lines("""
    Where is {the} I ordered {ago}?
    I ordered {a} {ago} and it still has not come.
    Has {the} from order {ref} been sent yet?
    The tracking page for {my} has not moved since {since}.
    Can you tell me when {my} will get here?
    The courier says {the} was handed over {past}, but nobody here has seen it.
""")
DELIVERY_PLAIN = lines("""
    Where is my order {ref}?
    My parcel was due {past} and never came.
    The tracking link in your mail leads nowhere.
""")

CANCEL = lines("""
    Please cancel {the} I ordered {past}.
    I ordered {a} by mistake. Please stop it before it is sent.
    I no longer need {the} in order {ref}; please take it off.
    Can I still call off {my}? It has not been sent.
    I clicked twice and now two of them are coming. Please drop the second {X}.
    Kindly stop the order for {the}, number {ref}.
""")
CANCEL_PLAIN = lines("""
    Please cancel order {ref}.
    I placed an order {past} that I don't want any more. Please stop it.
    Order {ref} was a mistake, please don't send it.
""")

REFUND = lines("""
    I'd like my money back for {the}; it {sym}.
    {My} {sym}. I have sent it back and would like the {sum} returned.
    {My} {dfc}. Please refund me.
    I returned {the} {ago} and have not seen my money.
    How do I send {the} back and get the {sum} I paid?
    {The} is not for us. Can we return it for a refund?
""")
REFUND_PLAIN = lines("""
    I sent back order {ref} {ago} and still wait for my refund.
    How do I return my order and get my {sum} back?
    I'd like a refund for order {ref}.
""")

REPLACEMENT = lines("""
    {My} {dfc}. Please send me another one.
    {The} you sent {dfc}; can it be swapped?
    I'd like to exchange {my}, it {sym}.
    {My} {sym}. It is under warranty, so please send a new one.
    Could I get a replacement for {my}? It {dfc}.
    You sent the wrong colour of {the}. Please exchange it.
""")
REPLACEMENT_PLAIN = lines("""
    One thing in order {ref} came broken. Please send it again.
    Order {ref} arrived crushed. I would like all of it sent anew.
    You sent me somebody else's parcel. Please swap it for mine.
""")

HOW_TO = lines("""
    How do I {task} on {my}?
    Is there a way to {task} on {the}?
    I can't find out how to {task} on {my}.
    Could you explain how to {task} with {the}?
    Which button do I press to {task} on {my}?
    What is the trick to {task} on {the}?
""")
HOW_TO_PLAIN = lines("""
    How do I switch the app to another language?
    Where in the app can I turn off the notifications?
    How can I see all my rooms on one page of the app?
""")

FAULT = lines("""
    {My} {sym}.
    {My} {sym}. Any idea what is wrong?
    Since {since}, {my} {sym}.
    Can you help me? {My} {sym}.
    I bought {my} {ago} and now it {sym}.
    What can I do when {the} {sym}?
""")
FAULT_PLAIN = lines("""
    The app crashes as soon as I open it.
    Your website shows an empty page when I click on support.
    The app says "no connection" although my wifi is fine.
""")

BILLING = lines("""
    I was charged twice for {the}.
    The invoice for {my} shows the wrong amount.
    Please send me the invoice for {the} in order {ref}.
    Why do I pay {fee} a month for the {X} plan?
""")
BILLING_PLAIN = lines("""
    There is a payment of {fee} on my card that I don't recognise.
    I was billed twice for order {ref}.
    Please send the invoice for order {ref} to my office.
""")

ACCOUNT = lines("""
    I'd like to move {my} from my account to my wife's.
    {My} is still tied to the last owner's account. Please free it.
    I sold {my}. Please take it off my account.
""")
ACCOUNT_PLAIN = lines("""
    I can't log in. The page says that my password is wrong.
    I have forgotten my password and the reset mail never comes.
    Please change the mail address of my account.
    How do I delete my account?
""")

WITH_PRODUCT = {
    "delivery": DELIVERY,
    "cancel": CANCEL,
    "refund": REFUND,
    "replacement": REPLACEMENT,
    "how_to": HOW_TO,
    "fault": FAULT,
    "billing": BILLING,
    "account": ACCOUNT,
}
WITHOUT_PRODUCT = {
    "delivery": DELIVERY_PLAIN,
    "cancel": CANCEL_PLAIN,
    "refund": REFUND_PLAIN,
    "replacement": REPLACEMENT_PLAIN,
    "how_to": HOW_TO_PLAIN,
    "fault": FAULT_PLAIN,
    "billing": BILLING_PLAIN,
    "account": ACCOUNT_PLAIN,
}

PAST = lines("""
    last night
    this morning
    yesterday
    last Tuesday
    on Monday
    an hour ago
    two days ago
    last week
    last month
    three weeks ago
    in the spring
""")
SINCE = lines("""
    last night
    this morning
    yesterday
    Tuesday
    the weekend
    last week
    last month
    the spring
    the update
    noon
""")
AGO = lines("""
    two days ago
    four days ago
    last week
    ten days ago
    two weeks ago
    three weeks ago
    a month ago
    six weeks ago
    last month
""")
DAY = ("yesterday", "last Tuesday", "on Monday", "two days ago")
SUM = (59, 79, 89, 119, 140, 165, 189, 240)
FEE = (3, 4, 6, 8, 12, 19)
