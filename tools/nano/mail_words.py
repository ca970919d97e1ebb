"""What people write to shops, houses and clubs: wordings by purpose and by haste, each with a train and a held half.

All of it is written for nano. No sentence is taken from the quickstart job (`coverage` measures how much of that job
nano has met, and the card says it). Slots: `{i}` the bare item, `{my}` and `{the}` the item with its word in front,
`{n}` a person, `{d}` a day, `{k}` a number, `{t}` a thing, `{p}` a place, `{s}` how an item misbehaves.

Not here: how a message is put together from these (skills_mail.py).
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
    """),
    lines("""
        gives off a bad smell
        is dead most of the day
        rattles and then stops
        will no longer close
    """),
)

WISHES: dict[str, Wordings] = {
    # what a purpose is called when it is wished for or refused, as "I want …"
    "fault": ("[a repair|it repaired|it mended]", "somebody to [mend|repair] it"),
    "delivery": ("to know where it is", "to know when it comes", "news of the parcel"),
    "cancel": ("to [cancel|call off] the order", "the order stopped", "it cancelled"),
    "refund": ("my money back", "to be paid back", "the money", "a refund"),
    "swap": ("a new one", "another one", "an exchange", "it swapped"),
    "bill": ("the bill", "a [correct|new] bill", "to talk about the bill"),
    "use": ("to know how it works", "to learn how to use it", "a guide for it"),
    "change": ("another day", "a later time", "it moved to another day"),
}
EITHER: tuple[Wordings, Wordings] = (
    # {x} is wished for, {y} is not
    lines("""
        I do not want {y}, I want {x}.
        I want {x}, not {y}.
        Not {y} this time: I would like {x}.
        [Please no offer of|You offered me] {y}. [What I want is|I only want] {x}.
        {n} says I should ask for {y}, but I want {x}.
        First I wanted {y}. Now I [want|ask for] {x}.
        I need {x} and certainly not {y}.
        Last [week|month] I asked for {y}; that is over. Now I need {x}.
        {Y} would be no help. I ask for {x}.
        I thought about {y}, but [in the end|now] I want {x}.
        This is not about {y}. I want {x}.
        Others may want {y}. For me it is {x}.
        Rather {x} than {y}, please.
        {X}, please. I do not need {y}.
    """),
    lines("""
        You need not give me {y}, all I ask for is {x}.
        Instead of {y} I would now have {x}.
    """),
)
SITUATIONS: tuple[Wordings, Wordings] = (
    lines("""
        {My} {s}.
        I have {a} that {s}.
        It is about {my} from {d}.
        [On {d}|Last week] I wrote to you about {my}.
        This is about {the}.
        {The} [from your shop|that I bought on {d}] {s}.
        You know about {my}.
    """),
    lines("""
        Once more I write because of {my}.
        I am the one whose {i} {s}.
    """),
)

OTHERS: tuple[Wordings, Wordings] = (
    # sentences that name another item, {o}, which is not meant
    lines("""
        {MyO} is [fine|all right|no problem].
        This is not about {theO}.
        [With|About] {theO} I have no [problem|question|trouble].
        {TheO} can stay as it is.
        [Last [week|year]|On {d}] I wrote about {theO}, that is [settled|done].
        [I do not|We do not] mean {theO}.
        {TheO} [works|was] well.
        I have {aO} too[, and it is good|, which I like|].
        {MyO} [does its work|gives me no trouble|is good].
        You [helped|were kind] with {theO}, thank you.
        {TheO} from the same [shop|day] is [good|whole|fine].
        Please [leave|forget] {theO}.
        We are happy with {theO}.
        {n} has {aO}, and that is another story.
        Nothing is wrong with {theO}.
        I [once|also] asked about {theO}. That is [over|done].
        {TheO} came on {d} and is [lovely|fine].
    """),
    lines("""
        Please leave {theO} alone, it is fine.
        By the way, {theO} is not what I mean.
        As to {myO}, all is in order.
    """),
)
CORRECTIONS: tuple[Wordings, Wordings] = (
    # {i} is meant and {o} is not
    lines("""
        Not {theO}, {the}.
        I mean {the}, not {theO}.
        [In my last letter|On the phone] I said {o}, but I [mean|meant] {i}.
        It is {the}, not {theO}.
        You wrote to me about {theO}. I asked about {the}.
        {The}, I say, and not {theO}.
        Sorry, I wrote {o}. I mean {i}.
    """),
    lines("""
        Do not take {theO} for it, it is {the} that I mean.
        My letter said {o}; read {i}.
    """),
)

