"""Train-side orders of the skills that copy, pick and transform.

Promise: each order can be followed by a reader who sees nothing but the order and the text; none stands on the held
side. `{o}` is a place in a list, such as `first`.

Not here: the held orders and the answers (`skills_lists`).
"""

from __future__ import annotations

from tools.nano.wordings import lines

COPY = lines("""
    [Echo|Mirror] what [I write|comes next]:
    [Type|Print|Output] the [text|line] [as given|as it stands]:
    Write exactly what you [see|read] [here|]:
    Make a copy of [this|the text]:
    Do not change a [letter|word], just repeat:
    Copy each word and each sign:
    [Duplicate|Reproduce] [the text|this line]:
    Be my echo:
    Like a parrot, repeat:
    Read it and write it again, letter by letter:
    Send [the text|this] back [unchanged|as it was]:
    Leave the text as it is and write it:
    Say after me:
    One more time, [the same|just so]:
    [Quote|Cite] [the text|the line] in full:
    The output equals the input. Input:
    Input and output are the same here:
    Nothing to change. Just copy:
    What stands here, write too:
    Put down the same words in the same order:
    Keep [all words|everything] and write [it|them] again:
    [Take|Use] this text and hand it back:
    Transcribe:
    Your turn to write this:
    Write it the way I wrote it:
    [Double|Twin] of this line, please:
    I write, you copy:
    Word by word, the same:
    Give me a second copy of it:
    Simply repeat it:
    Respond with [the text|the line] itself:
    Spell out again what is written:
    Answer by saying the same thing:
    The [text|line] again, please:
    Do as a mirror does:
    Copy down [these words|the words]:
    Nothing new, only this once more:
    Type out what is printed [here|below]:
    Show the text again.
    Make no changes. Write the text.
    Do not answer it, do not explain it, copy it:
    Copy and stop:
    Recite this:
""")

PICK = lines("""
    [Name|Find|Take|Get|Select] the {o} [word|item|entry|one] [of|in] [the|this] list.
    Which [entry|thing|word] [do you find|stands] in {o} place?
    {o} [word|item], please:
    The {o} [entry|one], [please|which is it]?
    Read the list. What is {o}?
    [Copy|Output|Print|Type] [only|just] the {o} [word|entry]:
    Leave out all except the {o} [word|one]:
    Keep the {o} [word|item], drop the [rest|others]:
    Of these words, the {o} is
    [Here|Below] is a list. Its {o} [word|item] is?
    What stands in the {o} place?
    [Show|Send] me the {o} [word|item|entry].
    Tell us the {o} [word|one].
    Can you see which is the {o} word?
    If you read the list, which word is the {o} [one|you meet]?
    Go to the {o} [word|item] and write it down.
    [Count|Go] through the list and give the {o} [word|entry].
    Position: {o}. [Word|Item]?
    Item wanted: the {o}.
    From the list: the {o} [word|one].
    In this row of words, which is {o}?
    My question is about the {o} [word|item]. What is it?
    I would like the {o} [one|word] only.
    Read out the {o} [word|entry]:
    Extract the {o} [word|item].
    Report the {o} [word|entry] of the list.
    Quote the {o} word.
    What is written in {o} position?
    The list has several words. Give the {o}.
    [Mark|Point out] the {o} word by writing it:
    Answer with one word, the {o}.
    The {o} of these words:
    What comes {o} in the row?
    Only the {o} entry, please.
    What do you read {o} here?
    The word in the {o} place is
    Only one word counts, the {o}. Write it.
    How is the {o} word written?
    Spell the {o} word as it stands.
    The {o} element:
""")

QUESTION = lines("""
    Ask [it|this|the same].
    Ask whether [it|this] is so.
    Write [this|the sentence|the line] as a question.
    [Make|Form|Build] a question [of|from|out of] [this|the sentence].
    Rewrite [it|the statement] as a question.
    Change the statement [in|]to a question.
    Question form:
    Put a question mark: ask this.
    [Turn|Transform] the statement into a question.
    How would you ask this?
    What is the question to this?
    Say it as if you did not know.
    Do not state it, ask it.
    From statement to question:
    The same, but asked.
    Convert [it|this] into a question.
    You are not sure. Ask.
    Begin with Is and ask this.
    Start with the word Is.
    Put Is in front and make a question.
    Give the question form.
    Reword as a question.
    Express it as a question.
    Inquire if this is so.
    As a question[, please|]:
    Move the word is to the front and ask.
    Put the verb first.
    A question, not a statement:
    Write a yes or no question from this.
    You want to know if it is so. Ask.
    Doubt it and ask.
    Say this with a question mark at the end, verb first.
    Swap subject and verb to ask.
    Let it be a question.
    Show me the question.
    [Which|What] question has this as its answer? Begin with Is.
    I state it. You ask it.
    Use the question form of the sentence.
    Interrogative form:
""")

