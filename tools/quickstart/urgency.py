"""How pressing it is: clauses for each level, plain ones and ones that turn round at the end.

The rule, as a reader applies it: what the writer needs in the end decides. Danger, being shut out, or a date today or
tomorrow is high; a date within about a week, or nothing at all, is normal; "no rush", or a date more than two weeks
away, is low. Words such as "urgent" count only when they are meant: refused, taken back or quoted, they do not.
Dates in the past, capitals and anger change nothing.

Slots: {event} a clause of the present, {near} {mid} {far} dates, {past} a moment gone by.
"""

from __future__ import annotations

from tools.quickstart.company import lines

NEAR = lines("""
    tonight
    this evening
    in two hours
    in an hour
    tomorrow
    tomorrow morning
    at six today
    this afternoon
    first thing tomorrow
""")
MID = lines("""
    on Friday
    at the weekend
    next week
    in five days
    in a week
    later this week
    in four or five days
""")
FAR = lines("""
    next month
    in six weeks
    in the spring
    in two months
    at the end of the year
    after the summer
    in October
    in three months
    next year
""")

HOURS = ("in two hours", "in an hour", "at six today")
PAST_DAYS = ("yesterday", "last week", "last night", "on Monday", "three days ago", "this morning", "last month")
NEAR_BY = ("tonight", "this evening", "six today", "tomorrow morning", "noon tomorrow")
MID_BY = ("Friday", "the weekend", "the end of the week", "next week")
FAR_BY = ("next month", "the spring", "the summer", "October", "next year", "the end of the year")

HOUSE_EVENTS = lines("""
    my parents arrive
    we have guests
    I leave for a work trip
    we hand over the flat
    it is my son's birthday
    my night shifts begin
    the new tenants move in
    we have an open house
    my mother comes home from hospital
    I set off on holiday
    the family comes to stay
    we move into the new house
    I have the whole choir here
    a friend flies in
""")
EVENTS = {
    "house": HOUSE_EVENTS,
    "money": lines("""
        my rent is due
        my card runs out
        I have to close the books
        the tax form is due
        I close this bank account
        my bank wants an answer
        the auditor comes
        I fly home for good
        my insurance needs the papers
        my claim has to be in
    """),
    "order": lines("""
        I move out of this flat
        I leave the country
        it is due to be packed
        the courier picks it up
        I go into hospital
        we give up the office
        the house will be empty
        my card is charged
        I hand in the keys
    """),
    "account": lines("""
        I change phones
        I give this phone away
        my old mail address closes
        we hand over the flat
        I fly out
        the new tenants move in
        I start in another firm
        my number goes back to the company
        the new owner comes
    """),
}
NOT_WITHIN_HOURS = ("birthday", "runs out", "new house", "another firm", "bank account", "night shifts", "the books")
"""Events that nobody dates to the hour."""
NOT_FAR_AWAY = ("due to be packed", "courier picks it up", "from hospital", "card is charged", "wants an answer")
"""Events that nobody knows months ahead."""
EVENTS_FOR = {
    "delivery": ("house", "order"),
    "cancel": ("order",),
    "refund": ("money",),
    "replacement": ("house",),
    "how_to": ("house",),
    "fault": ("house",),
    "billing": ("money",),
    "account": ("account",),
}
NOT_FOR = {"delivery": ("it is due to be packed", "the courier picks it up", "my card is charged")}
"""Events that make no sense for a parcel that has already left."""

PLAIN = {
    "high": lines("""
        {Event} {near}.
        {Event} {near}, so please hurry.
        {Event} {near} and it must be settled by then.
        It has to be sorted out before {event} {near}.
        Please answer at once, {event} {near}.
    """),
    "normal": lines("""
        {Event} {mid}.
        {Event} {mid}, so an answer before that would be good.
        By {mid_by} would be good.
        It would be nice to have this settled before {event} {mid}.
    """),
    "low": lines("""
        {Event} {far}, so take your time.
        There is no rush.
        No hurry at all.
        Whenever it suits you.
        It can wait.
    """),
}
# First half pulls one way, second half decides.
TURNED = {
    "high": lines("""
        I'd normally say there is no rush, but {event} {near}.
        {PastCap} I wrote that it could wait. It can't any more: {event} {near}.
        I am a patient man, but {event} {near}.
        No hurry, I said {past}. Now {event} {near}.
    """),
    "normal": lines("""
        It is not an emergency, but I would like it settled this week.
        No need to hurry, though {event} {mid}.
        {Event} neither tonight nor next month, but {mid}.
    """),
    "low": lines("""
        {Event} {near}, but we can do without it, so no hurry.
        {PastCap} I wrote that this was urgent. It no longer is.
        It sounds urgent, but it can wait.
        Don't drop anything for me, even if {event} {near}.
        Please don't treat this as urgent.
    """),
}
TURNED_ABOUT_USE = ("we can do without it",)
"""Turned clauses that speak of doing without a device: only where a device is wanted for use."""

# For messages whose urgency must not move: sounds grave, changes nothing.
CALM = lines("""
    I smelled burning at first, but it was my toast.
    No smoke, no sparks, nothing hot.
    It is not dangerous in any way.
""")

# Danger that belongs to the intent rather than to a device.
INTENT_DANGERS = {
    "account": lines("""
        Somebody else is in my account right now.
        A stranger is changing my settings as I write this.
        I just got a mail that my password was changed, and it was not me.
    """),
    "billing": lines("""
        New charges keep coming in every few minutes.
        My account is overdrawn and I can't buy food.
    """),
    "cancel": lines("""
        The page says that it will be packed within the hour.
        The van is being loaded right now, says the page.
    """),
    "delivery": lines("""
        The driver is in our street right now and can't find the door.
        The driver just rang: he goes back to the depot in five minutes.
    """),
}
