"""What people write to shops, houses and clubs: how an item misbehaves, with a train and a held half.

All of it is written for nano. No sentence is taken from the quickstart job (`coverage` measures how much of that job
nano has met, and the card says it). Slots: `{i}` the bare item, `{my}` and `{the}` the item with its word in front,
`{n}` a person, `{d}` a day, `{k}` a number, `{t}` a thing, `{p}` a place, `{s}` how an item misbehaves, `{z}` a code.

Not here: what a message is for (mail_purposes.py), what stands around that (mail_around.py), haste (mail_haste.py),
who gets the mail (mail_places.py), and how a message is put together from all of these (skills_mail.py).
"""

from __future__ import annotations

from tools.nano.wordings import Wordings, lines

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