NEAR = lines("""
    [today|tonight|this evening|this afternoon]; tomorrow [morning|at nine|]; in [an hour|two hours|ten minutes];
    in half an hour; before noon; at six [today|this evening]; right now; this very day
""".replace("\n", " ").replace(";", "\n"))
MID = lines("""
    on {d}; next {d}; this week; next week; in [three|four|five|six] days; at the weekend; by the end of the week;
    in a week; in the next days
""".replace("\n", " ").replace(";", "\n"))
FAR = lines("""
    next [month|year]; in [two|three|five] months; in [spring|summer|autumn|winter]; in {month}; at the end of the year;
    after the holidays; in half a year; in [five|six|eight] weeks; some day
""".replace("\n", " ").replace(";", "\n"))
EVENTS = lines("""
    the guests come; we [leave|travel|move]; my [mother|sister|boss|friend] [comes|arrives|needs it]; {n} comes home;
    the [show|feast|party|course|trip] is; {n} [leaves|arrives]; we need it; the new [people|owners|children] come;
    I have to [pay|go|work|answer]; the shop [opens|closes]; the [wedding|birthday|exam|meeting] is; school starts;
    I must [decide|sign|be there]; the [bank|office|landlord] wants it; we have [visitors|a feast|no time left]
""".replace("\n", " ").replace(";", "\n"))

HASTE: dict[str, tuple[Wordings, Wordings]] = {
    # {e} an event, {near} {mid} {far} when
    "high": (
        lines("""
            [It is|This is] [very|so|] urgent.
            [Please hurry|Hurry, please|Be quick].
            I need an answer [today|at once|right now|this hour].
            [It|This] cannot wait[: {e} {near}|].
            {E} {near}.
            {E} {near}, [please hurry|so be quick|I need help now].
            {Near} {e}[, and I need help|].
            [Please act|Answer] [as soon as possible|as fast as you can].
            We are standing at the door [and cannot get in|].
            It must be done [today|before tonight|{near}].
            This is an emergency.
            [We|I] have to leave in ten minutes.
            There is [smoke|fire|water on the floor|a smell of gas].
            Somebody [could get|is] hurt.
            Help me {near}, {e} then.
            Only {near} will do.
            I said there is time, but now {e} {near}.
            It could wait [last week|on {d}]. [Now|Today] it cannot.
            No time to lose: {e} {near}.
            {E} not {far}, but {near}.
            I do not like to press, but {e} {near}.
            My child is [ill|locked in|in danger].
        """),
        lines("""
            I beg you to be quick, it cannot wait until tomorrow.
            If nothing happens {near}, it is too late.
            In half an hour it is too late.
        """),
    ),
    "low": (
        lines("""
            [No hurry|There is no hurry][ at all|].
            It is not urgent [at all|].
            [Please take|Take] your time[, {e} {far}|].
            [Any time|Some day] is fine.
            [It|This] can wait[ until {far}|].
            There is no rush.
            Whenever you have [time|a moment].
            {E} {far}, so [there is time|it can wait|do not hurry].
            {E} only {far}.
            An answer [some day|{far}] is fine.
            I need it {far}, not before.
            I am in no hurry.
            [Do|Help] the others first.
            It sounds urgent, but it is not.
            Last week it was urgent. Now it [can wait|is not].
            {E} {near}, but we [need nothing|have another one], so no hurry.
            {E} {far}, not {near}.
            Please do not hurry for me.
            [People|My friends] say it is urgent. It is not.
            Not today, not this week: {far} will do.
            We do not need it until {far}.
        """),
        lines("""
            Nobody is in a hurry here, so take all the time you need.
            It can wait until you have a quiet moment.
            No need to rush because of me, {e} {far}.
        """),
    ),
    "normal": (
        lines("""
            [Best wishes|Regards|Yours], {m}
            Thank you.
            {m}
            {E} {mid}.
            {E} {mid}, [so please help before|an answer before that would be good].
            [Please write|Please answer|Let me know] {mid}.
            I [wait for|look forward to] your answer.
            What do you [say|think]?
            An answer {mid} [would be nice|is soon enough].
            It need not be today, but {mid}[, please|].
            {E} {mid}, not {near}.
            No emergency, but {mid} it should be done.
            [Please look|Look] into it.
            Please tell me [more|what to do].
            {Mid} would be good.
            It cannot wait until {far}, but {mid} is fine.
        """),
        lines("""
            Many thanks, {m}
            So long, {m}
            It would be good to hear from you {mid}.
        """),
    ),
}
HASTE_NAMES: tuple[tuple[str, str, str], ...] = (
    ("low", "normal", "high"),
    ("low", "medium", "high"),
    ("later", "soon", "now"),
    ("relaxed", "normal", "urgent"),
    ("no hurry", "normal", "hurry"),
    ("can wait", "usual", "urgent"),
    ("slow", "normal", "fast"),
)

