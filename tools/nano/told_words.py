"""Train-side wordings of what a user tells of themself and asks back, and of the order to fill a JSON.

Promise: a statement names the value `{x}` and nothing else to ask about; no wording stands on the held side.

Not here: the answers and the held wordings (`skills_reading`).
"""

from __future__ import annotations

from typing import NamedTuple

from tools.nano.wordings import lines

Wordings = tuple[str, ...]


class Told(NamedTuple):
    """How a user tells it, and how the user asks it back later."""

    say: Wordings
    ask: Wordings


BACK = lines("""
    Do you remember {c}?
    Say {c}.
    Do you know {c}?
    I forgot {c}. Do you know?
    [So|Now], do you know {c}?
    Tell me again {c}.
    What did I say? I mean {c}.
    Did I mention {c}? Then say it.
    Let us see if you know {c}.
    Quick test: say {c}.
    I told you {c}. What was it?
    Please repeat {c}.
    Have you kept in mind {c}?
    You heard {c}. Say it.
    One question: did you learn {c}?
    Are you sure you know {c}? Say it.
    Remind me {c}.
    Think back and say {c}.
    Someone wants to know {c}.
    I wonder if you remember {c}.
    And have you noted {c}?
    Look back and give {c}.
    Show me that you know {c}.
    If you listened, say {c}.
    Let me hear {c}.
    From what I told you, say {c}.
    Write down {c}.
    Repeat for me {c}.
    Before I go, tell me {c}.
    Just to check, write {c}.
    Well then, name {c}.
    Answer me if you know {c}.
    You should know by now {c}. [Well?|]
    My question is {c}.
    In short, say {c}.
    What have you learned of me? Say {c}.
    I would be glad to hear {c}.
""")
"""Around a clause like `where I live`."""


def _told(say: str, clauses: str, ask: str) -> Told:
    clause = f"[{'|'.join(lines(clauses))}]"
    return Told(lines(say), (*(frame.replace("{c}", clause) for frame in BACK), *lines(ask)))


