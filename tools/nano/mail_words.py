"""What people write to shops, houses and clubs: wordings by purpose, and symptoms, each with a train and a held half.

All of it is written for nano. No sentence is taken from the quickstart job (`coverage` measures how much of that job
nano has met, and the card says it). Slots: `{i}` the bare item, `{my}` and `{the}` the item with its word in front,
`{n}` a person, `{d}` a day, `{k}` a number, `{t}` a thing, `{p}` a place, `{s}` how an item misbehaves.

Not here: what stands around the purpose (mail_around.py), haste (mail_haste.py), who gets the mail (mail_places.py),
and how a message is put together from all of these (skills_mail.py).
"""

from __future__ import annotations

from typing import NamedTuple

Wordings = tuple[str, ...]


def lines(text: str) -> Wordings:
    """The non-empty lines of a block, stripped."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


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
        ("question", "ask", "information"),
        "wants to know something",
        ("goods", "service"),
        lines("""
            [Can you tell me|Do you know] when {the} [opens|starts|is free]?
            How much does {the} cost?
            [What|How much] do you [ask|take] for {a}?
            Where can I find {the}?
            I would like to know [more about|something about] {the}.
            What are the rules for {the}?
            Is {the} open on {d}?
            Which {i} is [the best|right] for children?
            [A short|One] question about {the}: [is it free|who runs it|how big is it]?
            Do you [still|] have {a} [in blue|for two|under {k} coins]?
            How [long|wide|heavy|old] is {the}?
            Is {the} [for adults|too loud for a baby|safe for children]?
            What is the difference between {the} and the [old|other] one?
            I am thinking about {a}. What should I know [first|before]?
            Can you send me [the list|a leaflet|the prices] for {the}?
        """),
        lines("""
            Could someone tell me how long {the} takes?
            I wonder what {the} costs for two. Do you know?
            Before I come: where exactly is {the}?
        """),
        (
            lines("""
                When do you open on {d}?
                Where [are you|is your office|is the entrance]?
                Is there a [car park|bus] near you?
                Do you [speak|write] other languages?
                Who is [in charge|the boss] there?
                Which days are you closed?
            """),
            (),
        ),
    ),
    "use": Purpose(
        ("use", "help", "instructions", "guide"),
        "asks how to do something with it",
        ("goods",),
        lines("""
            How [do I|can I|does one] [turn on|turn off|open|clean|set|charge|start] {the}?
            [Please explain|Can you explain|Show me] how to [clean|set|start|fill|fold|use] {my}.
            I do not know how to [open|use|start|reset|load] {my}. [Please help.|What must I do?|]
            What do I press to [start|stop|lock|reset] {the}?
            [The book|The sheet|The paper] does not say how to [clean|set|fold] {the}.
            Is there a way to [change the colour|make it louder|set the time|lock it] on {my}?
            [Step by step|In simple words], how do I [set up|use|start] {the}?
            I have {a} now. How [does it work|do I begin|do I use it]?
            Where on {my} do I [set the date|change the name|put the key|find the switch]?
            My [mother|son|friend] wants to [use|start|fold] {the}. How [is it done|does that go]?
            Can {the} [be used in the rain|run without a cable|be washed], and how?
            Which [key|knob|side] of {the} is for [starting|stopping|locking] it?
            {the} is new to me. How do I [set the hour|fill it|turn it]?
            Tell me how one [folds|fills|cleans|sets] {a}.
        """),
        lines("""
            Nobody here can tell me how one starts {the}. Can you?
            In what order do I put together {my}?
            Please teach me the way to set {my}.
        """),
        (
            lines("""
                How do I [change|find|hide] the [list|page|picture] on your [page|site]?
                Where do I [click|look] to see [my orders|the map|the prices]?
                How can I [print|save|read] the plan from your page?
                Is there a way to see your page in large letters?
                How do I [sort|search] the list on your site?
            """),
            (),
        ),
    ),
    "fault": Purpose(
        ("fault", "broken", "repair", "defect"),
        "something does not work",
        ("goods", "service"),
        lines("""
            {My} [is broken|is dead|has a fault].
            {My} {s}.
            {My} {s}. [Why is that?|What can it be?|Can you look at it?|]
            {The} [does not work|stopped working] [since {d}|any more|].
            Something is wrong with {my}[: it {s}|].
            [Since {d}|Since this morning|For two days] {my} {s}.
            {The} fell apart [in my hands|].
            I cannot [use|open|start] {my}, it [is stuck|{s}].
            {The} needs repair[: it {s}|].
            There is a [hole|crack] in {the}.
            It {s}, {my}, and I [do not know why|have tried all].
            I have [cleaned|turned|tested] {my} and it still {s}.
            {My} was fine until {d}. Now it {s}.
            Can [you|someone] [mend|repair|fix] {my}? It {s}.
            Each [night|day|time] {my} {s}.
            What do I do when {the} {s}?
            {My} [does the same again|acts up]: it {s}.
            Is it usual that {the} {s}?
        """),
        lines("""
            It seems that {the} is damaged and will not work.
            On {d} {the} simply stopped, and it is still stuck.
            Somebody should repair {my}, for it {s}.
        """),
        (
            lines("""
                Your [page|site] [is down|does not load|shows nothing].
                The [form|list|map] on your page [is broken|does not open|stays empty].
                Your [phone|door bell|machine] [does not work|is dead].
                Nothing happens when I [click|press] send on your page.
                Your page [closes|stops] each time I open it.
            """),
            (),
        ),
    ),
    "delivery": Purpose(
        ("delivery", "shipping", "parcel"),
        "asks where something is or when it comes",
        ("goods",),
        lines("""
            Where is {my}? I [bought|paid] it [on {d}|days ago].
            {My} has not [come|arrived] [yet|].
            When will {the} [come|arrive|be here]?
            I still wait for {my}.
            {The} should have been here on {d}.
            [The post|The driver|Nobody] has brought {the}. [Where is it?|]
            Has {my} [left your house|been sent] [yet|]?
            I [got|have] no [news|letter|word] about {my}. Is it on its way?
            How long does {the} take to [reach {p}|come here]?
            The driver [left|took] {the} [at the wrong house|somewhere]. Where?
            I was told {d}, and {the} is still not here.
            Which day do you bring {the}?
            {The} [is lost on the way|got lost], I fear. Please find out.
            You sent {the} to {p}, but I live in [another town|the next street]. Where is it now?
        """),
        lines("""
            For {k} days I have looked out for {my}. Is it still coming?
            The driver came by, but without {the}. When will he bring it?
            Please find out on which way {my} is.
        """),
        (
            lines("""
                Where is my [parcel|box|order]?
                My [parcel|box|order] has not [come|arrived].
                When will my [parcel|order] [come|be here]?
                The [post|driver] has brought [nothing|no box] [yet|].
                I wait for my [box|parcel] since {d}.
                Can you see where my [order|parcel] is [now|]?
            """),
            (),
        ),
    ),
    "cancel": Purpose(
        ("cancel", "stop order", "call off"),
        "wants to call something off",
        ("goods", "service"),
        lines("""
            I [have to|must|want to] cancel {the}.
            Please cancel {my} [on {d}|].
            {n} is ill, so we call off {the}.
            I no longer [need|want] {the}[, please stop it|].
            Please take {the} off [the list|my list].
            We will not [use|need] {the} after all[, so call it off|].
            Call off {the}[, please|].
            Do not send {the}[, I changed my mind|].
            Stop {my}, [please|I do not want it any more].
            I [ordered|booked] {the} by mistake. [Please stop it.|Call it off.]
            Please [strike|drop|leave out] {the} [from my order|].
            {The} is not needed any more. Please [cancel|stop] it.
            It is [over|off]: no {i} for us. Please cancel.
            Can I still [stop|cancel] {the}?
            Forget {the} that I [ordered|booked] on {d}.
        """),
        lines("""
            Sadly we have no use for {the} now; please cancel it.
            As {n} is ill I no longer need {the} on {d}.
            Take {the} off our list, we have changed our plans.
        """),
        (
            lines("""
                Please cancel my order.
                I want to [stop|cancel] [the whole order|everything].
                Do not send my order[, please|].
                [Stop|Call off] what I ordered on {d}.
                I ordered by mistake, please stop it all.
            """),
            (),
        ),
    ),
    "refund": Purpose(
        ("refund", "money back", "pay back"),
        "wants money back for something",
        ("goods", "service"),
        lines("""
            I [want|would like] my money back for {the}.
            Please [refund|pay back] {the}.
            I still [wait|am waiting] for the refund of {the}.
            Where is the money for {the}? I [sent|gave] it back on {d}.
            I [sent|brought] back {the} and [want|wait for] my {k} coins.
            {The} [is too big|is not for us|is not what I hoped]. I give it back and want the money.
            Can I [return|give back] {the} and get my money?
            When do I get the {k} coins for {the} back?
            You have {the} again since {d}. Please pay me back.
            I returned {my} [last week|on {d}]. My money, please.
            {The} {s}, I am done with it and want the {k} coins back.
            Please give me back what I paid for {the}.
            How do I get my money for {the}?
        """),
        lines("""
            Please send back the {k} that I paid for {the}.
            As {the} went back to you on {d}, I ask for my money.
            The {k} for {the} should come back to me, since I returned it.
        """),
        (
            lines("""
                I [want|wait for] my money back.
                When do I get my refund?
                I sent everything back, please pay me.
                You still owe me {k} coins for what I returned.
                Please return my {k} coins.
            """),
            (),
        ),
    ),
    "swap": Purpose(
        ("swap", "exchange", "new one", "replace"),
        "wants another one in its place",
        ("goods",),
        lines("""
            Please [swap|exchange|change] {my} [for a new one|].
            I [want|need|would like] a new {i}, this one {s}.
            {The} came [broken|with a crack|in the wrong size]. Please send [another|a new one].
            Can I [get|have] another {i}? Mine {s}.
            Send me [another|a new] {i}[, please|], the old one {s}.
            You sent the wrong {i}. Please [swap|change] it.
            {My} {s}. I [want|ask for] an exchange.
            A part of {the} [is missing|was not in the box]. Please send it.
            Can {my} be [swapped|exchanged]? It {s}.
            One {i} in the box was [broken|bent]. Please send [it again|a whole one].
            I want a {i} [in another size|in the right colour] for this one.
            {The} arrived [bent|torn|in two parts]. A whole one, please.
        """),
        lines("""
            Mine {s}, so another {i} in its place would be kind.
            As {the} came with a crack, I ask you for a whole one.
            Let me have a working {i} for the one that {s}.
        """),
        (
            lines("""
                What you sent is broken. Please send [a new one|it again].
                The box holds the wrong things. Please [swap|change] them.
                Something is missing in the box. Please send it.
                I got the things of somebody else. Please swap them.
            """),
            (),
        ),
    ),
    "bill": Purpose(
        ("bill", "payment", "invoice", "billing"),
        "is about a bill, a price or a way to pay",
        ("goods", "service"),
        lines("""
            I paid [twice|two times] for {the}.
            You [took|charged me] too much for {the}.
            The bill for {the} is wrong.
            The price on my bill for {the} is not right.
            Please send me [the bill|a bill|the receipt] for {the}.
            I [lost|never got] the bill for {the}.
            Can I pay for {the} [in parts|later|by card|in cash]?
            Why [does the bill say|did you take] {k} coins for {the}?
            My card was [charged|used] [again|twice] for {the}.
            The [name|address|tax] on the bill for {the} is wrong.
            My [code|coupon] did not count for {the}.
            What is the fee of {k} coins for {the}?
            I want [another card|my new card] used for {the}.
            Did my payment for {the} reach you?
            {The} costs {k} coins, but the bill says more.
        """),
        lines("""
            My card was charged two times because of {the}.
            There is a mistake on the bill, {the} was {k} too much.
            For {the} I would rather pay by card. Is that possible?
        """),
        (
            lines("""
                My bill is wrong.
                You took {k} coins from my [bank|card] and I do not know why.
                Please send me a bill [for last month|].
                Can I pay [by card|in parts|later]?
                What is this fee of {k} coins?
                My coupon does not work.
                I paid the same bill twice.
            """),
            (),
        ),
    ),
    "account": Purpose(
        ("account", "login", "profile", "member data"),
        "is about a login, a name or an address on file",
        ("none",),
        (),
        (),
        (
            lines("""
                I cannot [log in|get into my account].
                My [password|login|card number] [does not work|is refused|is wrong].
                I forgot my password.
                Please [change|correct] my [name|address|phone number] [in your list|on file|in my account].
                I [moved|live in {p} now]. Please change my address.
                How do I [close|delete] my account?
                My account is [locked|closed] since {d}.
                Please delete all [my data|you know about me].
                I have two accounts. Please make them one.
                You have my name wrong, it is {n}.
                Can {n} have a login too?
                I want a new password.
                The code for my login never [comes|arrives].
                Somebody uses my account.
                My mail address is old. Please take the new one.
                Please put the [account|card] in the name of {n}.
            """),
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
        ("booking", "reservation", "book"),
        "wants to book or reserve",
        ("service",),
        lines("""
            I [want|would like] to book {the} for {d}.
            Please reserve {the} for [me|us|{n}].
            Can I [book|reserve] {the} on {d}?
            We need {the} for {k} people on {d}.
            Put me down for {the}[, please|].
            Please keep a place at {the} for {n}.
            Two places at {the}[, please|] on {d}.
            I would like to sign up for {the}.
            Is there [room|a place] for {n} at {the} on {d}? I take it.
            Write down {n} for {the}.
            {n} wants to join {the} on {d}.
        """),
        lines("""
            It would be nice to have {the} reserved for {n} on {d}.
            May we book {the}? There are {k} of us.
            Sign me up for {the}, please, I come on {d}.
        """),
    ),
    "change": Purpose(
        ("change", "move", "new date"),
        "wants another time or place",
        ("service",),
        lines("""
            Can [I|we] move {the} [to|from] {d}?
            I [want|would like] another day for {the}.
            Please change {the} to {d}.
            Is it possible to have {the} [later|earlier]?
            {d} is bad for us, can {the} be on another day?
            I need a later time for {the}.
            Please move my place at {the} to {d}.
            We [booked|have] {the} for {d}. May we come a day later?
            Another hour for {the} would suit me better.
        """),
        lines("""
            Would {d} be possible for {the} as well, not the old day?
            We come later than planned; please move {the} to {d}.
        """),
    ),
    "praise": Purpose(
        ("praise", "thanks", "compliment"),
        "says something kind",
        ("goods", "service"),
        lines("""
            [Thank you|Thanks] for {the}, it [was|is] [great|lovely|wonderful].
            {The} [was|is] [wonderful|perfect|great].
            We [love|loved] {the}.
            {n} and I enjoyed {the} very much.
            What a [lovely|great] {i}!
            {The} made us very happy.
            Well done, {the} is [beautiful|excellent].
            I only want to say how [nice|good] {the} is.
            The best {i} [we ever had|in {p}]!
            {n} is so happy with {the}.
        """),
        lines("""
            A big thank you, {n} still talks about {the}, so lovely.
            You did so well with {the}, we enjoyed it.
            How wonderful {the} is, thanks to all of you!
        """),
    ),
    "lost": Purpose(
        ("lost", "lost property", "left behind"),
        "has lost something there",
        ("service",),
        lines("""
            I [left|forgot] my {t} at {the}.
            Did anybody find a {t} at {the}?
            My {t} is lost, I [think|believe] it is still at {the}.
            {n} lost a {t} [near|at] {the} on {d}.
            I am looking for my {t}, I had it at {the}.
            We forgot a {t} at {the}.
            Is my {t} still at {the}?
        """),
        lines("""
            At {the} I must have left behind my {t}.
            Has a {t} been found at {the}? {n} lost it.
        """),
    ),
}

SYMPTOMS: tuple[Wordings, Wordings] = (
    lines("""
        leaks
        [smokes|burns] a little
        makes a [strange|loud] noise
        [stops|goes off] [after a minute|all the time|at night]
        does [nothing|not start|not turn|not open|not close|not stay shut]
        is [stuck|bent|too hot|too loud|torn|cracked|loose on one side]
        [shakes|jumps|squeaks|rattles] [when I use it|all day|]
        [loses|drops] its [handle|lid|colour|screws]
        falls [over|off the wall|apart]
        will not [start|charge|stop|open|move|fold]
        [turns|works] only [half way|now and then|in the morning]
        shows [nothing|the wrong time|a red light]
        smells [bad|of smoke|strange]
        gets [hot|wet inside|stuck|slower each day]
        has a [crack|hole|loose part|broken handle|torn side]
        came [open|off|loose] [on {d}|]
        [cuts|fades|freezes] [in the middle|each time]
        [drips|sweats|hums|clicks|buzzes|wobbles|creaks] [all the time|when I touch it|at night|]
        [crackles|beeps|whistles] without [end|reason]
        [sticks|jams|catches] [half way|every time|when I pull it]
        [blinks|flickers|glows] [red|and goes dark|like mad]
        [tips|rolls|slides] [over|to one side|off the table]
        [breaks|splits|bends] [under a light load|at the first use|in the middle]
        [sinks|sags|hangs] [to the left|in the middle|on one side]
        [peels|fades|rusts] [at the edges|in the sun|at the back]
        [smells|tastes] of [rubber|burning|old fish|petrol]
        [scratches|stains|marks] [the floor|everything|my hands]
        [pinches|pricks|cuts] [my fingers|my hand|the skin]
        [trembles|sways|swings] [in the wind|when it runs|too much]
        [locks|switches|shuts] itself [off|up] [without warning|at night|]
        [will not|does not] [react|respond|budge|light up|wind|latch|hold together]
        [will not|does not] stay [up|on|closed|in place|warm]
        [refuses|fails] to [start|open|close|turn|work]
        cannot be [opened|closed|moved|switched on|turned|cleaned] [any more|]
        no longer [turns|opens|fits|shines|holds|stands straight]
        has [stopped|given up|died] [since {d}|completely|]
        has [lost|shed] [a screw|its lid|a leg|its colour|half of its paint]
        has [a dent|a scratch|a tear|a chip|rust|mould] [underneath|at the bottom|]
        has a [bent|broken|missing|loose] [corner|hinge|strap|button|edge]
        has come [apart|unglued|undone|loose] [on {d}|at the side|]
        has gone [dull|soft|hard|crooked|black|dead]
        has holes [in it|at the bottom|on both sides]
        is [broken|cracked|chipped|dented|scratched|crooked|warped|rusty] [on top|at the back|]
        is [dead|blocked|jammed|clogged|frozen]
        is [ripped|frayed|worn through|coming apart] at the [seam|edge|corner]
        is missing a [part|screw|knob|foot|piece]
        is [too weak|too tight|much too slow|far too hot] [to be of use|]
        is [wet|sticky|greasy|dusty] inside
        is out of [order|shape|true|balance]
        is [half|quite|completely] [broken|useless|ruined]
        keeps [stopping|falling|slipping|squeaking|turning itself off|coming loose]
        goes [wrong|dead|out|on strike] [each day|after an hour|when it rains]
        goes on and off [by itself|like a lamp in a storm|]
        turns [itself off|the wrong way|too fast|by itself]
        runs [hot|dry|backwards|for a minute and dies]
        makes [my hands black|sparks|a puddle|a hissing sound|a grinding noise]
        gives [me a shock|no light|no sound|off heat|up after a minute]
        lets [water|air|rain|light] [in|through|out]
        loses [air|water|oil|power|its shape|hair]
        spits [oil|water|sparks]
        spills [half of everything|what I put in]
        burns [out|my fingers|through]
        bends [like paper|when I lean on it]
        comes [apart|loose|off the hook] [in my hand|every day]
        came [broken|bent|torn|with a dent] [out of the box|]
        broke [in two|on the first day|on {d}|when I touched it]
        stopped [working|turning|dead] [on {d}|one morning|]
        cracked [on {d}|from top to bottom|in the cold]
        tore [on {d}|at the seam|in the wash]
        snapped [in two|off|on {d}]
        got [stuck|bent|wet|torn] [on {d}|at once]
        wears [out|thin] [fast|at the edge]
        just [hums|lies there|stands there|clicks] and does nothing
        barely [moves|turns|works|opens]
        hardly [closes|shines|holds|runs]
        works [badly|on some days only|only when I hit it|for a minute]
        needs a [kick|push|knock] to [start|open|move]
        acts [up|strangely] [when it is cold|all day|]
        misses a [part|wheel|leg|screw]
        swells [up|when it is wet]
        blocks [after a minute|now and then|]
    """),
    lines("""
        gives off a bad smell
        is dead most of the day
        rattles and then stops
        will no longer close
    """),
)
