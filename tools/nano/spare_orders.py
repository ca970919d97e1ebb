"""Train-side orders of the skills that a usual run does not teach: reversing, sorting, counting, editing, sums.

Promise: each order can be followed by a reader who sees nothing but the order and the text; none stands on the held
side. Slots are those that the skill fills.

Not here: the held orders and the answers (`skills_lists`, `skills_numbers`, `skills_reading`).
"""

from __future__ import annotations

from tools.nano.wordings import lines

REVERSE = lines("""
    Flip [the list|the order|these words].
    Invert the order of [these|the] words.
    [Mirror|Turn over] the list, word by word:
    From back to front:
    Back to front, please:
    [Copy|Repeat] the words from the end to the beginning.
    Last becomes first, first becomes last:
    The other way round:
    Write it the other way round, word after word.
    Go through the list from its end.
    Begin at the end and go to the front.
    Reversed list:
    In reverse:
    [Give|Output] the reversed list.
    Rearrange so that the last word leads.
    Undo the order: write the words from the end.
    Swap the order from first-to-last to last-to-first.
    Type the words in backward order.
    Read from right to left and write.
    Show the words in turned order.
    What is the list read from the end?
    How does the list look from behind?
    Start where the list stops.
    Change the order: end first, start last.
    Which list do you get backwards?
    Say the words again, the last at the front.
    Return the words from the bottom to the top.
    Make the end the beginning.
    List backwards:
    Walk the list back and name each word.
""")
SORT_NUMBERS = lines("""
    Rank the numbers {way}.
    Line up the numbers {way}:
    Give these numbers back {way}.
    Set them in a row, {way}:
    [Order|Sort] this row {way}.
    Wanted: these numbers {way}.
    Show the numbers {way}.
    Tidy up the numbers, {way}.
    Rearrange the numbers {way}:
    Make a list of the numbers {way}.
    The numbers are mixed up. Write them {way}.
    Copy the numbers {way}.
    Repeat the numbers {way}.
    Type the numbers {way}:
    Output {way}:
    How do the numbers go {way}?
    What is the order {way}?
    Read the numbers and write them {way}.
    Every number once, {way}:
    The row again, but {way}:
    I need them {way}.
    Bring them in line {way}.
    Place the numbers {way}.
    Sorted {way}, the numbers are
    Mixed numbers. Order: {way}.
    Return the list {way}.
    Can you order them {way}?
    Put all of them {way}:
    A clean row, {way}:
    The order must be {way}.
""")
SORT_WORDS = lines("""
    [Rank|Line up] the words by their first letter.
    Use the order of the alphabet:
    As in a dictionary, order the words:
    The a comes first, the z last. Sort the words:
    [Sort|Order] by first letter:
    A to z:
    Words by alphabet:
    [Give|Show] the words in the order of the alphabet.
    Rearrange the words, a first, z last.
    [Copy|Type|Repeat] the words in abc order.
    Which word comes first in a dictionary, which next?
    Make an alphabetical list of these words.
    Tidy the list by the alphabet.
    Sort as a phone book does:
    Return the words, sorted a to z.
    Which order would a dictionary have?
    Letter by letter, a first:
    Place the words in alphabetical order.
    The words are mixed up. Use the alphabet to order them.
    Look at the first letters and sort.
    Alphabetise:
    Alphabetise [the|these] words:
    abc order:
    Sorted by letter, the words are
    List them as an index does.
    Can you order the words by letter?
    Set the words in order, a before b and so on.
    File the words under their letters.
    [Read|Take] the words and sort them by alphabet.
    Index:
    Let the alphabet decide the order.
    Let each word follow the one before it in the alphabet.
    In the order of a dictionary:
    First the word with the earliest letter, then the rest.
    Order from a up to z:
    The list, by letters:
""")
COUNT = lines("""
    How long is the list? [Give a number|One number].
    [Say|Find] how many [words|items] stand [here|below].
    Number of [words|items|entries]:
    The list has how many [entries|words]?
    Count and give the [number|total].
    What is the total of words?
    How many [entries|words] do you see?
    How many words have I written?
    Go through the list and count.
    Count all [words|entries] and write a number.
    [Number|Sum] of words, please:
    Size of the list:
    The size of this list is
    Are there two, three or more words? How many?
    How many commas plus one, that is, how many words?
    Total:
    How many words make up this list?
    I count, you count: how many words?
    Work out how many [items|words].
    Write as a number how many words there are.
    From one to the last: how many words?
    [Quick|Now]: how many words?
    Say the number of entries.
    Is it a long list? How many words?
    Length in words:
    Tally the words.
    The count of the words is
    How large is the list?
    Let me know how many items the list holds.
    In all, how many words?
""")
COUNT_OF = lines("""
    [Find|Say] how often "{t}" is in the list.
    Number of times "{t}" appears:
    "{t}": how often?
    How many are "{t}"?
    Look for "{t}" and count.
    Times of "{t}":
    How frequent is "{t}" [here|below]?
    In the list, "{t}" stands how often?
    Count each time you meet "{t}".
    Tally "{t}".
    How many words are "{t}" [in this list|here]?
    Look only at "{t}". How many?
    Only "{t}" counts. How many are there?
    Write as a number how often "{t}" comes.
    How many copies of "{t}" are there?
    I look for "{t}". How many do I find?
    "{t}" appears how many times?
    The word "{t}" is written how often?
    Give the count of "{t}".
    Total of "{t}":
    [Quick|Now]: how often "{t}"?
    How often does the list have "{t}" in it?
    How many entries equal "{t}"?
    The number for "{t}" is
    Read the list. How often did you read "{t}"?
""")
REMOVE = lines("""
    [Erase|Cross out|Strike|Cut] "{o}".
    Take "{o}" out of the text.
    Without "{o}":
    The same text, only without "{o}":
    Omit "{o}" and copy the rest.
    "{o}" is too much. Write the text without it.
    Get rid of "{o}".
    All words but "{o}":
    Copy all but "{o}".
    Skip "{o}" when you copy.
    Let "{o}" go and keep the rest.
    [Write|Repeat] every word except "{o}".
    Leave "{o}" away.
    Do not write "{o}", but all else.
    Strip "{o}" from the text.
    The text must not have "{o}". Write it anew.
    Clear "{o}" from the line.
    We do not need "{o}". Copy the rest.
    Exclude "{o}":
    How is the text without "{o}"?
""")
REPLACE = lines("""
    "{o}" becomes "{n}". Write the text.
    [Exchange|Substitute|Swap] "{o}": it is now "{n}".
    For "{o}" write "{n}".
    Wherever you see "{o}", put "{n}".
    Turn "{o}" into "{n}" and keep all else.
    New word for "{o}": "{n}". Write the text.
    Not "{o}" but "{n}". Correct the text.
    "{o}" is wrong, "{n}" is right. Copy the text.
    Edit: "{o}" to "{n}".
    Correct "{o}" to "{n}".
    Let "{n}" stand where "{o}" stood.
    Set "{n}" for "{o}".
    Copy, but change "{o}" to "{n}".
    Only one change: "{o}" is "{n}" now.
    I meant "{n}", not "{o}". Write it right.
    Delete "{o}" and write "{n}" there.
    Trade "{o}" for "{n}".
    In place of "{o}" use "{n}".
    The text with "{n}" where it had "{o}":
    From "{o}" to "{n}", the rest stays.
    "{o}" out, "{n}" in.
    Rename "{o}" as "{n}" in the text.
    Update the text: "{n}" for "{o}".
    Find "{o}" and make it "{n}".
    What is the text if "{o}" is "{n}"?
""")
ADD = lines("""
    Insert "{n}" at the {e}.
    The {e} of the list should be "{n}". Write all.
    Let the list have "{n}" at the {e}.
    "{n}" goes to the {e}. Write the list.
    Place "{n}" at the {e}, keep the rest.
    Extend the list by "{n}" at the {e}.
    One more word, "{n}", at the {e}:
    List plus "{n}" at the {e}:
    Set "{n}" at the {e} and copy the others.
    Attach "{n}" at the {e}.
    New at the {e}: "{n}". The whole list:
    At the {e} write "{n}". Keep the others.
    I forgot "{n}". It belongs at the {e}.
    "{n}" is missing at the {e}. Add it.
    Give the list with "{n}" at the {e}.
    Copy the list, with "{n}" at its {e}.
    Make the list longer: "{n}" at the {e}.
    Also "{n}", at the {e}. Write all words.
    The list and "{n}" at the {e}, please:
    Join "{n}" to the list at the {e}.
""")
RESHAPE = lines("""
    Format: {s}.
    [Rewrite|Reformat|Print|Type] [this|the list] as {s}.
    Display them as {s}.
    For these words use {s}.
    Convert [this|the list|the words] to {s}.
    The same words as {s}:
    [Output|Return] {s}.
    Set the words out as {s}.
    Lay the words out as {s}.
    Make {s} of [these|this|the words].
    Put the words in the shape of {s}.
    Form wanted: {s}.
    Same list, new form: {s}.
    Transform [this|the list] into {s}.
    Give me {s} with these words.
    Write {s} from these words.
    How does it look as {s}?
    Change only the form: {s}.
    Keep the words, but as {s}.
    Present the list as {s}.
    From this make {s}:
    The answer shall be {s}.
    Present as {s}:
    Build {s} from the words.
    Copy the words as {s}.
""")
SENTENCE = lines("""
    [Name|Show|Take|Type|Quote] the {o} sentence.
    Drop everything except the {o} sentence.
    The {o} sentence [only|is]:
    [How|What] does the {o} sentence say? Copy it.
    Keep nothing except the {o} sentence.
    Only the {o} sentence counts. Write it.
    Cut the text down to its {o} sentence.
    Read out the {o} sentence.
    Wanted: the {o} sentence.
    Which sentence comes {o}? Write it.
    Extract the {o} sentence.
    Select the {o} sentence of the text.
    Print just the {o} sentence.
    In this text, the {o} sentence is
    Return the {o} sentence.
    Say the {o} sentence again.
    Look for the {o} sentence and copy it.
    Go to the {o} sentence. Write it down.
    Show what stands {o}, one sentence.
    From the text, pick the {o} sentence.
""")
COUNT_OF += lines("""
    How many of these words read "{t}"?
    Search for "{t}" and say how many you found.
    "{t}" again and again: how many?
    Note how often you see "{t}".
    Once, twice or more: how often "{t}"?
    Mark each "{t}". How many marks?
    The list repeats "{t}". How many are there?
    Leave the rest aside and count "{t}".
    Sum up all "{t}".
    Check the list for "{t}". How many?
    Each "{t}" is one point. How many points?
""")
REPLACE += lines("""
    Take "{n}" and drop "{o}".
    Switch "{o}" for "{n}".
    Now it is "{n}", no more "{o}". Write the text.
    "{o}" was a mistake for "{n}". Copy it corrected.
    One word changes: "{o}" turns into "{n}".
    Say "{n}" where I said "{o}".
    Read "{n}" for "{o}" and write the text.
    "{n}" takes the place of "{o}".
    Put in "{n}" for "{o}".
    Copy the text. Make "{o}" read "{n}".
""")
ARITHMETIC = lines("""
    {a} {s} {b} makes
    {a} {word} {b} makes what?
    {a} {word} {b} equals
    Solve {a} {s} {b}.
    Solve: {a} {word} {b}
    Result of {a} {s} {b}:
    {a} {s} {b} = ?
    {a} {word} {b} = ?
    The answer to {a} {s} {b} is
    Find {a} {s} {b}.
    What does {a} {s} {b} make?
    What do you get from {a} {s} {b}?
    Sum to solve: {a} {s} {b}
    Do the sum: {a} {s} {b}.
    In your head: {a} {word} {b}.
    A quick one: {a} {s} {b}?
    Take {a} {word} {b}. What is it?
    If you have {a} {word} {b}, how much is that?
    Homework: {a} {s} {b} =
    Say what {a} {word} {b} is.
    [Find|Name] the value of {a} {s} {b}.
    Tell us {a} {s} {b}.
    Type the result: {a} {s} {b}.
    Finish: {a} {s} {b} =
    Complete {a} {word} {b} is
    Figure out {a} {s} {b}.
    {a} {s} {b} comes to
    Which number is {a} {word} {b}?
    Number please: {a} {s} {b}.
    Test: {a} {s} {b}.
""")
MORE_LEFT = {
    "+": lines("""
        {n} [picked|bought] {a} {f}, then {b} more.
        {m} has {a} {f}. {n} brings {b}.
        In the bag are {a} {f}. {n} puts in {b}.
        There were {a} guests in {p}. {b} came later.
        {n} eats {a} {f} and {m} eats {b}.
        {a} letters came on Monday and {b} on Tuesday.
        {n} walked {a} miles to {p} and {b} miles further.
        {n} owns {a} books. {m} gives {n} {b}.
        A box holds {a} {f}, another one {b}.
        {n} saved {a} coins and found {b}.
        {m} sold {a} {f} in the morning and {b} at night.
        {a} boats lie in {p}. {b} arrive.
        First {n} counted {a} {f}, then {b}.
        {n} planted {a} trees and {m} planted {b}.
        {a} {f} lie here and {b} lie there.
    """),
    "-": lines("""
        {n} had {a} coins and paid {b}.
        In the bag are {a} {f}. {n} takes out {b}.
        There were {a} guests in {p}. {b} went home.
        {n} baked {a} cakes. {m} ate {b}.
        {a} {f} were on the plate. The dog ate {b}.
        {n} has {a} books and lends {b} to {m}.
        Of {a} {f}, {b} were bad.
        {a} boats lie in {p}. {b} sail away.
        {m} bought {a} {f} and dropped {b}.
        {n} must walk {a} miles and has done {b}.
        {a} birds sat on a tree and {b} flew off.
        From {a} {f} {n} gave {b} to {m}.
        The shop had {a} {f} and sold {b}.
        {n} wrote {a} letters and sent {b}.
        {a} glasses stood here, {b} broke.
    """),
}
"""Little stories of a sum and of a difference."""
BIGGEST = lines("""
    [Name|Find|Say|Take|Show] the {k} [number|one].
    [Pick|Choose] the {k} of the numbers.
    Now the {k} number?
    The {k} [number|one] is
    Which is {k}?
    Only the {k} number:
    Look for the {k} number.
    Of all these numbers, which is the {k}?
    In this row, which number is {k}?
    Read the numbers and keep the {k}.
    Drop all numbers except the {k}.
    Compare the numbers. The {k}?
    The {k} in this row:
    What number is the {k}?
    [Copy|Type] the {k} number.
    Extract the {k} number.
    Say which number is {k}.
    I want the {k} number.
    The answer is the {k} number. Which is it?
    Rank them and give the {k}.
""")
NEXT = lines("""
    Which number follows?
    What follows?
    [Go|Carry] on with the row:
    The next one is
    Complete the row:
    Add the next number.
    One more number, please:
    Extend the row by one:
    What is next in this row?
    Find the rule and go on:
    See the pattern. The next number?
    Next, please:
    After these comes
    [Say|Find|Name|Type] the next one.
    Keep counting:
    Which number is missing at the end?
    The row goes on with
    And then?
    Guess the number after these.
    Continue by one number:
""")
REMOVE += lines("""
    "{o}" falls away. Write the text.
    Banish "{o}" from the text.
    Make the text shorter by "{o}".
    Pass over "{o}" and copy the others.
    Read the text but do not write "{o}".
    Kill the word "{o}", keep the others.
    Wipe out "{o}".
    "{o}" should not be there. Copy the rest.
    Throw "{o}" out of the text.
    Keep each word that is not "{o}".
    Shorten the text: no "{o}".
    Edit the text: "{o}" goes.
    The word "{o}" is struck. What remains?
    What remains without "{o}"?
    What is left if "{o}" goes?
    Ignore "{o}" and repeat the text.
    Free the text of "{o}".
""")
ADD += lines("""
    Hang "{n}" on at the {e}.
    Start or end, the {e} gets "{n}". Write the list.
    There is room at the {e} for "{n}". Write the list.
    The new {e} of the list is "{n}".
    "{n}" joins the list, at the {e}.
    Grow the list: "{n}", at the {e}.
    Stick "{n}" on, at the {e}.
    Bring in "{n}" at the {e} and write all.
    Include "{n}", and do so at the {e}.
    The {e} is where "{n}" belongs. Write the list.
    Also put down "{n}", at the {e}.
    Enter "{n}" as the new {e}.
    Enlarge the list: its {e} is now "{n}".
    Type the list, its {e} being "{n}".
    Fix "{n}" to the {e} of the list.
    Write all the words and, at the {e}, "{n}".
""")
RESHAPE += lines("""
    What I need from this is {s}.
    I need {s}.
    Nothing but {s}.
    Tidy this up into {s}.
    Arrange the words as {s}.
    Render the list as {s}.
    What would this be as {s}?
    The list must become {s}.
    The form should be {s}.
    Express the list as {s}.
    [Bring|Put] this into the form: {s}.
""")
SENTENCE += lines("""
    One sentence only, the {o}.
    Let me see the {o} sentence.
    I want the {o} sentence.
    Of all sentences, the {o}:
    Skip to the {o} sentence and write it.
    Report the {o} sentence.
    Find the {o} sentence.
    Which is the {o} sentence?
    Reply with the {o} sentence.
    Output: the {o} sentence.
    Save the {o} sentence, leave the others.
    Cite the {o} sentence word for word.
    Echo the {o} sentence.
    Pull out the {o} sentence.
    Retell the {o} sentence word for word.
    The text has several sentences. Write the {o}.
    Nothing else but this: the {o} sentence.
""")
COUNT += lines("""
    What number of words do you count?
    Give the length of the list.
    The list, how long is it in words?
    Count up to the last word.
    Say a number: how many words?
    If each word were a coin, how many coins?
""")