CHAT: tuple[Wordings, Wordings] = (
    # said in passing; tells nothing
    lines("""
        I hope you are well.
        [Thank you|Thanks] for reading this.
        I have [bought|been] with you for {k} years.
        It is [raining|hot|cold] here in {p}.
        My number is {z}.
        I live in {p}.
        {n} told me to write.
        I [called|phoned] twice and nobody [came|answered].
        Sorry for the long letter.
        This is my second letter.
        I am [old|new here] and do not see well.
        You have a nice shop.
    """),
    lines("""
        I write this on the train to {p}.
        Forgive my spelling, I am tired.
    """),
)
GREETINGS: tuple[Wordings, Wordings] = (
    ("[Hello|Hi|Dear team|Good morning|Good day|Hey|Dear all],", "[Hello|Hi] {m},", "Dear {m},", "[Hello|Hi] there,"),
    ("Good evening to all,", "Hi there {m},"),
)

SERVICES: dict[str, Wordings] = {
    "library": ("reading room", "book club", "catalogue", "children's corner", "copy machine", "lending desk"),
    "ferry line": ("morning ferry", "night ferry", "car deck", "ticket desk", "island tour", "harbour cafe"),
    "garden club": ("greenhouse", "seed market", "rose course", "tool shed", "open garden", "compost day"),
    "museum": ("guided tour", "sculpture hall", "coin room", "museum shop", "audio guide", "family day"),
    "theatre": ("evening show", "matinee", "box office", "cloakroom", "front row", "acting class"),
    "swimming pool": ("diving board", "kids pool", "sauna", "swim course", "locker", "water slide"),
    "campsite": ("tent place", "cabin", "fire pit", "shower block", "boat hire", "camp shop"),
    "music school": ("piano lesson", "choir", "drum room", "summer concert", "violin hire", "singing class"),
    "zoo": ("feeding tour", "penguin house", "petting farm", "night walk", "monkey island", "zoo train"),
}
HELD_SERVICES: dict[str, Wordings] = {
    "tram line": ("airport tram", "old tram", "week ticket", "last stop", "tram museum", "bell ride"),
    "climbing hall": ("boulder room", "rope course", "shoe hire", "youth group", "high wall", "snack bar"),
    "hotel": ("roof terrace", "double room", "breakfast hall", "garden suite", "bike hire", "spa"),
}
SHOPS: Wordings = (
    "shop", "furniture shop", "toy shop", "kitchen shop", "tool maker", "bicycle shop", "mail order house",
    "maker of {o}s", "house of {o}s", "shop for {o}s", "factory", "small firm", "web shop", "company", "repair shop",
)  # fmt: skip
HELD_SHOPS: Wordings = ("department store", "village shop", "workshop of {n}")

ANSWERS: dict[str, Wordings] = {
    "question": ("We will [gladly|] tell you about {the}.", "You will hear about {the} [soon|today]."),
    "use": ("Please press the [left|upper] side of {the}.", "We send you a guide for {the}."),
    "fault": ("Sorry, we will look at {the}.", "We will repair {the} [soon|]."),
    "delivery": ("{The} is on its way.", "We will find out where {the} is."),
    "booking": ("Your place at {the} is booked.", "{The} is reserved for you."),
    "cancel": ("{The} is cancelled.", "We have called off {the} for you."),
    "praise": ("Thank you, we are glad you liked {the}.", "How kind, thank you!"),
    "lost": ("We will look for it at {the}.", "We will search {the} for it."),
    "refund": ("You will get the money for {the} back.", "We pay you back this week."),
    "swap": ("A new one is on its way to you.", "We will swap {the} for you."),
    "bill": ("We will check the bill for {the}.", "A new bill is on its way."),
    "account": ("We have changed it in your account.", "We will help you to log in."),
    "change": ("We will move {the} for you.", "We will find another time for {the}."),
}