TOLD: dict[str, Told] = {
    "name": _told(
        """
        People call me {x}.
        They call me {x}.
        Everybody calls me {x}.
        I go by {x}.
        It is {x} here.
        {x} is my name.
        {x} here, [hello|good morning|good evening].
        This is {x} [speaking|writing].
        Call me {x}.
        Good [day|morning|evening], my name is {x}.
        Let me introduce myself: {x}.
        Allow me: {x} is the name.
        My parents named me {x}.
        First of all, I am called {x}.
        My friends know me as {x}.
        Nice to meet you, I am {x}.
        By the way, my name is {x}.
        Name: {x}.
        I was named {x} after my aunt.
        On my passport it says {x}, that is my name.
        Hey there, {x} is what I am called.
        Just write {x}, that is my name.
        The name is {x}.
        You are talking to {x}.
        Please note my name: {x}.
        I sign my letters as {x}.
        I am {x}, by the way.
        Pleased to meet you. {x}.
        At school they called me {x}, and that is my name.
        Remember my name, it is {x}.
        I have a short name: {x}.
        I am known as {x}.
        If you write to me, write to {x}.
        My first name is {x}.
        Here speaks {x}.
        """,
        """
        what my name is
        what I am called
        who I am
        """,
        """
        What am I called?
        How do people call me?
        My name is what?
        Which name is mine?
        What do my friends call me?
        """,
    ),
    "town": _told(
        """
        I have a [flat|house|room] in {x}.
        I am from {x} and live there.
        {x} is my home.
        {x} is where I live.
        I live with my family in {x}.
        I moved to {x} [last year|in spring|long ago].
        I have lived in {x} [for years|since birth].
        My house stands in {x}.
        My town is {x}.
        I call {x} home.
        You can find me in {x}, where I live.
        I am at home in {x}.
        Home for me is {x}.
        I grew up in {x} and stayed.
        We live in {x}.
        I write to you from my home in {x}.
        I rent a small place in {x}.
        I settled in {x}.
        I reside in {x}.
        I share a flat in {x}.
        For my part I live in {x}.
        I bought a house in {x}.
        Town: {x}.
        My address is in {x}.
        I would never leave {x}, my home.
        Life in {x} is good, I live there.
        After many years away I live in {x} again.
        I am a citizen of {x}.
        I love my town, {x}.
        The town I live in is {x}.
        I found a home in {x}.
        My family has always lived in {x}, and so do I.
        My street is in {x}.
        My door is in {x}, come by!
        I chose to live in {x}.
        I settled down in {x} with two friends.
        """,
        """
        in which town I live
        where my home is
        which town is mine
        """,
        """
        Where is my home?
        In which town do I live?
        Which town is my home?
        What place do I call home?
        My home is where?
        """,
    ),
    "pet": _told(
        """
        My pet, a {x}, is [asleep|hungry|funny].
        I keep a tame {x}.
        I own a {x}.
        A {x} lives with me.
        I share my home with a {x}.
        There is a {x} in my house, my pet.
        I have a pet {x}.
        My {x} is my best friend.
        I feed my {x} every morning.
        I found a {x} and kept it.
        I bought a {x}.
        I was given a {x}, now my pet.
        I took in a stray {x}.
        Every evening I play with my {x}.
        As a pet I have a {x}.
        The animal I keep is a {x}.
        I love my {x}.
        My {x} sits next to me.
        I look after a {x} of my own.
        I brush my pet {x} daily.
        We have a {x} for a pet.
        I could not live without my pet, a {x}.
        Pet: a {x}.
        I have had a {x} for years.
        My pet {x} is very clever.
        I talk to my {x}.
        For company I have a {x}.
        I raised a {x} by hand.
        I got myself a {x}.
        My family owns a {x}.
        I trained my {x} to jump.
        I am the owner of a {x}.
        I wanted a pet and chose a {x}.
        A little {x} is my pet.
        Guess what, I have a {x}!
        My pet happens to be a {x}.
        """,
        """
        what pet I have
        which animal I keep
        what my pet is
        """,
        """
        What is my pet?
        What animal do I keep?
        Which pet is mine?
        What kind of pet do I have?
        My pet is what?
        """,
    ),
    "food": _told(
        """
        I adore {x}.
        I am fond of {x}.
        I eat {x} [daily|every day|all the time].
        I could eat {x} all day.
        {x} is my favourite food.
        The food I like best is {x}.
        I never say no to {x}.
        I am crazy about {x}.
        For lunch I always have {x}.
        I cannot get enough of {x}.
        What I like to eat is {x}.
        Nothing tastes as good as {x}.
        I had {x} today, as I like it so much.
        I prefer {x} to anything else.
        Best of all foods I like {x}.
        I have a weakness for {x}.
        When I am hungry I want {x}.
        I cook {x} for myself every week.
        I really like {x}.
        I enjoy {x} most.
        I would walk far for {x}.
        I love the taste of {x}.
        My plate is always full of {x}.
        I wish for {x} on every birthday.
        I live on {x}.
        Food: {x}, please, I love it.
        I grew up eating {x} and still like it.
        I like to eat {x} in the evening.
        I am a friend of {x}.
        I dream of {x}.
        I always order {x}.
        With {x} you can please me.
        I am always glad to see {x} on the table.
        I buy {x} every week, I like it.
        There is nothing like {x} for me.
        I just ate {x}, my favourite.
        """,
        """
        which food I like
        what my favourite food is
        """,
        """
        What is my favourite food?
        Which food do I like best?
        What do I enjoy eating?
        What should you cook for me?
        My favourite food is what?
        """,
    ),
    "job": _told(
        """
        I am employed as a {x}.
        I have a job as a {x}.
        By trade I am a {x}.
        I make my living as a {x}.
        I am a {x} by profession.
        I have been a {x} for years.
        I became a {x} [last year|long ago].
        I trained as a {x}, and that is my job.
        I was hired as a {x}.
        My work is that of a {x}.
        As a {x} I have much to do.
        At work I am a {x}.
        I serve as a {x}.
        I am paid as a {x}.
        I always wanted to be a {x}, and now I am one.
        I am a busy {x}.
        I started to work as a {x}.
        My profession is {x}.
        I found work as a {x}.
        I took a job as a {x}.
        People know me as a good {x}.
        I get up early, for I am a {x}.
        Like my father I am a {x}.
        For a living I am a {x}.
        I chose to be a {x}.
        I am the {x} of our town.
        Job: {x}.
        I do the work of a {x}.
        I am a {x}, and I like it.
        I go to work as a {x} every day.
        I learned to be a {x} and am one still.
        I got a new job, as a {x}.
        My trade is that of a {x}.
        Working as a {x} is hard, I do it daily.
        From eight to five I am a {x}.
        They pay me well as a {x}.
        """,
        """
        what I work as
        which job I have
        """,
        """
        What job do I have?
        What is my profession?
        What do I do for a living?
        My job is what?
        Which job is mine?
        """,
    ),
}

