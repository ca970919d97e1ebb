"""More train-side wordings of the documents' beats.

Promise: a beat's wordings fit its place in the document and use the slots that `documents.document` fills.

Not here: the first wordings, the held ones, and how a document is put together.
"""

from __future__ import annotations

from tools.nano.wordings import lines

Wordings = tuple[str, ...]

STORY: tuple[Wordings, ...] = (
    lines("""
        [Many years ago|In the old days] {n} [kept|owned] a {x} in {p}.
        {n} was a {j} who loved {f}.
        {n} and a {x} shared a [small|little] house near {p}.
        When {n} was young, {p} was a {a} place.
        Every {d} {n} walked from {p} to {q}.
        {m} had a friend, {n}, who lived in {p}.
        {n} came to {p} to work as {one_j}.
        It was a {a} {d} in {p}.
        [Here is|This is] the story of {n}, a {j} with a {a} {t}.
        {n} was given a {t} by {m}.
        Everyone in {p} knew {n} and the {t}.
        The {j} of {p} was [called|named] {n}.
        Late one {d} {n} sat in {p} with a {t}.
        {n} grew up in {p} with {ax}.
    """),
    lines("""
        Then a {x} came and took the {t}.
        On {d} something strange happened: the {t} [spoke|moved|shone].
        {n} forgot the {t} at the station of {q}.
        A letter came from {m} in {q}.
        {n} wished for a {u}, but it cost {k} coins.
        {m} wanted to borrow the {t}.
        A {a} {x} stood at the door.
        The wind blew the {t} into the river.
        {n} lost the way to {q}.
        Somebody had eaten all the {f}.
        {n} found a note under the {t}.
        The {x} would not eat {f} any more.
        One night there was a knock at the door.
        {m} fell ill, and {n} was worried.
        A stranger offered {k} coins for the {t}.
        The {x} hid behind the {u}.
    """),
    lines("""
        {n} asked {one_j} for help.
        "I saw it in {q}," said {m}.
        {n} waited until {d}.
        They went from house to house and asked.
        "What shall we do?" said {n}. "Let us eat first," said {m}.
        {m} climbed on the {u} and looked around.
        The {x} led them to {q}.
        {n} shouted, but nobody came.
        "Follow the {x}," whispered {m}.
        {n} thought about it for {k} days.
        With a {u} in the hand {n} went outside.
        {n} sold the {u} and went to {q}.
        All of {p} came to help.
        {m} had an idea and fetched the {u}.
        "It was not me," said {m}.
        They took the train to {q}.
    """),
    lines("""
        Behind the {u} stood the {x} with the {t}.
        {m} came back and [laughed|cried].
        The {t} had been in {q} since {d}.
        A child had [found|hidden] the {t}.
        {n} opened the {u}, and there it was.
        "Here you are," said {m} and gave {n} the {t}.
        They followed the tracks of the {x} and found everything.
        The {j} knew the answer.
        {n} and {m} shared the last {f}.
        In the end the {t} was not lost at all.
        {m} paid {k} coins and got it back.
        The {x} had [slept|sat] on it.
    """),
    lines("""
        {n} told the story to {m} many times.
        They [sang|danced|ate {f}] until late.
        After that the {x} never left {n}.
        {n} went back to {p}, happy and tired.
        Nobody in {p} has seen the like again.
        And if you go to {p}, you can still see the {t}.
        {m} stayed in {p} [for good|for {k} years].
        The {t} hangs on the wall to this day.
        "Never again," said {n}.
        So it ended well for {n}, {m} and the {x}.
        Next {d} they will meet again.
        Since that {d} they have shared everything.
    """),
)
LETTER: tuple[Wordings, ...] = (
    lines("""
        Hi {n},
        Good morning {n},
        [Dearest|Dear old] {n},
        To {n} in {p}:
        Hello {n} and {m},
        My good friend {n},
        Dear family,
        Dear neighbour {n},
    """),
    lines("""
        I was so glad to get your [letter|parcel|card].
        At last I find time to write.
        It has been a long time since we met in {p}.
        {m} told me that you have a new {t}.
        Greetings from {p}!
        Have you heard the news from {q}?
        We arrived in {p} on {d}.
        The {t} you sent is [lovely|just right].
        Sorry for not writing earlier.
        How is your {x}?
    """),
    lines("""
        The children have found a {x} and call it {m}.
        On {d} it rained and we played chess.
        {m} is {one_j} in {q} and earns well.
        I have learned to cook {f} with {g}.
        We painted the house {c}.
        Next to us lives a {a} {j}.
        I spend my evenings with {y}.
        The way to {q} takes {h} hours.
        I lost my {u} but found it again.
        Our {x} ate the {f} of our guests.
        We have {k} guests in the house.
        In {q} I saw a {c} {u}.
    """),
    lines("""
        Write back soon and tell me about {p}.
        Can you lend me your {u} until {d}?
        Shall we meet in {q} on {d}?
        When do you have time for a visit?
        Give my love to {m}.
        I send you some {f} with this letter.
        Take care of yourself and of the {x}.
        Do not work too much.
        Let me know if you need the {u}.
        What do you think of it?
    """),
    lines("""
        See you soon, {o}
        Many greetings, {o}
        Yours [always|ever|truly], {o}
        With love from {o}
        All the best, {o}
        Until {d}, {o}
        Take care, {o}
        {o} and the {x}
    """),
)
NOTICE: tuple[Wordings, ...] = (
    lines("""
        Stolen: a {c} {t}.
        To let: a room in {p}, {k} coins a week.
        Free to a good home: a {a} {x}.
        Missing since {d}: our {x}.
        Bought and sold: every kind of {t}.
        [Dance|Fair|Reading|Auction] at {q} on {d}.
        The {p} library is closed on {d}.
        Lessons in {y}, beginners welcome.
        Help wanted: we need a {j}.
        New in {p}: {f} and {g} every {d}.
        Beware of the {x}!
        Club for {y}, {p}.
    """),
    lines("""
        The finder gets {k} coins.
        It has a {c} mark and is {a}.
        We meet every {d} at {h} o'clock.
        Tickets cost {k} coins.
        Bring a friend and pay half.
        The price is {k} coins, or a {u}.
        Who has seen it? It was last near {q}.
        You must be able to handle a {u}.
        There are only {k} seats.
        The doors close at {h}.
        Please leave your {x} at home.
        It is {k} years old but still good.
        Rain or shine, we start at {h}.
        It answers to the name of {m}.
    """),
    lines("""
        Come to {q} and ask for {n}.
        Write to {n}, {p}.
        Call number {z}.
        Signed, {n}.
        First come, first served.
        Please leave a note at the door.
        Ring the bell of {n}.
        We look forward to seeing you.
        Room {z}, second floor.
        No calls after {h}.
    """),
)
DESCRIPTION: tuple[Wordings, ...] = (
    lines("""
        {p} lies on a river between {q} and the sea.
        The {a} {t} is one of the oldest in {p}.
        A {j} is a person who works with a {t}.
        The {x} of {n} is {a} and {b}.
        The museum of {p} has {k} rooms.
        You can buy {f} at every market.
        {n} was the first {j} of {p}.
        The hotel in {p} is {a} and {b}.
        A {x} needs a {a} place to sleep.
        The shop of {n} sells every kind of {t}.
    """),
    lines("""
        It was built {k} years ago.
        It weighs about {k} kilograms.
        Its colour is {c}, sometimes {a} and pale.
        In front of it stands a {c} {u}.
        Visitors pay {k} coins.
        It is used by {one_j} or at home.
        The roof is {c} and the door is {a}.
        It sleeps by day and eats {f} at night.
        Trains from {q} stop there on {d}.
        It is open every day but {d}.
        There is a {u} in each room.
        {f_cap} and {g} grow all around.
    """),
    lines("""
        It is known far beyond {q}.
        Nobody knows who made the first one.
        {n} has {h} of them.
        You should see it once in your life.
        On {d} there is no better place.
        Children [like|love] it.
        A picture of it hangs in {q}.
        It will be sold next year.
        The people of {q} have nothing like it.
    """),
)
DIARY: tuple[Wordings, ...] = (
    lines("""
        {d}, at home. Slept [badly|well].
        {d}. Rain again.
        Today, {d}, was the birthday of {n}.
        What a {d}!
        {d}. First day in {p}.
        {d}. Woke up at {h} and could not find my {t}.
        It is {d} and I am in {p}.
        A {a} {d}, nothing much to do.
    """),
    lines("""
        {n} came by with some {f}.
        I cleaned the {t} and fed the {x}.
        Worked until noon, then ate {f}.
        I bought {one_t} for {k} coins.
        {n} and I talked about the old days.
        I read {k} pages of my book.
        The {x} ran away, but came back.
        We took the bus to {q}.
        I forgot to call {n}.
        For breakfast there was {f} again.
    """),
    lines("""
        In the evening {m} cooked {f}.
        Later I went for a walk near {q}.
        I tried {y} for the first time.
        {m} won {k} coins at cards.
        After lunch I slept for {h} hours.
        The {u} broke, so I made a new one.
        {m} sent a letter from {q}.
        We sat by the fire and were silent.
        I looked for my {u} everywhere.
    """),
    lines("""
        Must not forget: call {n} on {d}.
        To bed at {h}.
        I am glad that it is over.
        Tomorrow more of this.
        I miss {n}.
        A good day, all in all.
        Still no news from {q}.
        What will {d} bring?
    """),
)
RECIPE: tuple[Wordings, ...] = (
    lines("""
        {f_cap}, for {h} people.
        Quick {f} with {g}.
        {f_cap} as they make it in {p}.
        A winter dish: {f} and {g}.
        My mother's {f}.
        {n} taught me this dish of {f}.
        Warm {f} for cold days.
    """),
    lines("""
        Buy {k} grams of {f} and a little {g}.
        Peel and chop the {f}.
        Put the {f} in water overnight.
        Mix {h} spoons of {g} with water.
        First heat the pan.
        You need {f}, {g}, salt and a {a} pan.
        Cut the {g} into small pieces.
    """),
    lines("""
        Bake it for {k} minutes.
        Fry the {f} until brown.
        Add {h} spoons of {g} and a pinch of salt.
        Let it rest for {k} minutes.
        Turn it over once.
        Cover the pot and keep the heat low.
        Taste it and add more {g} if you like.
        When it boils, put in the {f}.
        Pour everything into a {a} dish.
    """),
    lines("""
        It goes well with {v}.
        Keep the rest in a cool place.
        Put some {v} on top.
        Makes {h} plates.
        Guests love it.
        Best when still warm.
        Without {v} it is only half as good.
    """),
)