NEGATION = lines("""
    Negate [this|the sentence|it].
    [Write|Say] that it is not so.
    Deny [this|the statement].
    Put [the word|] not into the sentence.
    Insert not after is.
    Write the sentence with not.
    [Give|Write|Form] the negative [form|].
    Make it negative.
    Turn [it|this] into a no.
    Say no to the sentence, using not.
    It is false. Write what is so, with not.
    Negative form:
    Say the reverse by adding not.
    Add the word not.
    Change is to is not.
    Use is not in place of is.
    Replace is by is not.
    Contradict this, with not.
    Rewrite the statement as a negative one.
    Disagree by adding not.
    The statement is wrong. Correct it with not.
    [Now|Next] with not:
    The same with not:
    Make a denial of it.
    From yes to no: use not.
    Not is missing. Put it in.
    Reject the statement, with not.
    Transform the sentence into a negative sentence.
    I say it is. You say it is not.
    In the negative:
    As a negative sentence:
    Write the negation.
    Form a sentence that denies it, with not.
    Insert not in the right place.
    Convert it to the negative.
    Let it not be so: add not.
    Show the negative sentence.
    Say that this is untrue, adding not.
    Place not behind is.
""")

PAST = lines("""
    Say it in the past.
    The tense is past. Write it so.
    Have it be past.
    Tell it as [past|something past].
    Write [this|it] as if it were yesterday.
    It happened long ago. Rewrite the sentence.
    Past tense:
    Past form:
    Use the past tense.
    Change the tense to past.
    Use was in place of is.
    Replace is by was.
    Change is into was.
    Turn [it|this] into the past.
    Make it past.
    Give the past tense of the sentence.
    Rewrite it for the past.
    How was it yesterday? Use the same words.
    Say how it was.
    That was last year. Change the sentence.
    Set the sentence in the past.
    Move it to the past.
    From present to past:
    Convert to the past tense.
    Transform the sentence to past tense.
    As a past event:
    It is over now. Write it so.
    Yesterday, not today. Write it.
    Speak of yesterday.
    Tell what was.
    The same in the past:
    In past tense:
    Write it with was.
    Past, please:
    Express this in the past.
    Shift the verb to the past.
    Let it be long ago.
    Think of last week and rewrite.
    The verb in the past:
    Form the past tense.
""")

FUTURE = lines("""
    Say it in the future.
    The tense is future. Write it so.
    Have it be future.
    Tell it as something to come.
    Write [this|it] as if it were tomorrow.
    It has yet to happen. Rewrite the sentence.
    Future tense:
    Future form:
    Use the future tense.
    Change the tense to future.
    Use will be in place of is.
    Replace is by will be.
    Change is into will be.
    Turn [it|this] into the future.
    Make it future.
    Give the future tense of the sentence.
    Rewrite it for the future.
    How will it be tomorrow? Use the same words.
    Say how it will be.
    That is for next year. Change the sentence.
    Set the sentence in the future.
    Move it to the future.
    From present to future:
    Convert to the future tense.
    Transform the sentence to future tense.
    As a coming event:
    It is not yet so, but soon. Write it with will.
    Tomorrow, not today. Write it.
    Speak of tomorrow.
    Tell what will be.
    The same in the future:
    In future tense:
    Write it with will be.
    Future, please:
    Express this in the future.
    Shift the verb to the future.
    Let it be still to come.
    Think of next week and rewrite.
    Foretell it: use will be.
    Form the future with will.
""")

SENTENCES = lines("""
    {n} [showed|lent|sent] {m} the {a} {t}.
    [Yesterday|Today] {n} wrote to {m} from {p}.
    The {x} of {n} [eats|likes] {f}.
    There [is|was] a {a} {t} in the {c} box.
    {n} paid {k} coins for the {t}.
    {n} [lives|works|waits] in {p} until {d}.
    The {a} {x} [ran|jumped] over the {t}.
    Who [took|has] the {c} {t}?
    {n} asked {m} for some {f}.
    I [need|lost|ordered] a {a} {t} and some {f}.
    Can {n} bring the {t} on {d}?
    The road to {p} is {a}.
    {k} people came to {p} on {d}.
    {m} and {n} [never|always] eat {f}.
    [Bring|Send] the {t} to {n} in {p}.
    The {c} {t} fell on the {x}.
    It was {a} in {p} when {n} left.
    {n} has been to {p} {k} times.
    Put the {f} next to the {g}.
    What did {n} do with the {t}?
    {n} hid the {t} behind the {a} door.
    She [gave|sold] the {x} to {n}.
    Our {t} is {a}, yours is {c}.
    On {d} the {x} had no {f}.
""")