REPLIES = lines("""
    [Fine|Right|Good|Understood], thank you.
    How [nice|interesting|lovely].
    [Oh|Ah], I see.
    I [shall|will] keep that in mind.
    Noted.
    [Sounds|That sounds] good.
    Thank you, I made a note of it.
    I am glad to hear it.
    Very well.
    I did not know that.
    Thanks, that helps.
    All right.
    [Pleased|Happy] to hear that.
    Good, go on.
    Understood.
    Thanks for sharing.
    I have noted it.
    [Well|Oh], how good to know.
    Is there more?
    I will not forget it.
    Tell me more.
""")
"""What the assistant says to something told."""

EXTRACT = lines("""
    [Put|Write] {k} into a JSON object.
    [Collect|Gather] {k} from the text as JSON.
    Make JSON of the text: {e}
    Turn the text into this form: {e}
    [Output|Return] an object like {e}
    Answer with JSON that has {k}.
    The JSON must have {k}. Write it.
    Keys: {k}. [Give|Write] the JSON.
    Fields: {k}. Format: JSON.
    Here is an empty form: {e} Fill it.
    Take this form and fill the gaps: {e}
    Look up {k} and write them as JSON.
    [Record|Note|Store] {k} as JSON.
    What does the text say of {k}? JSON, please.
    From the text to JSON, keys {k}.
    Pull {k} out of the text, as JSON.
    Produce JSON with {k} and nothing else.
    Your output is JSON: {e}
    The answer looks like {e}
    Use this pattern: {e}
    Read the text. Then write {k} in JSON form.
    Convert the text to JSON with {k}.
    Create a JSON record of {k}.
    Give {k} as a JSON record.
    Find out {k} and answer in JSON.
    Data wanted: {k}. Data format: JSON.
    Parse the text. Keys to keep: {k}. Reply as JSON.
    The form to fill is {e}
    Structure: {e}
    Schema: {e}
    [Only|Just] JSON, with the keys {k}.
    Say it in JSON, using {k} as keys.
    Summarise the text as JSON with {k}.
    Tell me {k}, all in one JSON object.
    Which values belong to {k}? Give JSON.
    Search the text for {k} and reply with JSON.
    Write what is known as {e}
    Replace the dots by what the text says: {e}
    Copy the values of {k} from the text into JSON.
    I need {k} in JSON.
    Let me have JSON with {k}.
    The program reads JSON with {k}. Write it for this text.
    List {k} as JSON keys with their values.
    Describe the text by {e}
""")
"""Orders to write the keys `{k}`, or the empty object `{e}`, as JSON."""

NUMERALS = lines("""
    Turn {x} into a {t}.
    Change {x} [to|into] a {t}.
    Give {x} as a {t}.
    {x} as a {t}:
    {x} as a {t} is
    How do you write {x} as a {t}?
    How is {x} written as a {t}?
    Spell {x} as a {t}.
    Make a {t} of {x}.
    Express {x} as a {t}.
    Show {x} in the form of a {t}.
    Put {x} down as a {t}.
    I wrote {x}. Now as a {t}:
    Which {t} stands for {x}?
    Which {t} means {x}?
    What {t} is the same as {x}?
    Convert {x} to a {t}.
    The {t} for {x} is
    Name the {t} for {x}.
    Find the {t} for {x}.
    Say {x} with a {t}.
    Replace {x} by a {t}.
    For {x} write a {t}.
    Translate {x} into a {t}.
    {x}, now as a {t}:
    I need {x} as a {t}.
    Let me see {x} as a {t}.
    Read {x} and write it as a {t}.
    Is there a {t} for {x}? [Write|Give] it.
    If not {x}, which {t}?
    Type {x} as a {t}.
    Type the {t} for {x}.
    {x} is the same as the {t}
    Note {x} as a {t}.
    In the form of a {t}, {x} is
    A {t} for {x}:
    Another way to write {x}, as a {t}:
    Write the {t} which means {x}.
    Instead of {x} use a {t}.
    [Quick|Now]: {x} as a {t}?
""")
