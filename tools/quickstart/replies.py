"""What the desk answers: one short sentence that fits the intent, the level and the product.

{it} is "your Pilo", or the words in `WITHOUT_PRODUCT` where the message names no device.
"""

from __future__ import annotations

from tools.quickstart.company import lines

WITHOUT_PRODUCT = {
    "delivery": "your parcel",
    "cancel": "your order",
    "refund": "your return",
    "replacement": "the damaged item",
    "how_to": "the app",
    "fault": "the app",
    "billing": "your account",
    "account": "your account",
}

REPLIES = {
    ("delivery", "high"): lines("""
        I am calling the courier now to find {it}.
        We are tracing {it} right away and will ring you.
    """),
    ("delivery", "normal"): lines("""
        I am checking with the courier where {it} is.
        I will trace {it} and write to you today.
    """),
    ("delivery", "low"): lines("""
        I will look up where {it} is and let you know this week.
        Thank you for your patience, we will trace {it}.
    """),
    ("cancel", "high"): lines("""
        I am stopping {it} now, before it leaves us.
        I have put {it} on hold at once and will confirm the cancellation.
    """),
    ("cancel", "normal"): lines("""
        I have cancelled {it} and you will get a note by mail.
        I am taking {it} out of the queue and will confirm it.
    """),
    ("cancel", "low"): lines("""
        I will cancel {it} and confirm it in the next few days.
        Nothing will be sent, {it} is marked as cancelled.
    """),
    ("refund", "high"): lines("""
        I am sending the refund for {it} on its way today.
        I have moved the refund for {it} to the top of the list.
    """),
    ("refund", "normal"): lines("""
        I have started the refund for {it}.
        You will get the money for {it} within five days.
    """),
    ("refund", "low"): lines("""
        I will arrange the refund for {it} and write to you.
        The refund for {it} is noted and will follow.
    """),
    ("replacement", "high"): lines("""
        A new one for {it} leaves us today by express.
        I am sending a replacement for {it} at once.
    """),
    ("replacement", "normal"): lines("""
        I am sorry, a replacement for {it} is on its way.
        I have ordered a replacement for {it}.
    """),
    ("replacement", "low"): lines("""
        We will send a replacement for {it} with the next post.
        I have noted the exchange of {it} and will confirm it.
    """),
    ("how_to", "high"): lines("""
        I am sending you the steps for {it} right now.
        A colleague will ring you now and go through {it} with you.
    """),
    ("how_to", "normal"): lines("""
        I am sending you the steps for {it}.
        Here is the guide to {it}, page by page.
    """),
    ("how_to", "low"): lines("""
        I will send you a short guide to {it} this week.
        The steps for {it} will follow by mail.
    """),
    ("fault", "high"): lines("""
        A technician will call you about {it} within the hour.
        We are looking at {it} now and will ring you.
    """),
    ("fault", "normal"): lines("""
        I am sorry, let us find out what is wrong with {it}.
        Please send us the log of {it} and we will check it.
    """),
    ("fault", "low"): lines("""
        We will look into {it} and write to you this week.
        Thank you for telling us, we will check {it}.
    """),
    ("billing", "high"): lines("""
        I am checking the payment for {it} right now.
        Accounts will call you today about the bill for {it}.
    """),
    ("billing", "normal"): lines("""
        I am checking the bill for {it}.
        Accounts will look at the payment for {it} and write to you.
    """),
    ("billing", "low"): lines("""
        We will go through the bill for {it} this week.
        Accounts will answer about {it} in the next few days.
    """),
    ("account", "high"): lines("""
        We are securing {it} right now and will call you.
        I am dealing with {it} at once, please stay near your phone.
    """),
    ("account", "normal"): lines("""
        I am checking the settings of {it}.
        I will put {it} right and confirm it by mail.
    """),
    ("account", "low"): lines("""
        We will set {it} right this week.
        I have noted the change to {it} and will confirm it.
    """),
}

DANGER = {
    "Pilo": "Please unplug your Pilo and leave it alone, we are calling you now.",
    "Corvo": "Please switch off your Corvo and stay away from it, we are calling you now.",
    "Tamsi": "Please turn off the boiler by hand, a technician for your Tamsi is calling you now.",
    "Odri": "Please unplug your Odri and leave it alone, we are calling you now.",
    "Veska": "Please switch off your Veska and its dock, we are calling you now.",
    "Lirra": "Stay where you are, we are calling you now to open your Lirra.",
    "Brumo": "Please unplug your Brumo and open a window, we are calling you now.",
}
"""The answer where a device is dangerous, whatever else was asked."""
