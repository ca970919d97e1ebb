"""Train wordings by purpose that name an item.

Promise: each line carries its purpose unmistakably, whatever fills its slots (see mail_words.py for the slots); none
is a held wording of mail_purposes.py or close to one, and none is taken from the quickstart job.

Not here: labels and held wordings (mail_purposes.py), wordings without an item (mail_purpose_bare.py).
"""

from __future__ import annotations

from tools.nano.wordings import Wordings, lines

WITH_ITEM: dict[str, Wordings] = {
    "question": lines("""
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
        Is {the} suitable for [beginners|older people|small children|a left-handed person]?
        [Quick|Small|Silly] question: [what size is {the}|who made {the}|is {the} heavy]?
        Could you give me some details [about|on] {the}?
        I am curious about {the}. [What is special about it|Who is it meant for]?
        [Before I decide|Before buying anything|Before I choose], may I ask what {the} is made of?
        Any information [about|on] {the} [would help|is welcome|would be appreciated].
        Which days can one see {the}?
        My [aunt|neighbour|teacher] asked me about {the} and I had no answer. [Is it for all ages|What is it exactly]?
        Does {the} come with a [lid|booklet|guarantee|discount for students]?
        We are [comparing|looking at] a few offers. What makes {the} [better|special|different]?
        I read about {the} in [the paper|a magazine|your window]. Is [that offer|what they say] true?
        What colours does {the} come in?
        Are [dogs|babies|wheelchairs|groups] [welcome|allowed] at {the}?
        Enquiry about {the}: [opening hours|size and weight|age limit|material], please.
        [Would you say|Do you think] {the} is good for [a gift|a family of five|a rainy day]?
        I have never [seen|tried] {the}. What should I expect?
        [Wondering|Just wondering] whether {the} is [still offered|popular|made here].
        May I know who [runs|designed|looks after] {the}?
        How many people [fit in|can share|like] {the}?
        Do you offer {a} for [schools|firms|couples]?
        Is there a [minimum age|weight limit|dress code] for {the}?
        Where [do you show|could I look at|can people visit] {the}?
        [Kindly|Please] inform me about the [main features|conditions|details] of {the}.
        Since when have you had {the}? I am [writing a school report|just interested].
        Will {the} be [offered|around] [next season|in winter] too?
        [My club|Our school|My wife] is interested in {the}. Is there [a brochure|a web page|a person we could ask]?
        Does {the} [need|require] much [space|care|experience]?
        {The} [sounds|looks] interesting. Could I learn more [before I make up my mind|please]?
        [Am I right|Is it true] that {the} [is the largest in {p}|was made by hand|won a prize]?
        Tell me a bit about {the}, [would you|please].
        What [else|exactly] is included with {the}?
        People in {p} talk about {the}. What is it all about?
        I would love to hear what {the} [is like|offers].
        Whom may I ask about {the}?
        Can [a child of {k} months|my grandmother|a big dog] [enjoy|manage] {the}?
        [Compared|In comparison] with the [cheaper|smaller] one, what more does {the} offer?
        Out of interest: how [popular|old|big] is {the}?
        One thing is not clear to me: is {the} [inside or outside|for one person or for two|made of wood or of metal]?
        [Info|Facts] on {the} please: [size, weight, material|who, when and where].
        Do I have to be a member [to try|to get] {the}?
        I am planning ahead. During which months is {the} [offered|on show]?
        On your poster I saw {the}. Does it [also|really] suit [two-year-olds|tall people|people with allergies]?
        It is unclear to me what {the} includes. Could you explain what I would get?
        I have a question [about|regarding] {the}: [does it suit adults|is it handmade|is it popular]?
        {n} and I disagree. I say {the} is [the oldest in town|made of glass], {n} says it is not. Who is right?
        We want to surprise {n}. Is {the} something for a [teenager|man of {k}|quiet person]?
        Have you got {a} [with a longer handle|that suits a small room|for younger children]?
        [Apologies for asking|Sorry to ask], but what does the name of {the} mean?
        Roughly how [big|popular|noisy] is {the}?
        If it rains, is {the} [still fun|still a good idea]?
        Please let me know whether {the} is [recommended for seniors|safe near water|quiet].
        My granny is {k} and loves such things. Would {the} suit her?
        We are new in {p} and heard of {the}. What is it, and who can join in?
        Some people say {the} is [tiny|huge|outdated|brand new]. What is true?
        I am writing an article about {the}. [May I ask a few things|Who could tell me its story]?
        For whom is {the} meant: [beginners or experts|young or old|women or men]?
    """),
    "use": lines("""
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
        What is the [right|correct|best] way to [hold|carry|store|oil|fill] {the}?
        [Could|Would] you walk me through [starting|cleaning|setting up] {the}?
        I [bought|got] {a} and [cannot figure out|am not sure] how to [begin|use it|put it to work].
        How often [should|must] I [clean|oil|empty|air] {the}?
        [Instructions|A guide|Directions] for {the}, please. I [want to do it right|am a beginner].
        Can you send me the [manual|instructions|user guide|directions] for {my}?
        There was no [manual|leaflet|guide] with {my}, so how do I [use|handle|operate] it?
        [The instructions|The pages] for {the} are [in a strange language|too small to read]. How is it used?
        I read the [manual|booklet] twice. How to [adjust|fold up|empty] {the} is still a riddle to me.
        Which [button|lever|switch] on {the} does what?
        How should one [wash|dry|polish|store] {the}?
        What [soap|oil|brush] do I use to clean {the}?
        [How to|Best way to] [assemble|clean|open|hang up] {the}?
        How tight should I [close|screw|tie] {the}?
        Is it right to [shake|heat|soak] {the} before [use|using it]?
        My [father|neighbour|wife] gave me {a}, and I have no idea how [to handle it|it is used].
        For the first time I [hold|own] {a}. Which step comes first?
        Kindly explain how {the} is [operated|assembled|adjusted|looked after].
        Do I [turn|push|pull] something to [open|loosen|start] {the}?
        I would like to learn to [use|handle|look after] {the} properly.
        How do you get {the} [to stand up|to fold flat|into its case]? I am sure there is a trick.
        [Tips|Advice] on [using|storing|caring for] {the} [would be great|please]!
        May {the} go in the [dishwasher|washing machine|freezer|oven], and at what heat?
        What goes where when I put {the} together?
        I am [too old|too clumsy] for these things. How do I [attach|switch on|fold up] {the}?
        Please give me [simple|clear|short] instructions for {the}.
        {n} wants to know how to [handle|adjust|take apart] {the} [safely|].
        Can you [guide|lead] me through the first [start|use] of {the}?
        After I [open|unpack] {the}, what is the next step?
        How is {the} [mounted on a wall|taken apart|made smaller|made longer]?
        What does the [left|small|round|green] [knob|button|wheel] on {the} do?
        [Do I need|Must I use] a tool to [open|mount|adjust] {the}, and which?
        How far may I [bend|stretch|turn] {the} without harm?
        Up to now I used {the} only as a toy. How do I use it the proper way?
        I [mean|am going] to [hang up|set up|connect] {the} myself. How do I [go about it|proceed]?
        How much [water|oil|sand|air] do I put into {the}?
        A short lesson, please: how does one [work with|hold|tie] {the}?
        Is there a [film|drawing|plan] that shows how to [use|fold|assemble] {the}?
        Which setting of {the} is [meant for beginners|right for the night|best for wool]?
        It came in {k} parts. How do I [build|assemble] {the} from them?
        [Struggling to understand|I am puzzled about] how {the} [opens|locks|folds]. Could you describe it?
        Would you describe how I can [shorten|tighten|loosen] {the}?
        When I [travel|move house], how should I [pack|carry] {the}?
        How do I know that {the} is [full|clean enough|ready for use]?
        {n} threw away the instructions. How do I [run|operate|fold] {the} without them?
        I need to know the [steps|order of steps] for [cleaning|filling|folding] {the}.
        Can I [paint|cut|iron|glue] {the}, and how would I go about that?
        In the shop it looked easy. At home I do not know how to [work|handle|open up] {the}.
        How long do I let {the} [dry|warm up|rest] before I use it?
        Please write down for {n} how {the} is used.
        Nice {i}, but how do you use it?
        {n} and I sat in front of {the} all evening and did not know [how to begin|which step is first]. Please explain.
        I do not want to break {the}. What is the right way to [use|open|clean] it?
        The [knob|clip|latch] on {the} puzzles me. What is it for, and how do I use it?
        Explain it as to a child, please: how does {the} work?
        Is there a way to use {the} with one hand, and how is it done?
    """),
    "fault": lines("""
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
        {My} [quit|gave up|failed|died] [on {d}|last night|after a week].
        [Sorry to say|I am afraid] {my} {s}.
        There is [a problem|trouble|an issue] with {my}: it {s}.
        [Complaint|Problem|Fault report]: {the} {s}.
        [Why on earth|How come] {the} {s}? [It is annoying.|]
        {My} [refuses to work|has given up|is out of order].
        {The} has [a defect|a fault], it {s}.
        I [wish|would like] to report a fault: {the} {s}.
        I am [annoyed|upset|disappointed]: {my} {s}.
        [We|I] were all ready to begin when {the} failed.
        Yesterday all was well. Today {my} {s}.
        {n} [noticed|saw|told me] that {the} {s}. Please check.
        [Could|Would] you [inspect|check|examine] {my}? It {s}.
        I wish {my} would work again. It {s}.
        {The} {s}, and nothing I do [helps|changes that].
        [Only|Just] {k} days old, and {my} already {s}.
        {The} is [faulty|defective|out of order]. [Please mend it.|It {s}.|]
        Can a [mechanic|technician|handyman] [see to|look after] {my}? It {s}.
        {My}: [broken|defective|out of order]. [Please repair.|Repair possible?]
        I [dropped nothing|did nothing wrong|was careful], yet {my} {s}.
        We tried [everything|a lot], but {the} stays [dead|stuck].
        [Help|Oh dear], {my} {s}!
        I would be [glad|grateful] if you could [repair|mend|fix] {my}.
        A [piece|part|corner] of {the} [broke off|snapped|came loose].
        It is the [second|third|fifth] time that {the} {s}. [It must be repaired.|Please do something about it.]
        First it only [squeaked|flickered|wobbled]. Now {my} {s}.
        Every time [I|{n}] [touch|use|try] {the}, something [cracks|jams|goes wrong].
        Surely {the} is not supposed to do that: it {s}.
        {My} has been [acting strangely|playing up|behaving oddly] [since {d}|for days].
        No matter what I try, {my} {s}.
        Bad luck with {my}: it {s}.
        I want to use {the}, but I cannot, because it {s}.
        When I came home on {d}, {the} was [broken|in pieces].
        What might be the [cause|reason] that {my} {s}?
        How do I get {my} [repaired|mended|going again]? It {s}.
        Do you [mend|repair] such things? {My} {s}.
        {The} [worked|ran] for {k} days. Then it [gave out|broke down|fell silent].
        We are sitting here with {a} that {s}.
        [Regrettably|Unluckily|Once again], {the} {s}.
        [I must report|Please note] that {the} is [defective|broken|not working].
        {The} broke [while {n} was using it|in the middle of the day|last {d}].
        My [daughter|brother|guest] [tried|wanted] to use {the}, and it [broke|jammed|went dead].
        It [rattles|creaks|buzzes] inside {the}, and nothing [moves|works].
        Where can I bring {my} for repair?
        {The} ought to work, but it {s}.
        The {i} that [belongs to {n}|we use] has stopped working.
        {The} is in bad shape: it {s}. Please [send someone|see to it].
        For no reason at all {the} {s}.
        [I think|It looks like|I suspect] {my} has [a short circuit|a loose part|a fault inside].
        {The} lets us down, it {s}.
        Somehow {my} got [jammed|stuck|damaged], and it is of no use like this. [Can it be mended?|Can you fix it?]
        Your {i} does not do its job: it {s}.
        We sat down to [dinner|work|play], and then it happened: {the} {s}.
        The neighbours laugh already, because {my} {s}. Please repair it.
        I took good care of {my}. Even so it {s}.
        {n} has tried to mend {the} and failed. It still {s}.
        This is a complaint: {the} [gave out|broke|failed] after {k} days.
    """),
    "delivery": lines("""
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
        Any [news|idea] where {my} [is|might be]?
        Has anyone [seen|traced] {my}? It [was sent|left you] on {d} and never [came|got here].
        I am still [waiting for|without|looking out for] {my}. [When can I expect it?|]
        Could you [check|find out|look up] where {the} [is|has got to]?
        [Tracking|Shipment|Delivery] of {the}: what is the [state|status]?
        {My} was [promised|due|announced] for {d}. It is [not here|nowhere to be seen].
        [When|On which day] [can|may|should] I expect {the}?
        How much longer [must|do] I wait for {the} to [arrive|get here]?
        The [tracking page|tracking number|app] says nothing about {the}. [Was it sent at all?|Where is it?]
        Has {the} been [shipped|dispatched|posted|handed to the courier]?
        Did you [ship|dispatch|post] {my} [yet|on {d}]?
        I stayed home all {d}, but no one [brought|delivered] {the}.
        The [courier|postman|carrier] says {the} was delivered. I [have not got it|never saw it].
        My neighbours do not have {my} either. Where did the [courier|postman] leave it?
        What has [become of|happened to] {the} that you [sent|shipped] [on {d}|]?
        {The} must have [gone astray|got lost on the road]. Can you trace it?
        {k} days and still no {i} at my door!
        The driver was to leave {the} [at my neighbour's|at the back door]. It is not there. Where is it?
        On which day will {the} [reach|get to] {p}?
        [Kindly|Please] let me know when {the} [will be delivered|leaves your house|is on the van].
        I would like to know [on which van|in which depot|in which town] {my} is now.
        Can {the} be delivered on {d}? [I am at home then.|]
        I wish {the} were here already. When does it [come|arrive]?
        Order {z}, {the}: not [delivered|arrived] yet.
        Status of {my}, please: [sent or not sent|on the road or still with you]?
        {My} has been on the road for {k} days. How far is it?
        [Late|Slow|Delayed] again: {the} [should be here by now|is not here yet].
        It was said that {the} would come on {d}. I [waited|sat at the window] for nothing.
        The van [passed by|drove past] and {the} was not [unloaded|dropped off].
        A card in my letter box says {the} was brought back to the depot. When will you try again?
        Who brings {the}, the post or a courier, and when?
        So that I can be at home: [when|at what hour] is {the} delivered?
        I paid long ago, and {the} has yet to [arrive|turn up|reach me].
        [Our|The whole] family is waiting for {the} to [arrive|turn up].
        {The} went to {p} by mistake, I [think|suspect]. Can you send it on to me?
        [Nothing|No package] has [come|reached us] so far. {The} was to be here on {d}.
        Did {the} get stuck [at the border|in customs|in the snow]?
        How is {the} sent, and how long will it be on the way?
        In the app {the} has been "on its way" since {d}. Is that right?
        I moved the furniture to make room for {the}, and now it does not come. When will it?
        Is {the} still in your store or already on the [truck|train|road]?
        Is {the} lying at the depot, or is it on its way to me?
        {n} ordered {the} for me. When is it going to arrive?
        My friend got her {i} on {d}, mine has still not come.
        [Disappointed|Not happy]: {the} is {k} days late.
        Let me know the [day|hour] when {the} reaches me.
        I keep looking down the road for {the}. Has it [set out|left] at all?
        The ship with {the} was to dock on {d}. Any word?
        Why is {the} taking so long to get here?
        I am away on {d}. Will {the} come before?
        The package with {the} never reached {p}.
        The van stopped at every house in our street but ours. Where is {the}?
        You wrote that {the} left on {d}. I have seen nothing of it.
        My wife asks me each evening whether {the} has come. What shall I tell her?
        The tracking says {p}. What is {the} doing there?
        From {p} to here is not far, and yet {the} has been on the way for {k} days.
    """),
    "cancel": lines("""
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
        [Kindly|Please] [annul|void|withdraw] my order for {the}.
        {The}: [cancel|cancelled from my side|please call off].
        We have [decided against|no more need of] {the}. Please [cancel it|call it off].
        I [wish|have decided] to [withdraw from|back out of|get out of] {the}.
        [Scratch|Scrap|Drop] {the}, [please|will you].
        My plans [changed|fell through], so [cancel|call off] {the}.
        [Please do not|Do not] go ahead with {the}.
        Is it too late to [cancel|call off|get out of] {the}?
        By when [must|can] I cancel {the}?
        [How|Where] do I cancel {the}?
        I [found|got] another one, so you can [cancel|drop] my order for {the}.
        My [husband|sister|boss] has already got us {a}, so please cancel mine.
        You can give {the} to somebody else, [we are out|I do not need it any longer].
        [Cancellation|Notice of cancellation]: {the}[, order {z}|, {d}].
        I [take back|withdraw] my [order|request] for {the}.
        I clicked too fast. I never wanted {the}. Please cancel.
        [Count me out|Leave us out]: no {the} for us [on {d}|].
        {n} [has other plans|broke a leg|cannot come]. That is why we must cancel {the}.
        Would it be possible to cancel {the} [without a fee|at this stage]?
        I do not want {the} any longer. [Please stop it.|Stop the order.]
        [Hold|Halt] my order: {the} is no longer [needed|wanted].
        [Strike|Cross] {the} off, we [cannot come|have no room for it].
        Please treat my order for {the} as [void|withdrawn|cancelled].
        It was a mistake to [order|book] {the}. Please undo it.
        [On second thoughts|After a long talk], we do not want {the}. Cancel it, please.
        [Unfortunately|Alas] I must [drop|give up|cancel] {the}.
        As of {d} I do not [want|need] {the} any more.
        I ordered {the} only yesterday. Let me get out of it.
        Please confirm that {the} is [cancelled|called off|off].
        I wrote on {d} that {the} is to be cancelled. [Has that been done?|Please do it.]
        {The} has become [too dear|pointless|useless] for us, so please call it off [in time|before it starts].
        [Our trip|The party|The feast] is off, and so is {the}. Cancel it, please.
        We are moving to {p}. So please [stop|cancel] {the}.
        May I [cancel|call off] {the} until {d}?
        I am out of [work|money], so I have to cancel {the}.
        No {i} after all. Please [take my order out|stop the order].
        Let us call {the} off.
        [Nobody|None of us] [wants|needs] {the} any more; please cancel.
        The doctor says no. Therefore I cancel {the}.
        Do not [prepare|pack|keep] {the} for me, I [cancel|withdraw].
        I want out: please cancel {the} [for good|completely].
        Be so kind as to [cancel|call off] {the} for {n}.
        I said yes to {the}. Now I say no.
        {n} asked for {the} without telling me. We do not want it, please cancel.
        Remove {the} from [my order|order {z}], [please|thank you].
        [It hurts me|I am sorry] to cancel {the} so late.
        I wish to end my order of {the}[, without a new one|].
        There will be no need for {the}, so [call it off|let it drop].
        We [have given up|gave up] on {the}. Kindly cancel.
        We talked it over at home and do not want {the}. Please call it off.
        {n} will not come with me, and alone I do not want {the}. Please cancel.
        I thought we needed {the}. We do not, so I cancel.
        Do me a favour and cancel {the}.
        Can you take back my order for {the}? I have thought better of it.
    """),
    "refund": lines("""
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
        [When|On what day] will I be [refunded|paid back|reimbursed] for {the}?
        I [demand|request|ask for|insist on] a refund for {the}.
        [Kindly|Please] [reimburse|repay] me for {the}.
        [Refund|Money back|Repayment] for {the}, please.
        I have [returned|given back|brought back] {the}. [Where|When] is my refund?
        My refund for {the} has not [come|arrived|been paid] yet.
        {k} coins for {the} should be back [in my bank|on my card], and they are not.
        I am not [happy|satisfied|content] with {the} and want [a refund|my money returned].
        Do I get [all|part] of the money back for {the}?
        Can you [put|transfer] the money for {the} back [on my card|into my bank]?
        {The} was [cancelled|called off] by you, so I want my money back.
        You [promised|agreed] to refund {the}. [I see no money.|Nothing has come so far.]
        [You owe me|You still have] {k} euros for {the}. Please return them.
        {The} is [no good|not as described|a disappointment]. Give me my {k} dollars back.
        We [never got|did not get] what was promised with {the}. We want our money back.
        How long does a refund for {the} take?
        What must I do to be [refunded|paid back] for {the}?
        I would rather have the money back than {the}.
        Since {the} [did not please us|was so bad], [return|refund] what I paid.
        [No repair|No exchange], please: I want the money for {the} back.
        I gave {the} back [in the shop|at the desk] on {d}. The [lady|man] said the money would follow.
        My bank shows no refund for {the}.
        Half of the money for {the} came back. Where is the other half?
        I wish to give back {the} and get back the {k} coins.
        Is {the} [refundable|something you pay back]? I would like the money.
        Please [transfer|send] me the price of {the} again; I do not [keep|want] it.
        {n} says I have a right to my money back for {the}.
        We [paid|spent] {k} pounds for {the} and want every one of them back.
        For {the} that {s} I want my {k} coins returned.
        Order {z}, {the}: refund still [open|missing].
        I [trusted|believed] you. Now I want my money for {the} back.
        I [regret|am sorry about] buying {the}. May I have my money back?
        How about my money? {The} has been back with you for {k} days.
        I would be [glad|thankful] to see the money for {the} again.
        It has been {k} days since you got {the} back, and no coin was repaid.
        {The} does not [suit|please] [me|{n}]. Do you give money back?
        Could the {k} euros for {the} be paid back in cash?
        Please put the cost of {the} back on my card.
        I will bring {the} back on {d}; please have my money ready.
        As agreed, I expect a full refund for {the}.
        I wrote about the refund for {the} [twice|on {d}]. Still no money.
        To be honest, {the} was a waste. [My money back, please.|Please repay me.]
        You took {the} back but kept my money.
        Let me have back what {the} cost me.
        No, I do not want a coupon for {the}. I want real money back.
        I claim the {k} dollars for {the} back, [it never came|it was not worth it].
        [Our|My] money for {the} has not been returned.
        I trust that you will repay the {k} coins for {the}.
        It was said: not happy, money back. I am not happy with {the}.
        Where do I [apply|ask] for a refund of {the}?
        We tried {the} for {k} days and sent it back. So far we have not been refunded.
        I did as you said and returned {the}. Now it is your turn: the money, please.
        My sister got her money back for {the}. I want mine too.
        You took back {the}, so the price of it is mine again. Please transfer it.
        Nobody told me why the refund for {the} is taking so long.
    """),
    "swap": lines("""
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
        [Could|Can|Would] you [replace|exchange|switch] {the} [for me|]?
        I would like [a replacement|a fresh one|a different one] for {my}.
        [Replacement|Exchange|Swap] for {the}, please.
        {The} is [too small|too large|too short]. I would like the [next size|bigger size|smaller size] in exchange.
        I [ordered|wanted|chose] a blue {i} and got a [grey|green|brown] one. Please [exchange|replace] it.
        The colour of {the} is wrong. May I [swap|exchange] it?
        [Is it possible|Would it be possible] to [exchange|replace|swap] {the}?
        How do I [exchange|swap] {my} for [another size|another colour|a working one]?
        {The} was [damaged|scratched|dented] when I opened the box. Please [replace it|send me a fresh one].
        [Please replace|Kindly replace] {the}; it {s}.
        I do not want money, I want {a} that [works|is whole].
        A repair is not enough. I ask for a [new|different] {i}.
        You delivered {a} that {s}. Please [trade|exchange] it for a good one.
        {n} got the wrong {i}. Where can we [exchange|swap] it?
        May I bring {the} to your shop and take home a different one?
        I got two left ones. Please swap one {i} for a right one.
        Instead of a large {i} a small one came. Please exchange it.
        This {i} is not the one I picked. Please [send the one I chose|change it for the proper one].
        If you still have {a} without scratches, I would like to exchange mine.
        I [hope|wish] for a replacement, as {my} {s}.
        Could I trade {my} for {a} in another [colour|size|shape]?
        My {i} {s}. [Will you replace it?|Do I get a replacement?]
        {The} [does not fit|pinches|is too tight]. One size [up|down], please.
        We want to [trade in|hand back] {the} for a [different|newer] {i}.
        [Exchange|Swap] needed: {the} {s}.
        The new {i} is as bad as the first. Please send me a third one.
        I [unpacked|opened] {the} and it was [cracked|broken]. Please [send another|let me have another].
        As this {i} {s}, I am entitled to a replacement.
        The {i} of my [brother|neighbour] {s}. Does he get a different one?
        When will you send the replacement for {the}?
        I sent {the} back for exchange on {d}. Is the new one ready?
        Please take {the} back and give me a [bigger|smaller|lighter|darker] one.
        I have {a} that {s}, and I would like it replaced.
        Would you be so good as to replace {the}?
        The lid of {the} was missing. Please [send a complete one|replace the whole thing].
        We love the shape of {the} but not the colour. Can we change it for a [red|white|black] one?
        The box said {i}, but in it was something else. Please send what I ordered in exchange.
        Someone packed the wrong {i}. Mine should be [green|twice as big|made of wood]. Please change it.
        Fixing it makes no sense: please give me a different {i}.
        Mine is [scratched|stained|bent]. I want a {i} that is [clean|straight|perfect].
        [Not what I ordered|Wrong model]. Please exchange {the} for the right one.
        You replaced {the} once. It {s} again, so I need yet another.
        It is still under guarantee, so please replace {the}.
        I would gladly swap {the} for [a lighter one|the model in your window].
        {The} is fine, only the wrong size. Can I change it?
        My daughter wanted the other {i}. May we exchange ours?
        Do you exchange {a} that [was a present|has been opened]?
        On {d} I bought {the}; today I want to exchange it for a different [type|size|colour].
        What do I have to do for an exchange of {the}?
        Please arrange a replacement for {the}.
        Out with the old: please send a fresh {i} for mine that {s}.
        We had hoped for a [stronger|softer] {i}. Would you change ours for such a one?
        The present was a hit, but the {i} is too small for {n}. May we have a larger one instead?
        I waited for weeks, and then came {a} that {s}. Please replace it.
        Once you mended {my}, and again it {s}. This time I want a different one.
        You offered a repair. I would sooner have a fresh {i}.
        Let us trade: you get back {the} that {s}, I get a good one.
    """),
    "bill": lines("""
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
        [Question about|Something is odd on|I do not understand] the bill for {the}[.|: why {k} coins?]
        [Could|Would|Can] you [check|correct|explain] the [bill|invoice] for {the}?
        The [invoice|receipt] for {the} [has not come|is missing|got lost in the mail].
        Somehow {the} was [billed|charged|invoiced] [twice|double|three times].
        Your [invoice|bill] lists {the} [twice|for {k} pounds too much].
        I [need|require] [an invoice|a receipt|a proper bill] for {the} [for my tax office|for my boss|].
        [Invoice|Receipt|Bill] for {the}, please[, to {n}|].
        We agreed on {k} coins for {the}, [but you charged more|yet the bill is higher].
        What [is|are] the extra {k} euros on the bill for {the}?
        There is a [charge|fee|sum] for {the} on my card that I [do not know|cannot explain].
        On my bank [statement|page] I see {k} dollars for {the}. What for?
        By [what day|when] do I have to pay for {the}?
        May I pay the bill for {the} [next month|in two parts|after {d}]?
        Do you [take|accept] [cash|cards|cheques] for {the}?
        How [can|do] I pay for {the}?
        I [want|would like|prefer] to pay for {the} [by bank transfer|in cash|with my card|in small parts].
        My payment for {the} [was refused|failed|did not go through].
        The card machine refused my card when I wanted to pay for {the}.
        I paid for {the} on {d}, and now [a reminder came|you ask for the money again].
        You sent me a reminder for {the}, but I [have paid|paid long ago].
        [Please send|Email me|Mail me] the receipt for {the} [again|once more].
        The discount of {k} coins is not on the bill for {the}.
        Why was no discount [given|taken off] when I paid for {the}?
        The bill for {the} should go to [my firm|{n}|my husband], not to me.
        [Wrong|Odd|Strange] sum on the invoice for {the}[: {k} pounds too much|].
        Please make out the bill for {the} to {n}.
        Please put {the} and the rest on one bill.
        Is tax [included|contained] in the {k} coins for {the}?
        Did you get my [money|payment|transfer] for {the}? I sent it on {d}.
        I have [never ordered|nothing to do with] {the}. Why is it on my bill?
        My bill says {the}, {k} euros. I was told it is free.
        [Which|What] account number do I use to pay for {the}?
        The [sum|total|amount] for {the} [looks|seems] [too high|wrong|odd] to me.
        Someone added {the} to my bill by mistake. Please [correct|look at] the bill.
        On the receipt for {the} the date is [missing|wrong].
        Please split the bill for {the} between {n} and me.
        I would like to settle the bill for {the}. Where do I send the money?
        I cannot open the invoice for {the} that you mailed.
        The first bill for {the} said {k} dollars, the second one says more. Which one counts?
        When will you take the money for {the} from my [bank|card]?
        Who gets the bill for {the}, [{n} or I|my firm or I]?
        Please charge {the} to my other card.
        The voucher was not [accepted|counted] when I paid for {the}.
        I was promised {the} at half price. The invoice shows the full price.
        How come {the} costs {k} coins more on the invoice than on the [label|tag]?
        Payment for {the}: [cash or card|before or after]?
        [No bill|No invoice] for {the} so far. I want to pay.
        Thanks for {the}, but the bill came twice. Which one do I pay?
        Let me pay {the} off in {k} small parts.
        Was it right to charge me {k} pounds for {the}? Please go through the bill again.
        It is about the invoice for {the}: the [address|tax number|date] is not right.
        We need a copy of the bill for {the}.
        I added it up three times: the bill for {the} is {k} coins too high.
        My wife paid for {the}, and then I paid too. Please check your books.
        It said free of charge. Even so {the} is on my bill.
        The tax office asks for the invoice for {the}. Can you send it?
        I would like to pay for {the}, but your page will not take my card.
    """),
    "booking": lines("""
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
        [Could|Would|Can] you [book|reserve|save] {the} for [us|my family|{k} people]?
        I [wish|would love|hope] to [reserve|book] {the} [for {d}|for two].
        [Booking|Reservation] for {the}: {n}, {d}, {k} people.
        One [place|seat|spot] at {the} on {d}, please.
        [I am happy|We would love] to enrol for {the}[, starting on {d}|].
        Is {the} still [free|available] on {d}? If so, [book it|put my name down|I will take it].
        Do you have [anything|a spot|a place] left for {the} on {d}? I would like to book.
        How [can|do] I [book|reserve|make a reservation for] {the}?
        Where do I [sign up|register|put my name down] for {the}?
        We come on {d}, {k} people in all, and want to reserve {the}.
        [Kindly|Please] [note|enter|register] {n} for {the} on {d}.
        I want to make a [booking|reservation] for {the}.
        [My class|Our club|A group from {p}] would like to book {the} for {d}.
        Save [me|us] a [spot|place|seat] at {the}[, please|, would you].
        My [son|daughter|mother] would like to take part in {the}. Please put us down.
        It is my birthday on {d}. I would like to [reserve|book] {the} for {k} guests.
        Please hold {the} for [us|{n}] until {d}.
        We are coming to {p} on {d} and want to book {the} in advance.
        [Two|Three|Four] for {the} on {d}[, in the name of {n}|, please].
        Count [me|us|{n}] in for {the} on {d}.
        I hereby [book|reserve] {the} for {d}.
        May [I|we] reserve {the} for the [whole day|morning|evening]?
        Can one still get [a place|a seat] at {the}? [Then please keep one for {n}.|I want to reserve.]
        If {d} is free, reserve {the} for [us|me].
        Who takes bookings for {the}? I would like [a place|to book].
        Add {n} to [the list|those coming] for {the}.
        [I am|We are] keen to join {the}. Please [reserve|keep] a place.
        We would be happy to get a place at {the} on {d}.
        Last year we came too late. So this time I book {the} early, for {d}.
        I saw that {the} is [nearly full|filling up]. Please keep {k} places for us.
        On {d} I would like to [come to|use|try] {the}. Can you reserve it?
        Put {k} people from {p} on the list for {the}.
        [Reserve|Book] {the}, {d}, name {n}.
        Do I need to reserve {the}? If yes, please do so for {d}.
        Please confirm a booking of {the} for {n}.
        I want to treat {n} to {the} on {d}. Please book it.
        We [hope|wish] to spend {d} at {the}; please reserve for {k}.
        I would like to get a ticket for {the} on {d}.
        Could we have {the} to ourselves on {d}? I want to hire it.
        Please keep {the} free for us on {d}.
        [A reservation|A booking] for {the}[, please|, in the afternoon], for {k} persons.
        Let me book {the} for my [parents|guests|team].
        Is it possible to book {the} [online|by phone|for a group]? We want {d}.
        My friends and I have made up our minds: we take {the} on {d}. Please book.
        A place for a child at {the} on {d}, please.
        {n} wants to try {the} for the first time. Please register us both.
        Would there be space at {the} for {k} on {d}? We want to reserve.
        Please enter our group for {the}.
        First booking with you: {the}, {d}, {k} persons.
        I have never been to {the} and would like to get a place [for {d}|].
        We book {the}, same as every year.
        We were at {the} last year and loved it. Please reserve it for us again, on {d}.
        {n} comes to visit on {d}, and we would like to go to {the}. Two places, please.
        I heard that one must book {the}. So here I am: {k} people, on {d}.
        Please tell me that {the} is free on {d}, and write us down.
        Our first choice is {the} on {d}. Please make a reservation.
    """),
    "change": lines("""
        Can [I|we] move {the} [to|from] {d}?
        I [want|would like] another day for {the}.
        Please change {the} to {d}.
        Is it possible to have {the} [later|earlier]?
        {d} is bad for us, can {the} be on another day?
        I need a later time for {the}.
        Please move my place at {the} to {d}.
        We [booked|have] {the} for {d}. May we come a day later?
        Another hour for {the} would suit me better.
        [Could|Would|Can] you [shift|put off|postpone] {the} [until {d}|by a week|]?
        I [have to|must|need to] [move|postpone|reschedule|shift] {the}.
        [Please reschedule|Kindly reschedule|Reschedule] {the} [for|to] {d}.
        [Instead of {d}|Rather than {d}], we would like {the} [a day earlier|a week later|on another day].
        {The} is on {d}, but I [have to work|am away|am at the doctor] then. Is another day possible?
        Can {the} be [postponed|brought forward|put back] [a little|by an hour|]?
        [New date|Change of date|Other time] for {the}: {d}, please.
        We [would prefer|prefer] {d} for {the}, if [you can change it|it can still be moved].
        [Swap|Switch] my [date|day|time] for {the} to {d}, please.
        My train [comes late|is late] on {d}. May I come to {the} an hour later?
        {n} cannot make it [that day|on {d}], so we ask for a new date for {the}.
        May I come to {the} on {d} [rather than|and not on] the day we agreed?
        We still want {the}, [only|but] on [another day|a later day|an earlier day].
        Is there [another|an earlier|a later] date for {the}? Mine [clashes with work|does not suit me any more].
        I [booked|reserved] {the} for the wrong day. Please change it to {d}.
        I got the date wrong: {the} should be on {d}.
        The time of {the} [does not suit us|is bad for {n}]. [Later, please.|Can we have another?]
        What other days can you offer me for {the}? On mine I cannot come.
        Please [push|put] {the} back [to {d}|by {k} minutes|a week].
        Something came up, so can we do {the} on {d}?
        I would like to come to {the} in the [morning|evening], not in the [afternoon|night] as booked.
        It would suit me better to have {the} on {d}.
        [Could|May] we [start|begin] {the} {k} minutes later?
        [Not|No longer] {d}: please give me a new day for {the}.
        I wish to change the [date|hour|day] of {the}.
        How do I [change|move] my date for {the}?
        Is it too late to [change the day|pick a new time] for {the}?
        My shift was changed, so I must [move|shift] {the} too.
        We have {the} at nine. Would eleven be all right?
        {n} has an exam on {d}, so please [put|shift] {the} to [the day after|the week after].
        Date change, {the}: from {d} to [the weekend|next week|the week after].
        I will not make it to {the} on {d}. Give me the next free day.
        Please let us have {the} in [another room|the other building|the garden] instead.
        Can we hold {the} [indoors|somewhere else|in a larger room] this time?
        Please rebook me for {the}, [any other day will do|{d} would be perfect].
        We do not want to give up {the}, we only need another date.
        Our guests come later, so {the} must be put off until {d}.
        Might {the} be moved to the [morning|afternoon|evening]?
        If there is a free spot on {d}, I would like to change {the} to that day.
        [Earlier|Later] would be better for {the}; can you arrange that?
        Our bus leaves early. Could {the} be an hour before the time we have?
        A different day for {the}, please: [{d} suits us|I have to be in {p}].
        I mixed up my calendar. {The} has to move to {d}.
        Move us, please: {the}, from {d} to [the next day|a week later].
        The weather will be bad on {d}. Let us have {the} on a dry day instead.
        We are stuck in {p}. Is it possible to put {the} off by a day?
        I already have {the} for {d}. Now I would rather come [in the evening|the week after].
        I hope it is no trouble to give {n} another date for {the}.
        Would you mind moving {the} to the following week?
        Please find [me|us] a new time for {the}.
        My {d} is full, so I ask for {the} on a different day.
        Same people, same {i}, only a new day: {d}.
        As {n} is away on that day, please [delay|shift] {the}.
        We looked forward to {the} on {d}, but {n} has to work. Which other day can you give us?
        {The} stays, only the day must be a different one.
        My dentist chose the same hour as {the}. Could you put me in another one?
        I would come to {the} with pleasure, just not on {d}. Any other day is all right.
        The hall is too small for our group. Can {the} take place in a larger one?
    """),
    "praise": lines("""
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
        [Thank you so much|Many thanks|Thanks a lot] for {the}! [It is a joy.|We adore it.|]
        {The} is [a delight|a dream|superb|fantastic|brilliant].
        [Just|Only] a line to say how much I [like|love|enjoy] {the}.
        I am [delighted|thrilled|so pleased] with {the}.
        [Compliments|My compliments|Bravo], {the} is [first class|a work of art|top].
        {The} [exceeded|beat] all our [hopes|expectations].
        Hats off to you for {the}!
        I [want|wish|would like] to thank [you|all of you|the team] for {the}.
        [Five stars|Ten out of ten|Full marks] for {the}!
        I have never [seen|had|known] such a [fine|good|charming] {i}.
        We [keep|cannot stop] talking about {the}, it was that good.
        {The} brought [a smile to my face|tears of joy to my eyes|us so much fun].
        [No complaints|Nothing to complain about], only praise: {the} is [wonderful|super].
        What a [joy|treat|pleasure] {the} is!
        I will [recommend|praise] {the} to [all my friends|everyone in {p}].
        [Everyone|Everybody|The whole family] [likes|loves|admires] {the}.
        {n} sends [a big hug|a thousand thanks|warm thanks] for {the}.
        Since we have {the}, life is [better|more fun|so much easier]. Thank you.
        You have made {n} very [happy|proud] with {the}.
        I had my doubts at first. Now I love {the}.
        Keep it up! {The} is [amazing|just great|a hit].
        {The} deserves [a prize|a medal|all the praise].
        We were [charmed|amazed|impressed] by {the}.
        I am writing to [say thank you for|praise] {the}.
        My [mother|son|whole class] was [over the moon|so glad] about {the}.
        I could not be happier with {the}.
        It is rare to find {a} as [good|fine|pretty] as yours.
        Great {i}, great people, thank you!
        [Love|Loved] {the}! [Thanks.|Well made.|So good.]
        How [kind|clever|thoughtful] of you to make {the} so [nice|pretty|comfortable].
        {The} is worth every coin. I am a happy [guest|customer|person].
        [Perfect|Excellent|Splendid]: {the}. Thank you, dear team.
        Please tell whoever is behind {the} that it is [marvellous|beautiful].
        Your {i} is the [nicest|finest|best] far and wide.
        Thanks to {the} we had a [wonderful|happy|perfect] [day|{d}].
        We look back with joy on {the}. What a success!
        With {the} you have hit the mark. I am full of praise.
        I must say, {the} is even [better|prettier] than I thought.
        Nothing but [praise|good words] for {the} from {n} and me.
        A [friend|colleague] told me {the} is good. It is better than good!
        {The} really is something special. Big thanks!
        I have to tell you this: {the} made my day.
        On behalf of {n}, a warm thank you for {the}.
        I was so happy about {the} that I had to write.
        All of us [in {p}|at home] are grateful for {the}.
        If only all things were as good as {the}! Lovely work.
        Where others fail, you shine. {The} is a pearl.
        We wish every house had {a} like yours. Thank you!
        Your team did an outstanding job with {the}.
        Nice work on {the}, [folks|everyone].
        May you go on like this: {the} is a treasure.
        After {k} days with {the} I am still full of joy.
        [Kudos|Congratulations], {the} turned out [beautifully|so well].
        We came as strangers and left as friends. {The} was wonderful.
        At first {n} did not want {the}. Today you cannot part the two. Thank you!
        I do not often write such mails, but {the} is a real joy.
        There is nothing to mend and nothing to ask: {the} is simply great.
        My grandfather smiled for the first time in months, thanks to {the}.
    """),
    "lost": lines("""
        I [left|forgot] my {t} at {the}.
        Did anybody find a {t} at {the}?
        My {t} is lost, I [think|believe] it is still at {the}.
        {n} lost a {t} [near|at] {the} on {d}.
        I am looking for my {t}, I had it at {the}.
        We forgot a {t} at {the}.
        Is my {t} still at {the}?
        Has [anyone|someone|a guest] [handed in|brought you|picked up] a {t}? I [lost|dropped] mine at {the}.
        I [think|fear|am sure] my {t} [stayed|was left] [behind|] at {the}.
        [Lost|Missing|Left behind]: one {t}, at {the}, on {d}.
        [Lost property|Lost and found]: a {t} with the name {n}, left at {the}.
        When I got home, my {t} was missing. I last [saw|had] it at {the}.
        [Could|Would] you [search|look around] {the} for my {t}? I [lost|left] it there.
        Please [look|check] whether my {t} is still [lying|hanging] at {the}.
        My [daughter|son|father] left a {t} [behind|lying] at {the}.
        I dropped my {t} somewhere [near|around|at] {the}.
        We were at {the} on {d}, and my {t} [got lost|went missing|was left there].
        Do you have a [lost property box|lost and found]? My {t} [was forgotten|disappeared] at {the}.
        If you find a {t} at {the}, it [is mine|belongs to {n}].
        Silly me, I went home without my {t}. It must be at {the}.
        Was a {t} [found|handed in|left] at {the} [on {d}|]? I miss mine.
        I [miss|cannot find] my {t} since I was at {the}.
        In all the fun I forgot my {t} at {the}.
        {n} is [sad|in tears]. A {t} is lost, last seen at {the}.
        I have lost a {t}. It may have [fallen|slipped] from my bag at {the}.
        My {t} must have [fallen out of|slipped out of] my pocket at {the}.
        Has my {t} turned up? I [forgot|lost] it at {the} [last week|on {d}].
        After {the} my {t} was gone. Did [someone|your staff] keep it for me?
        [Please keep|Please put aside] my {t}, I left it at {the}. I will pick it up on {d}.
        Can I [pick up|collect|fetch] the {t} that I left at {the}?
        Whom do I ask about a {t} that was lost at {the}?
        I am missing a {t} since our visit to {the}.
        [We|I] searched everywhere at home. The {t} can only be at {the}.
        Seen a {t}? I lost it at {the}.
        I took my {t} to {the} and came back without it.
        [Yesterday|On {d}] I put my {t} down at {the} and walked off without it.
        There should be a {t} of mine at {the}. I left it [under a chair|on a bench|by the door].
        My {t} is lost. Perhaps somebody found it at {the}?
        A {t} that means a lot to me was lost at {the}.
        I wish I had my {t} back, I lost it at {the}.
        [On the way|Between the door and] {the} I lost my {t}. Did you find it?
        The {t} I forgot at {the} has my name on it: {n}.
        Would you call me if someone hands in a {t} at {the}?
        By mistake someone took my {t} home from {the}. Has it been brought back?
        The cleaner may have found my {t} at {the}. Please ask her.
        Please be so kind and look for a {t} that {n} left at {the}.
        Where do you keep [lost things|what people leave behind]? I am looking for a {t} from {the}.
        Forgotten at {the}: my {t}.
        Our {t} did not come home with us. We were at {the} all day.
        At home I saw that I had no {t} any more. I guess it lies at {the}.
        A {t}, almost new, went missing at {the} on {d}. It is mine.
        I went home without thinking, and my {t} stayed at {the}.
        Perhaps you have found my {t}; I sat at {the} until late.
        It is about a lost {t}. I was at {the} with {n}.
        Any chance that my {t} was found at {the}?
        One of us left a {t} at {the}, and we would like to have it back.
        My child cries for a lost {t}. It must lie somewhere at {the}.
        Did you happen to come across a {t} at {the}? I lost one.
        I lost something at {the}: a {t}.
        Please hold on to my {t} if it is found at {the}.
        We drove back to {p} and forgot a {t} at {the}. Can you send it after us?
        We had a fine time at {the}. Only my {t} did not come back with me.
        {n} put a {t} on a chair at {the} and forgot it there.
        I turned my car upside down. My {t} can only be at {the}.
        Someone sat next to me at {the} and may have seen my {t}, which I left there.
        On {d} we came to {the} with a {t} and left without one.
    """),
}
