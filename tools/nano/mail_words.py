"""What people write to shops, houses and clubs: wordings by haste and for all else, each with a train and a held half.

All of it is written for nano. No sentence is taken from the quickstart job (`coverage` measures how much of that job
nano has met, and the card says it). Slots: `{i}` the bare item, `{my}` and `{the}` the item with its word in front,
`{n}` a person, `{d}` a day, `{k}` a number, `{t}` a thing, `{p}` a place, `{s}` how an item misbehaves,
`{z}` a code.

Not here: the wordings by purpose (mail_purposes.py; they are handed on from here), and how a message is put together
from these (skills_mail.py).
"""

from __future__ import annotations

from tools.nano.mail_purposes import PURPOSES as PURPOSES
from tools.nano.mail_purposes import Purpose as Purpose
from tools.nano.wordings import Wordings as Wordings
from tools.nano.wordings import lines as lines

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
