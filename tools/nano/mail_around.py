"""What stands around the purpose of a message: wishes that are named and refused, other items, corrections, chat,
greetings; and what a house answers.

Promise: nothing here tells a purpose of its own (but for `WISHES`, which name one) or how much a message presses.
Slots: `{my}` `{the}` `{a}` `{i}` the item and `{myO}` `{theO}` `{aO}` `{o}` another one, `{s}` how an item misbehaves,
`{x}` what is wished for, `{y}` what is not, `{n}` a person, `{m}` one who is greeted, `{d}` a day, `{k}` a number,
`{p}` a place, `{z}` a code.

Not here: purposes (mail_purposes.py), symptoms (mail_words.py), haste (mail_haste.py), houses and shops
(mail_places.py), and how a message is put together from all of these (skills_mail.py).
"""

from __future__ import annotations

from tools.nano.wordings import Wordings, lines

WISHES: dict[str, Wordings] = {
    # what a purpose is called when it is wished for or refused, as "I want …"
    "fault": (
        "[a repair|it repaired|it mended]", "somebody to [mend|repair] it",
        "it [fixed|put right|in working order again]",
        "[someone|a mechanic|an expert] to [fix|repair] it", "your help with the repair", "it to work again",
        "the [fault|defect] [removed|put right]", "to have it [repaired|fixed|mended]", "the damage [repaired|mended]",
        "a [quick|proper|good] repair", "the fault found",
    ),
    "delivery": (
        "to know where it is", "to know when it comes", "news of the parcel",
        "to know [when it arrives|where it has got to|on which day it comes]", "to [hear|learn] where my parcel is",
        "the [delivery date|day of delivery]", "the parcel [found|traced]", "to know whether it has been sent",
        "[news|word] of the [delivery|shipment]", "to know how far the parcel has come",
        "word from the driver",
    ),
    "cancel": (
        "to [cancel|call off] the order", "the order stopped", "it cancelled",
        "to [stop|end|withdraw] the order",
        "the order [called off|cancelled|withdrawn|deleted]", "your word that it is cancelled",
        "to [step back|withdraw] from the order",
        "the whole thing called off", "to drop the whole order", "it [struck|crossed] off the order list",
        "it off my list of orders",
        "a cancellation",
    ),
    "refund": (
        "my money back", "to be paid back", "the money", "a refund", "the price [back|returned]",
        "my [coins|cash] back",
        "to see my money again", "the [full|whole] amount back", "to get my money back",
        "the money [returned|paid back] to me", "the sum returned to me",
        "[repayment|a full refund]", "every coin back",
    ),
    "swap": (
        "a new one", "another one", "an exchange", "it swapped", "[a different|a fresh|an unbroken] one",
        "it [exchanged|replaced]", "a replacement", "to [swap|exchange] it", "it [replaced|changed] for a whole one",
        "a whole one in its place", "one that works, in exchange for it", "another one sent in its place",
    ),
    "bill": (
        "the bill", "a [correct|new] bill", "to talk about the bill", "[a copy of|a look at] the bill",
        "the bill [corrected|explained|checked]", "to know how to pay", "to [pay in parts|pay later|pay by card]",
        "an invoice", "the bill put right", "to [ask|speak] about the payment", "a receipt",
        "the sum on the bill explained",
    ),
    "use": (
        "to know how it works", "to learn how to use it", "a guide for it", "instructions",
        "a [short|first] lesson in using it",
        "to be shown how it [works|is done]", "somebody to explain it to me", "to know which button to press",
        "to see how one uses it", "help with [starting|using] it", "the manual", "it explained step by step",
    ),
    "change": (
        "another day", "a later time", "it moved to another day", "to [move|shift|put off] it", "a new date",
        "it [put off|postponed|brought forward]", "an [earlier|other] hour", "to come on another day",
        "a different [day|hour|time]", "to [delay|postpone] it", "it one week later", "to have it on a later date",
    ),
}  # fmt: skip
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
        What I want is {x}. [Nobody asked for|I never asked for] {y}.
        Wanted: {x}. Not wanted: {y}.
        [People|Most people] [want|would want] {y}; I [want|need|would like] {x}.
        I do not need {y}; I [need|want] {x}.
        You may think I want {y}. [In truth|Really] I want {x}.
        It may [sound|look] as if I wanted {y}, but I [want|need|would like] {x}.
        I never wanted {y}. From the [start|first day] I wanted {x}.
        Your [clerk|colleague|man at the desk] thought I wanted {y}. [No|Wrong]: I want {x}.
        {n} would like {y}. I, [however|for my part], would like {x}.
        {n} wants {y}, but [it is mine|I decide], and I want {x}.
        [Yesterday|This morning|In spring] I still wanted {y}. Now I want {x}.
        [Earlier|On the phone|In my first letter] I said I wanted {y}. [Please forget that|Forget it]: I want {x}.
        My mind has changed: I [want|would like] {x} [and no longer|instead of] {y}.
        Given the choice between {y} and {x}, I want {x}.
        Please note: I want {x}. I do not want {y}.
        Forget about {y}. I [want|need|would like] {x}.
        [So|Then] not {y}, but {x} is what I [want|need|would like].
        {X} is what I want. {Y} is not.
        Whoever wrote that I want {y} was wrong: I want {x}.
        I would like {x}. At no time did I want {y}.
        I want {x}! [Why do you always think I want|Who says that I want] {y}?
        Would I want {y}? No. I want {x}.
        Do I want {y}? [No|Not at all|Certainly not]. I [want|need|would like] {x}.
        You ask whether I want {y}. [No|I do not], I want {x}.
        My [wife|husband|brother|boss] wants {y}. Do not listen: I want {x}.
        I used to want {y}; [these days|by now|today] I want {x}.
        [To be clear|In plain words|In short|To make it plain]: I want {x}, and I do not want {y}.
        [To say it again|Once again]: I want {x}. I did not write that I want {y}.
        Some would want {y} now. I [want|would like] {x}.
        {n} thinks I need {y}. What I need is {x}.
        I wanted {y} [last month|a while ago], but [things have changed|that was then]: I want {x}.
        There was a time when I wanted {y}. [Now|Today] I want {x}.
        Only {x} would help me. {Y} would not.
        {Y}? No, [thank you|thanks]. {X}? Yes, please.
        {X}: yes. {Y}: no.
        I need {x} [more than anything|above all], and surely not {y}.
        Even if {n} wants {y}, I want {x}.
        Should somebody say I want {y}, do not believe it. I want {x}.
        Your [form|list|note] says that I want {y}. That is [wrong|a mistake]. I want {x}.
        I ticked the wrong box. It is not {y} that I want, it is {x}.
        Do you remember that I wanted {y}? I do not any more. I want {x}.
        [Thank you|Thanks], but I do not want {y}. I [want|would like] {x}.
        Why would I want {y}? {X} is all I [want|need].
        I would like {x}, if I may. I do not [need|want] {y}.
        Not that I want {y}. I want {x}.
        I am not one who wants {y}. I want {x}, [that is all|nothing else].
        [Here is my wish|My wish in one line]: {x}. Not my wish: {y}.
        It was {n} who wanted {y}; I want {x}.
        Everyone seems to want {y}. I want {x}.
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
        I am writing about {the}.
        [This|My letter|My question] concerns {the}.
        [Subject|Re]: {the}.
        I [bought|got|ordered] {the} [on {d}|last week|{k} days ago|a while ago].
        {n} [bought|ordered|chose] {the} for me.
        [You will remember|Perhaps you remember] {my}.
        We spoke about {my} on {d}.
        Here I am again with {my}.
        {My} {s}, as [you know|I said on the phone|{n} told you].
        [It seems|I notice|I see] that {my} {s}.
        {n} says that {my} {s}.
        {My} {s}, [and nobody knows why|which is a pity|sad to say].
        [Since {d}|For {k} days now] {my} {s}.
        [I own|We own|There is] {a} from your house; it {s}.
        My number is {z} and it is about {the}.
        [Order|Number] {z}, {the}.
        Again {the}[, I am afraid|, sorry].
        Back to {the}, [please|if I may].
        I have [a wish|a request|something to say] about {the}.
        [Let us|We must] talk about {the}.
        [As for|Concerning|Regarding] {the}, I have made up my mind.
        You want to know what should happen with {the}.
        What is to be done with {the}? [I will tell you.|Here is my answer.]
        {The}, [number|order] {z}, {s}.
        I was at your [shop|desk] on {d} with {my}.
        {The} is the reason for [this letter|my call|these lines].
        You sold me {a} [on {d}|{k} days ago|last month].
        We have had {the} for {k} days now.
        I am the [man|woman|person] with {the}.
        Your colleague [knows|has heard] about {the}.
        Do you remember me? I have {a} that {s}.
        This {i} of mine {s}.
        I bought {a} on {d}, and now it {s}.
        [Something|A small matter] about {the} is still open.
        It concerns {a} from [last month|{d}].
        {n} and I own {a}. It {s}.
        I have thought about {the}.
        At home we talked about {my}.
        A [word|line|few words] about {the} under number {z}.
        Here in our hall stands {a} that {s}.
        {My} came from you[ on {d}|], and it {s}.
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
        {TheO} is [not the matter|not why I write|not my concern] today.
        {TheO} does not [concern me|come into it].
        I say nothing [about|against] {theO}.
        There is nothing to [do|say|add] about {theO}.
        {MyO} is in [good|perfect|working] order.
        {MyO} [runs|goes] like a [dream|clock].
        {MyO} never let me down.
        [I have|We have] had {aO} for {k} years and it is [as good as new|still fine].
        {TheO} was [settled|sorted out|dealt with] [on {d}|long ago|last month].
        The matter of {theO} is closed.
        {n} has already [taken care of|looked after|seen to] {theO}.
        {TheO} belongs to {n}, [leave it out of this|not to me].
        {n} [uses|likes|knows] {theO}, I do not.
        {n} [wrote|asked|called] you about {theO}; [that is another matter|I did not].
        Do not [confuse it|mix it up] with {theO}.
        Someone in your house asked me about {theO}. I have no idea why.
        {TheO} [may stay|stays] [untouched|in its place].
        Let us not [talk|speak] of {theO}.
        No words about {theO} today.
        [Apart from|Besides] that, {theO} is a joy.
        I [only|just] mention {theO} because I own it too.
        [Earlier|In spring|Last summer] there was trouble with {theO}, but that is [past|over|forgotten].
        [My neighbour|My cousin|A friend] has {aO} and is [content|pleased].
        {TheO} and I are good friends.
        {MyO} [needs nothing|is not affected].
        {TheO} I [can leave out|will leave out] here.
        I would not change a thing about {theO}.
        {TheO} [passed|stood] every test.
        We also [looked at|thought of|heard of] {theO}, [but never mind|that is by the way].
        {TheO} does not enter into [this|it].
        Keep {theO} out of this.
        As far as {theO} goes, I have no complaint.
        I could not be happier with {myO}.
        You can [skip|ignore|pass over] {theO}.
        {TheO} stands next to it, [whole and clean|and all is well there].
        Once it was {theO}, [but not today|but this time it is not].
        {MyO} turned out [well|fine].
        Everybody here [likes|praises] {theO}.
        [If|Should] you think of {theO}: no, that one is [all right|fine].
        I know {theO} well, and it is not that.
        My business today is a different one from {theO}.
        All [went|goes] well with {theO}.
        The one thing that [gives no worry|is no worry] is {myO}.
        [Strange to say|Luckily|Thank heavens], {myO} is [fine|all right].
        Number {z}, {theO}, is [done|closed].
        {n} once told me about {theO}.
        I [saw|noticed] {theO} on your page too, [nice|how pretty].
        Your answer about {theO} reached me, [all clear|thanks].
        {TheO} is what my [sister|father|friend] has.
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
        I am talking about {the} and not about {theO}.
        This concerns {the}; {theO} is [another matter|not meant].
        {TheO}? No, {the}.
        No, not {theO}. {The}.
        [Correction|A correction]: {i}, not {o}.
        [On {d}|Yesterday|Last time] I [named|mentioned] {theO} by mistake; {the} is [meant|the one].
        {n} told you {o}, but [it is|the right one is] {i}.
        {n} thinks it is about {theO}. It is about {the}.
        Your colleague wrote down {o}. [Please change that to|Right is|It should say] {i}.
        Cross out what I said about {theO}. It is about {the}.
        My [words|lines|notes] about {theO} were wrong, {the} is the one.
        Where I [wrote|put|said] {o}, [put|think|understand] {i}.
        Please do not [confuse|mix up] {the} with {theO}: this is about {the}.
        [People|Many] [mix them up|take one for the other], so again: {the}, not {theO}.
        We are [speaking|talking] of {the}. {TheO} is not our subject.
        [Just|Only] {the}, and not {theO}.
        I [keep mixing them up|got the names mixed up]: {i} is right, {o} is wrong.
        If I called it {o}, I was wrong; its name is {i}.
        {TheO} is the wrong one, {the} is the right one.
        Did I say {o}? I [wanted to say|should have said] {i}.
        You [looked at|asked about|checked] {theO}. The one in question is {the}.
        The subject is {the} and never was {theO}.
        The [form|list|note] names {theO}; please read it as {the}.
        Once more: {i}. Not {o}.
        To be [exact|clear|precise]: {the} and not {theO}.
        My [last mail|first letter] should have said {i} where it says {o}.
        Ask me about {the}; {theO} is no subject of mine.
        Strike out {o}, write {i}.
        I [typed|spelled out] {o} but was thinking of {i}.
        My [son|wife|helper] wrote {o} for me, which is wrong. {The} is meant.
        You have the wrong thing in mind: {the}, not {theO}, is my concern.
        Everything here is about {the}, nothing about {theO}.
    """),
    lines("""
        Do not take {theO} for it, it is {the} that I mean.
        My letter said {o}; read {i}.
    """),
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
        I [come|write] from {p}.
        My [family|sister|brother] lives in {p} too.
        We moved to {p} on {d}.
        The [sun shines|wind blows|snow falls] in {p} today.
        It is [foggy|windy|snowing|mild] outside.
        I am {k} years old.
        My reference is {z}.
        You will find me under {z} in your [books|list|files].
        I have been a [customer|guest|reader] for {k} years.
        I know your house from {n}.
        {n} [spoke|speaks] well of your house.
        I am writing this [at work|in the kitchen|on the bus|in bed].
        I type with [one hand|two fingers|my new glasses on].
        My English is [poor|not the best], [please bear with me|I am still learning].
        I am {n}'s [neighbour|cousin|uncle|friend].
        You may remember me, I [wore a red hat|came with my dog] on {d}.
        How are you all [these days|doing]?
        I trust [all is well|everyone is well] at your end.
        I found your address [in the paper|on the wall of a cafe|by chance].
        My phone number ends in {k}.
        I [share|read] this mailbox with {n}.
        {n} [helps|is helping] me with the typing.
        [My dog|My cat] is sitting on my [feet|lap] as I write.
        I have never written to you before.
        We talked once, on a {d}.
        The [coffee|tea] is on the stove, so I keep it short.
        I am not good [with words|at writing letters].
        I am a [teacher|nurse|baker|student] [in {p}|].
        My wife [sends|says] hello.
        [Greet|Say hello to] {n} at the desk [for me|].
        I [spoke|talked] to {n} about it on {d}.
        I looked for a phone number but found [none|only this address].
        [The line was busy|Your phone was engaged] all morning.
        It took me a while to find this [address|form].
        I [like|enjoy] your letters in the post.
        I pass your [house|door|window] every {d}.
        There are {k} of us in our [house|club|office].
        My [old|other] mail address no longer exists.
        Please excuse the [small print|odd letters], my keyboard is old.
        In {p} they speak of nothing but [football|the weather|the new road].
        {p} is a [quiet|lovely|busy] place, [you should come|by the way].
        I heard that {n} works for you now.
        I work with {n} in {p}.
        I send this from my [phone|office|sister's computer].
        [I was in {p}|I visited {n}] on {d}.
        My file should be in the [blue|second] folder.
        [Well, here goes|Now to the point|So, to business].
        That is [life|how it goes].
        My sister keeps {k} [cats|hens] and a goat.
        I was told that you [read every letter|are a small team].
    """),
    lines("""
        I write this on the train to {p}.
        Forgive my spelling, I am tired.
    """),
)
GREETINGS: tuple[Wordings, Wordings] = (
    (
        "[Hello|Hi|Dear team|Good morning|Good day|Hey|Dear all],", "[Hello|Hi] {m},", "Dear {m},", "[Hello|Hi] there,",
        "Dear [Sir or Madam|Sir|Madam|Sirs],", "To whom it may concern,", "Good afternoon,", "Good [day|morning] {m},",
        "Hey {m},", "Hello [everyone|everybody|folks|friends|team],", "Hi [all|everyone|team|folks],",
        "Dear [friends|people|colleagues|helpers],", "Dear [Mr|Mrs|Ms|Miss] {m},", "Dear {m} and [team|colleagues],",
        "Greetings,", "Hello again,", "Hello [Mr|Mrs|Ms] {m},", "Ladies and gentlemen,",
        "Dear customer [service|team],",
        "Attention: {m}.", "For {m}:", "{m},", "Hi again {m},", "My dear {m},", "Hello from {m}!",
        "[Hello|Hi] you all,", "A good day to you,", "Morning,", "Dear [manager|office|shop team],", "Hello, {m} here.",
        "This is {m}.", "My name is {m}.", "Hello, I am {m}.",
    ),
    ("Good evening to all,", "Hi there {m},"),
)  # fmt: skip

