"""How people say when something is due and how much it presses: times, events, and sentences for each level of haste.

Promise: a sentence of one level is not to be mistaken for another level's, and none of them tells what the message is
for. A NEAR time is today or tomorrow morning, a MID time some days to a week or so away, a FAR time weeks to years.
Slots: `{e}` an event, `{near}` `{mid}` `{far}` when it is, `{m}` the writer, `{n}` a person, `{d}` a day.

Not here: what a message is for (mail_purposes.py), what stands around that (mail_around.py), and how it is all put
together (skills_mail.py).
"""

from __future__ import annotations

from tools.nano.wordings import Wordings, lines

NEAR = lines("""
    [today|tonight|this evening|this afternoon]
    tomorrow [morning|at nine|]
    in [an hour|two hours|ten minutes]
    in half an hour
    before noon
    at six [today|this evening]
    right now
    this very day
    within [the hour|two hours|an hour]
    by [noon|midnight|nightfall|sunset]
    [an hour|two hours|forty minutes] from now
    before [dark|lunch|dinner|supper|midnight|nightfall]
    this [minute|instant]
    in [five|fifteen|twenty|thirty] minutes
    in a [few minutes|few hours|quarter of an hour]
    later today
    first thing tomorrow
    tomorrow at [seven|eight|ten]
    tomorrow before [breakfast|work|school]
    at [noon|four|five|seven] today
    tonight at [eight|nine|ten]
    in less than [an hour|two hours]
    at [three|four|five] this afternoon
    in the next [hour|ten minutes|few hours]
    by the end of today
    by tomorrow morning
    this very [evening|afternoon|hour]
    early tomorrow
    at [dawn|sunrise|daybreak] tomorrow
    in [three|four|five] hours
    any minute now
    after [work|school|lunch|dinner] today
    before the day is out
    before bedtime
    tonight after dinner
    within [minutes|sixty minutes|hours]
    before the [morning|evening] is over
    at lunch time today
    as early as this evening
    no later than tonight
""")
MID = lines("""
    on {d}
    next {d}
    this week
    next week
    in [three|four|five|six] days
    at the weekend
    by the end of the week
    in a week
    in the next days
    this coming {d}
    by {d}
    within [the|a] week
    before the weekend
    before {d}
    after the weekend
    in [seven|eight|nine|ten] days
    in a [few|couple of] days
    in some days
    the day after tomorrow
    in the middle of [the|next] week
    later this week
    early next week
    late next week
    within [four|five|seven] days
    within a few days
    at the end of the week
    over the weekend
    on {d} [morning|evening|afternoon]
    a week from [now|today]
    [four|five|six] days from now
    next weekend
    one day this week
    some time [this|next] week
    this time next week
    on one of the next days
    in [about|roughly] a week
    by next {d}
    by the weekend
    in the course of the week
    next {d} [at noon|after lunch|before work]
    between now and the weekend
    a few days from now
""")
FAR = lines("""
    next [month|year]
    in [two|three|five] months
    in [spring|summer|autumn|winter]
    in {month}
    at the end of the year
    after the holidays
    in half a year
    in [five|six|eight] weeks
    some day
    in [two|three|four] years
    in [seven|nine|ten|twelve] weeks
    [next|the coming] [spring|summer|autumn|winter]
    after [the summer|the winter|the harvest]
    a year from now
    [two|three|six] months from now
    [late|early|some time] in {month}
    at the [end|start] of {month}
    [early|late] next year
    in the new year
    in a year [or two|]
    years from now
    in a few [months|years]
    in [several|many] months
    next season
    in the [far|distant] future
    some time next year
    in the second half of the year
    around {month}
    months from now
    in a month or two
    in the middle of next year
    in about [six|eight] weeks
    next {month}
    in [four|six|ten] months
    at the end of the [season|school year]
    around the turn of the year
    one fine day
    in the year after next
    when the year is over
    not this month, but the one after
""")
EVENTS = lines("""
    the guests come
    we [leave|travel|move]
    my [mother|sister|boss|friend] [comes|arrives|needs it]
    {n} comes home
    the [show|feast|party|course|trip] is
    {n} [leaves|arrives]
    we need it
    the new [people|owners|children] come
    I have to [pay|go|work|answer]
    the shop [opens|closes]
    the [wedding|birthday|exam|meeting] is
    school starts
    I must [decide|sign|be there]
    the [bank|office|landlord] wants it
    we have [visitors|a feast|no time left]
    my [train|plane|bus|boat] [leaves|goes]
    the [painters|builders|movers|workmen] [arrive|start|come]
    {n} [starts work|flies home|turns forty|has a birthday|moves in]
    we [fly home|go on holiday|give a dinner|have a party]
    we [hand over the keys|get the keys|move out|set sail]
    my [new job|course|holiday|training] [begins|starts]
    the [inspector|judge|photographer|mayor|doctor] [comes|visits us]
    the [film|play|match|race|concert|lecture] [begins|starts]
    the [fair|market|auction|sale|funeral|picnic] is
    I [travel|fly|move house|give a talk|have an exam|get married]
    the [lease|offer|contract|permit] [ends|runs out]
    the [house|flat|room] [is handed over|must be ready|has to be empty]
    our [grandchildren|parents|neighbours|cousins] [visit us|arrive|come]
    the baby comes home
    my [father|daughter|uncle|aunt] [comes back|wants it|has to have it]
    the [school|club|choir|team] [needs it|meets|wants to have it]
    we [must be|have to be] [ready|out of the house|at the airport]
    the [rent|tax|report|form|essay] is due
    the [moving van|lorry|taxi|ship] [comes|goes]
    the [camp|term|season|festival|tournament] [begins|opens]
    they [turn off the water|close the road|check the house]
    the [reunion|christening|graduation|anniversary] takes place
    {n} [needs it for work|has to show it|picks it up|goes abroad]
    the [manager|owner|director] [asks for it|wants to see it]
    the [exhibition|cafe|kindergarten|new hall] opens
    we [sell the house|rent out the room|paint the walls]
    my [visa|pass|permit] runs out
    the deadline is
    the [first|last] lesson is
    I am [in court|on stage|away]
    our [holiday|tour|journey|cruise] [begins|starts]
    the [jury|board|committee] [meets|decides]
    {n} [gets married|takes the exam|goes to hospital|retires]
    my [visitors|customers|tenants|pupils] [arrive|come|need it]
    the [orchestra|band|actors] [rehearse|play|perform]
    we [celebrate|open|start|set off]
    the [roof|kitchen|floor] is [done|fitted|taken out]
    I [need it|have to use it|have to hand it in]
    the people from the [press|town|bank] come
""")

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
            [Every|Each] [minute|hour|second] counts.
            Time is running out[: {e} {near}|].
            The clock is ticking[, {e} {near}|].
            We are [running out of time|very short of time|under great pressure][: {e} {near}|].
            [Drop everything else|Leave the rest] and [see to|deal with] this first.
            This has to come [first|before all else][, {e} {near}|].
            [Put this at|Move this to] the top of your [list|pile][, {e} {near}|].
            [Top|Highest] priority[: {e} {near}|, please].
            ASAP[, please|].
            As [quickly|fast] as humanly possible, please.
            [Without delay|Immediately|Straight away|At once|This instant|Right away], please.
            I [cannot|can not possibly] wait [any longer|another day|another hour].
            Another [day|hour] is [more than I can spare|too long|out of the question].
            Tomorrow [is|will be] too late.
            [Later|Next week|Next month] is [no good|no use] to me: {e} {near}.
            It has to happen {near}[, not a minute later|, and I mean it].
            If this is not [solved|settled|sorted out] {near}, [I lose my job|the feast is off|all was for nothing].
            If nobody acts {near}, [we have to sleep outside|I must pay a fine|everything is ruined].
            Otherwise [I miss my train|we lose the flat|the food spoils|the trip is off], for {e} {near}.
            [My old father|A baby|A sick woman|{n}] cannot do without it, [come quickly|every hour counts].
            [Come|Write back|Ring|Call] [quickly|straight away|immediately|this minute].
            Ring me [now|at once|the moment you read this|straight away].
            [Get back to me|Send word|Give me a call] within the hour[, please|].
            There are sparks [coming out of the wall|everywhere], and we are afraid.
            [Water|Smoke|Oil|Steam] is pouring [out|through the ceiling|into the room] as I write.
            The [cellar|kitchen|hall] is [filling with water|full of smoke] [this minute|as I write].
            The [children|guests|old people] are [freezing|in the dark|out in the rain] at this moment.
            Someone may [fall|get burnt|be badly hurt] any [minute|moment].
            It is [dangerous|a danger to the children|a risk to life], [act now|do something at once].
            [I am|We are] [desperate|in great trouble|at the end of our rope]: {e} {near}.
            [Help|Help us|Help me], [quick|quickly|fast]!
            [SOS|Red alert|Alarm]: {e} {near}!
            Hurry up[, please|, {e} {near}|].
            Speed is [everything|what matters] [here|now].
            [Please be fast|Fast, please|Make haste|Make it quick].
            [You have|There is] [only|just] until [noon|six tonight|tomorrow morning|midnight].
            My [deadline|last chance] is {near}.
            {E} {near} and I [have nothing else|stand here with empty hands|am still without help].
            {E} {near}. I am [in a panic|going mad|shaking].
            I [need|must have] [word|a reply|your help|a solution] {near}, [or it is all over|not a day later].
            Not {mid}, not {far}: {near}, please.
            It used to be [a small matter|a trifle], but [since this morning|now] it is [critical|burning].
            [This is|It has become] [critical|a crisis|a matter of hours|a matter of life and death].
            [A quick|An immediate|A fast] [answer|reply|reaction] is [vital|essential|a must].
            Please [treat|handle] this [as an emergency|before anything else|with the highest priority].
            Who is on duty? We need someone [now|this minute|right away].
            [I stand|We stand] [in the street|outside in the cold|before your door] [right now|as I write].
            The [bus|taxi|train|plane] leaves in [minutes|a moment], [answer quickly|so be quick].
            [Do not|Please do not] [put this off|let this lie|keep me waiting][: {e} {near}|, it must be done now].
            Stop [reading other mail|what you are doing] and [answer me|look at this] first.
            We have [one hour|two hours|thirty minutes|until tonight], no more.
            The whole [family|team|class] waits and we cannot go on, so [hurry|be quick|come at once].
            I know I [said|wrote] {far}, but {e} {near}.
            Everyone says I can wait. I [cannot|really cannot][: {e} {near}|].
            [Sorry to push|Forgive the pressure|Excuse my haste], but {e} {near}.
            With every [hour|minute] the damage [grows|gets worse].
            It is getting worse by the [minute|hour].
            The [fire brigade|police|ambulance] [is here|is on the way] already.
            It is now or never[: {e} {near}|].
            {Near}, and not {mid}[, please|].
            Too much time has been lost already: {e} {near}.
            I [sit by the phone|stand at the window] until you [call|come], for {e} {near}.
            Could this be [done|dealt with|sorted out] {near}? {E} then.
            [Rush job|Express, please|Most pressing]: {e} {near}.
            I would not [write at night|ring twice|be so blunt] if it could wait[: {e} {near}|].
            {E} {near} and nothing is ready.
            [Kindly|Please] give this your immediate attention[, as {e} {near}|].
            [Quick|Quickly], {e} {near}!
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
            [There is|We have] [plenty|lots|heaps] of time.
            We have [all the time in the world|months and months|ages].
            I can [easily|happily|gladly] wait[, {e} {far}|].
            I am [a patient person|very patient|in no rush|happy to wait].
            Whenever it [suits you|fits in|is convenient][, {e} {far}|].
            Whenever you come to it [in the end|].
            At your leisure[, please|].
            [Do it|See to it|Answer] at some point, [there is no deadline|no date is set].
            There is no [deadline|pressure|time limit] [on this|for this|here].
            Nothing [hangs|depends] on it for [now|the time being].
            Put this at the bottom of your [list|pile].
            [Others|Other people] [surely|certainly] need you more than I do.
            [Serve|See to|Look after] everyone else before me.
            [Take|You may take] [weeks|months|as long as you like] over it.
            Slowly does it[, {e} {far}|].
            No [panic|stress|pressure], {e} {far}.
            [Do not|Please do not] [stress|rush|tire] yourself over this.
            If it takes [a month|many weeks|half a year], [so be it|that is fine|I do not mind].
            It makes no difference [whether it is this month or the next|how many weeks it takes].
            I do not mind [a long wait|how many weeks it takes|if it takes months].
            [Next month|Next year|Half a year from now] would be time enough [for me|].
            [This is|It is] [low|lowest] priority[, really|].
            It is a [minor|small] thing that [may|can] lie for a [while|month].
            [Let it|It may] rest [a good while|for a month or two].
            Look at it [on a slow day|when you are bored|when nothing else is left to do].
            Keep it for a [slow|rainy|lazy] [day|week|afternoon].
            {E} {far}; until then [I need nothing|nothing happens|we manage well].
            We [get by|manage|do well] without it for the time being[, and {e} {far}|].
            [I have|We have] [a spare one|another one|an old one] that will do for months.
            You can [answer|reply] [next month|in a few weeks|after your holidays].
            Go on holiday first, this [keeps|will keep].
            It will keep[, {e} {far}|].
            [I only ask|I am only writing] [well ahead|in good time]: {e} {far}.
            I [like to plan|think] far ahead: {e} {far}.
            I am [early|far too early], I know: {e} {far}.
            {Far} {e}, [so we have ages|so there is no cause for haste].
            {E} {far}, which is [ages away|a long way off|still far off].
            It looks [bad|pressing|like an emergency], but [it is not|we are fine] and there is time.
            [On {d}|At first] I was in a panic. Now I am calm and [have time|can wait].
            Do not let this keep you from [real|more important] work.
            [An answer|A reply] [at some point|one of these months|by slow post] [will do|is enough].
            Feel free to [leave this|let this wait] for [a month|weeks].
            Early or late, both are fine: {e} {far}.
            {E} {near}, but that is [another story|beside the point]; this can wait.
            Nothing [pressing|critical|burning].
            The matter is [far from|anything but] pressing.
            Please [see to|deal with] the [emergencies|sick people|urgent letters] first.
            My [wife|boss|brother|neighbour] is impatient; I [have time|can wait for weeks].
            Should you be [busy|short of hands], leave mine for later.
            Any [week|month] of the year suits me.
            Not {near}, not {mid}: {far} is [fine|enough].
            It need not be [this week|this month|soon].
            [Sooner or later|Late] is fine with me.
            I thought it was [an emergency|pressing], but {e} only {far}.
            No one [is waiting|waits] for it.
            Let the busy days pass first.
            In short: [no haste|time enough|no cause to run].
            You need not [run|drop anything|stay late] for this[: {e} {far}|].
            [It is all one to me|I do not care] when, {e} {far}.
            {Far} will be [quite|] early enough.
            Finish [your other work|your coffee|the big jobs] first, mine has time.
            This is not for {near}; {e} {far}.
            [No clock|Nobody] is chasing us, {e} {far}.
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
            [With kind regards|Kind regards|Warm regards], {m}
            [Yours sincerely|Sincerely|Yours truly|Yours faithfully], {m}
            [Best|Cheers|Greetings|Warmly], {m}
            [All the best|Take care|Goodbye|Bye for now], {m}
            Your [customer|reader|neighbour|old customer] {m}
            Yours, {m} [and family|and friends]
            Thanks [in advance|for your help|a lot|for your trouble].
            [I thank you|We thank you] for your [help|work|trouble|kindness].
            [Thanks|Cheers] and [good day|goodbye], {m}
            [Please get|Get] back to me {mid}.
            Could you [answer|reply|let me know] {mid}?
            Can I [expect|have] [an answer|a reply|word] {mid}?
            I hope for [a reply|some word|a line] {mid}.
            [I am|We are] curious what you [say|think|will write].
            Let me hear what you think.
            How [shall|do] we [go on|proceed]?
            What [happens|comes] next?
            What [should|can] I do about it?
            [I would be|We would be] [grateful|thankful] for an answer.
            [Please see|See] to it {mid}.
            {Mid} {e}, [so please look at it before|and by then it should be settled].
            {E} {mid}; [can it be settled before that|will that work out]?
            {E} {mid}, so [a few days are left|we have a few days].
            A few days are [fine|all right], a month is [too long|too much].
            Not tonight, but not next [month|year] either[: {mid}|].
            Please [do it|see to it] in the [usual|normal] [time|way|order].
            [Treat it|Handle this] like any other [letter|message|matter].
            The usual [pace|speed|waiting time] is [fine|all right|good enough].
            [I can wait|We can wait] [two or three days|a few days|until the weekend], but no longer.
            {Mid} [suits|is good for] [me|us].
            I will [call|phone|come by|look in] {mid}.
            You can reach me {mid}.
            I would [like to see|prefer to have] it [done|sorted out] {mid}.
            Would it [work|be possible|suit you] {mid}?
            It does not have to be {near}, {mid} is [early enough|fine].
            It is no great emergency, but [please do not forget it|do not leave it for months].
            Neither {near} nor {far}: {mid}, please.
            {Far} is too late, {mid} is right.
            {E} {mid}, not {far}.
            [Normal|Medium|Ordinary] priority[, I would say|].
            [I am|We are] looking forward to [your reply|your letter|some news].
            Please [check|think about] it and [write back|tell me|let me know].
            [Let me have|Send me] [word|a line|a short note] {mid}.
            Please [write back|answer by mail|drop me a line].
            That is all for [now|today]. {m}
            Have a [nice|good|pleasant] [day|week|weekend][, {m}|].
            [Please tell|Tell] me how we go on from here.
            I [trust|am sure] you will [see to it|take care of it] {mid}.
            Over to you[, {m}|].
            [Signed|Written by|From] {m}
            [Friendly|Hearty] greetings, {m}
            Please tell me [what you find|what comes of it|your view].
            I would be [glad|pleased] if it were settled {mid}.
            [May I|Can I] count on you {mid}?
            {E} {mid}, [just so you know|I thought you should know].
            It is [neither a rush job nor one for next year|something for the normal pile].
            An ordinary [request|letter|matter], [to be seen to|to be answered] {mid}.
            Not a rush, but not to be forgotten either: {mid}.
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
    ("minor", "standard", "critical"),
    ("low", "middle", "top"),
    ("calm", "regular", "pressing"),
    ("not urgent", "medium", "very urgent"),
    ("leisurely", "ordinary", "emergency"),
)