ANSWERS: dict[str, Wordings] = {
    "question": (
        "We will [gladly|] tell you about {the}.", "You will hear about {the} [soon|today].",
        "We will send you [the details|a leaflet] about {the}.", "A colleague will answer your question about {the}.",
        "Good question, we will find out.", "We have all the facts about {the} here for you.",
        "Thank you for asking about {the}.", "Our page on {the} has the answer.",
        "We will write to you with all you want to know.",
    ),
    "use": (
        "Please press the [left|upper] side of {the}.", "We send you a guide for {the}.",
        "We will explain {the} to you step by step.", "Hold the switch of {the} down for a moment.",
        "The manual for {the} is on its way to you.", "Our short film shows how {the} works.",
        "A colleague will show you how to use {the}.", "Turn {the} over, the steps are on the back.",
        "It is easy, we will call and explain it.",
    ),
    "fault": (
        "Sorry, we will look at {the}.", "We will repair {the} [soon|].", "Our [mechanic|workshop] will fix {the}.",
        "We are sorry that {the} does not work.", "Please bring {the} to us, we will mend it.",
        "Someone will come and check {the}.", "We will look for the cause of the trouble.",
        "Please stop using {the} until we have seen it.", "It is good that you told us of the fault.",
    ),
    "delivery": (
        "{The} is on its way.", "We will find out where {the} is.", "The driver has {the} on board.",
        "We are tracing {the} for you.", "{The} will reach you [this week|on Monday].",
        "{The} left our house [today|yesterday].",
        "We will ask the post about {the}.", "Sorry for the wait, {the} comes soon.",
        "You will get a message when {the} arrives.",
    ),
    "booking": (
        "Your place at {the} is booked.", "{The} is reserved for you.", "We have put your name down for {the}.",
        "We are keeping {the} free for you.", "Your booking for {the} is confirmed.", "Yes, there is a place for you.",
        "We look forward to seeing you at {the}.", "Done, {the} is yours on that day.",
        "You are on the list for {the}.",
    ),
    "cancel": (
        "{The} is cancelled.", "We have called off {the} for you.", "We have taken {the} off your list.",
        "Your cancellation has reached us.", "We will not send {the}.", "{The} has been stopped, as you wished.",
        "We have crossed out {the} for you.", "It is cancelled, there is nothing more to do.",
        "A pity, but {the} is now called off.",
    ),
    "praise": (
        "Thank you, we are glad you liked {the}.", "How kind, thank you!", "Your kind words made our day.",
        "We are happy that you enjoyed {the}.", "We will pass your thanks on to the team.",
        "It is lovely to hear that.",
        "Thank you for the kind letter.", "We are proud of {the} too.", "That is so nice to read.",
    ),
    "lost": (
        "We will look for it at {the}.", "We will search {the} for it.", "We will ask everyone at {the}.",
        "We will see whether someone has handed it in.", "We will call you when it turns up.",
        "Our box of found things stands at the desk.", "Nobody has found it at {the} so far.",
        "Please tell us what it looks like.", "We hope to find it at {the}.",
    ),
    "refund": (
        "You will get the money for {the} back.", "We pay you back this week.", "The refund for {the} is on its way.",
        "We have sent your money back.", "Your money will be in your account soon.",
        "We will refund the full price of {the}.",
        "We will return what you paid for {the}.", "Sorry for the wait, we will pay today.",
        "Every coin will come back to you.",
    ),
    "swap": (
        "A new one is on its way to you.", "We will swap {the} for you.", "We will exchange {the} for another one.",
        "You will get a replacement for {the}.", "Please send {the} back, a whole one will follow.",
        "We will send another one for it.", "Sorry, we will replace {the}.",
        "Bring {the} to us and take a new one home.",
        "The exchange of {the} is arranged.",
    ),
    "bill": (
        "We will check the bill for {the}.", "A new bill is on its way.", "We will correct the sum on your bill.",
        "You can pay for {the} in parts.", "You can pay by card or in cash.", "A copy of the bill will come by post.",
        "Sorry, the bill for {the} was wrong.", "Your payment for {the} has arrived.",
        "We will explain each line of the bill.",
    ),
    "account": (
        "We have changed it in your account.", "We will help you to log in.", "Your new password is on its way.",
        "We have put the new address in your account.", "Your account is open again.", "We have closed your account.",
        "You can log in again now.", "We will unlock your account.", "Your details are up to date now.",
    ),
    "change": (
        "We will move {the} for you.", "We will find another time for {the}.", "We have put off {the} as you asked.",
        "Your new date is in our book.", "The new time is fine with us.",
        "We have moved your booking to the other day.",
        "{The} can be on another day.", "Tell us which day suits you better.", "We have changed the day for {the}.",
    ),
}  # fmt: skip
