"""Many more train-side ways to state, ask and check the facts of a passage (who lives where, who owns what ...).

Promise: every statement says its fact so plainly that a reader can answer every question on it; no wording stands on
the held side. Questions come from frames (`Say {c}.`) and the clauses of a relation (`where {n} lives`).

Not here: the first wordings of each relation, the held ones, and the drawing of values (`skills_reading`).
"""

from __future__ import annotations

from typing import NamedTuple

from tools.nano.wordings import lines

Wordings = tuple[str, ...]


class Wider(NamedTuple):
    """Wordings to add to a relation's train side."""

    state: Wordings
    ask: Wordings
    who: Wordings
    check: Wordings


ASK = lines("""
    Say {c}.
    Write down {c}.
    Find out {c}.
    [Do|Would] you know {c}?
    I wonder {c}.
    I [want|wish] to know {c}.
    I [forgot|do not know|am not sure] {c}.
    The question is {c}.
    Look up {c}.
    See in the text {c}.
    Work out {c}.
    Let me know {c}.
    Somebody asked {c}.
    We need to know {c}. [Well?|]
    Read and say {c}.
    Have you read {c}?
    Does the text say {c}? Then [write|give] it.
    [Quick|Now], say {c}.
    Give an answer: do you see {c}?
    It says here {c}. Say it.
    Explain {c}, in a word.
    Remind us {c}.
    Now to {n}: say {c}.
    This is about {n}: write {c}.
    Try to find {c}.
    From what you read, tell us {c}.
    Check {c} and write it.
    Please write {c}.
""")
"""Around a clause like `where {n} lives`."""

WHO = lines("""
    Who is it that {w}?
    Name the [person|one] who {w}.
    Somebody {w}. [Who|Who is it]?
    Say who {w}.
    I wonder who {w}.
    Which of them {w}?
    Find out who {w}.
    Who in the text {w}?
    Give [me|] the name of [whoever|the one who] {w}.
    Do you know who {w}?
    Write the name of the person who {w}.
    I [want|need] to know who {w}.
    Look for the one that {w}.
    Look up who {w}.
    One of them {w}. Name them.
    Tell us who {w}.
    What is the name of the one that {w}?
    Which one {w}?
    Of all these, who {w}?
    Let me know who {w}.
    Whose name goes with this: {w}?
    It is said that someone {w}. Who?
    The one who {w} is called?
    Who, by name, {w}?
    I forgot who {w}. Say it.
    Now, who {w}?
    Check who {w}.
    Pick the person who {w}.
    And who {w}?
    Somebody here {w}, but who?
    Remind me who {w}.
    According to the text, who {w}?
    Who might it be that {w}?
    Only one of them {w}. Which?
    In the text somebody {w}. Give the name.
""")
"""Around what a person does, like `lives in {x}`."""

CHECK = lines("""
    The text says that {c}. [Right|Correct|True]?
    Is it [right|correct|a fact|so] that {c}?
    Does [the text|it] say that {c}?
    Do we read that {c}?
    Would you agree that {c}?
    True or not: {c}?
    I [think|believe|guess] that {c}. Am I right?
    Someone says that {c}. Is that so?
    Check this: {c}. Does it hold?
    Can we say that {c}?
    According to the text, {c}. Is that right?
    {c}. Is that what the text says?
    Is this sentence true? {c}.
    So {c}, or not?
    Am I right that {c}?
    May I write that {c}?
    Have I got it right: {c}?
    Is it stated that {c}?
    Judge this claim: {c}.
    Could it be that {c}?
    Do you find in the text that {c}?
    It seems that {c}. Does this fit the text?
    A friend told me that {c}. Was that true?
    Suppose I say that {c}. Would that be right?
    Compare with the text: {c}.
    Is my note right? It reads: {c}.
    Decide whether {c}.
    Say whether {c}.
    Tell us if {c}.
    I read that {c}. Did I read well?
    Confirm or deny: {c}.
    Are we told that {c}?
    Look whether {c}.
    Find out if {c}.
    The claim is that {c}. Does the text agree?
""")
"""Around a whole statement, like `the home of {n} is {x}`."""


def _in(frames: Wordings, slot: str, clauses: Wordings) -> Wordings:
    """Each frame with any of the clauses; a clause that starts a sentence starts with a slot."""
    return tuple(frame.replace(slot, f"[{'|'.join(clauses)}]") for frame in frames)


def _wider(state: str, clauses: str, ask: str, does: str, who: str, claims: str, check: str) -> Wider:
    return Wider(
        lines(state),
        (*_in(ASK, "{c}", lines(clauses)), *lines(ask)),
        (*_in(WHO, "{w}", lines(does)), *lines(who)),
        (*_in(CHECK, "{c}", lines(claims)), *lines(check)),
    )


MORE: dict[str, Wider] = {
    "home": _wider(
        """
        {n} [rents|bought|built] a [flat|house|cottage] in {x} and lives in it.
        {x} is where {n} lives.
        {n} is at home in {x}.
        {n}, who lives in {x}, is [well|busy].
        {n} settled in {x} [years ago|after the war|as a child].
        {n} calls {x} home.
        Letters to {n} go to {x}, where {n} lives.
        {n} would never leave {x}, where the family lives too.
        The neighbours in {x} know {n} well, for {n} lives there.
        {n} has lived in {x} [since birth|for ages|for ten years].
        In {x} stands the house in which {n} lives.
        {n} shares a flat in {x} with two friends.
        {n} went to live in {x}.
        {n} made {x} a home.
        The address of {n} is in {x}.
        {n} resides in {x}.
        {n} dwells in {x}, near the [river|church|market].
        Home for {n} is {x}.
        {n} found a room in {x} and stayed.
        A house in {x} is the home of {n}.
        {n} loves {x} and lives there [gladly|all year].
        After work {n} goes home to {x}.
        {n} [comes from|belongs to] {x} and never moved away.
        {n} sold the old house and now lives in {x}.
        All along {n} has lived in {x}.
        {x} has been home to {n} for a while.
        {n} lives not far from the station of {x}, in the town itself.
        My cousin {n} lives in {x}.
        The place where {n} lives is {x}.
        {n} wanted a quiet life and chose {x} as home.
        {n} took a flat in {x}.
        """,
        """
        where {n} lives
        where {n} is at home
        in which town {n} lives
        """,
        """
        {n} is at home where?
        What place does {n} call home?
        Name the town of {n}.
        Home of {n}?
        To which town must I go to visit {n}?
        """,
        """
        lives in {x}
        has a home in {x}
        is at home in {x}
        """,
        """
        {x} is the home of whom?
        Name the one at home in {x}.
        Home in {x}: who?
        """,
        """
        {n} has a home in {x}
        {n}'s home is {x}
        {n} is at home in {x}
        """,
        """
        Is {n} at home in {x}?
        Has {n} a home in {x}?
        Does {n} call {x} home?
        Is {x} where {n} lives?
        """,
    ),
    "thing": _wider(
        """
        {n} is the owner of a {x}.
        {n} has owned a {x} for years.
        {n} was given a {x} [for the birthday|by an aunt] and kept it.
        {n} keeps a {x} [under the stairs|behind the door|upstairs].
        {n} is proud of a {x}, bought in the spring.
        The {x} is the property of {n}.
        {n} went to the shop and bought a {x}.
        {n} has got a {x}.
        This {x} belongs to {n}.
        {n} possesses a {x}.
        {n} never lends out the {x}, which is {n}'s own.
        Of all things {n} owns a {x}.
        {n} saved up for a {x} and bought it.
        {n} inherited a {x} from a grandfather.
        {n} carries a {x} of {n}'s own everywhere.
        {n} won a {x} and took it home.
        {n}'s place is small, but a {x} of {n}'s own fits in.
        {n} put the name {n} on the {x}, as its owner.
        {n} ordered a {x}, and it came.
        {n} purchased a {x} [cheaply|from a neighbour].
        {n} found a {x} at the fair and bought it.
        {n} has a {x} at home.
        Whoever needs a {x} can ask {n}, who has one.
        {n}'s {x} is [heavy|old|famous|precious].
        The owner of the {x} is {n}.
        A {x} is what {n} bought.
        {n} received a {x} by post.
        Here comes {n} with a {x}.
        {n} took a {x} home from the shop.
        One {x} is in the hands of {n}.
        """,
        """
        what {n} owns
        which thing is {n}'s
        what belongs to {n}
        """,
        """
        {n} has what?
        What is {n}'s?
        Name the thing of {n}.
        What thing is owned by {n}?
        What is the property of {n}?
        """,
        """
        has a {x}
        owns a {x}
        got a {x}
        """,
        """
        The {x} belongs to whom?
        Whose {x} is it?
        Name the owner of the {x}.
        """,
        """
        {n} owns a {x}
        {n}'s thing is a {x}
        {n} is the owner of a {x}
        """,
        """
        Does the {x} belong to {n}?
        Does {n} own a {x}?
        Has {n} got a {x}?
        Is {n} the owner of a {x}?
        Is the {x} {n}'s?
        """,
    ),
    "food": _wider(
        """
        {n} [adores|enjoys|is fond of] {x}.
        {n} eats {x} [twice a week|at every meal|all the time].
        {n} is crazy about {x}.
        {n} cannot get enough of {x}.
        {n} likes the taste of {x}.
        {n} ordered {x}, as always.
        {n} has {x} on the plate again.
        What {n} likes to eat is {x}.
        {n} would walk miles for {x}.
        {n} has a weakness for {x}.
        At parties {n} goes straight for the {x}.
        {n} asks for {x} on every birthday.
        There is nothing like {x}, says {n}, who eats it daily.
        {n} prefers {x} to anything else.
        {n} always buys {x} at the market and eats it at home.
        {n} ate {x} as a child and still does.
        The food that pleases {n} most of all is {x}.
        {n} dreams of {x} when lunch is late.
        {n} cooks {x} every evening and eats it all.
        {n} is a friend of {x}.
        {n} takes {x} to work and eats it at noon.
        {n} lives on {x}.
        {n} treats {n}'s guests to {x}, the food {n} likes.
        In the end {n} took {x}, {n}'s favourite.
        You can please {n} with {x}.
        Where there is {x}, there is {n}, eating.
        {n} ate a whole bowl of {x}, and with joy.
        Of all foods {n} likes {x} best.
        {x}, that is what {n} likes to eat.
        {n} says yes to {x} at any hour.
        """,
        """
        what {n} likes to eat
        which food {n} likes
        what {n} eats
        """,
        """
        {n} eats what?
        Name the favourite food of {n}.
        What is on the plate of {n}?
        What food makes {n} happy?
        What could I cook for {n}?
        """,
        """
        likes {x}
        likes to eat {x}
        eats {x}
        """,
        """
        Whose favourite food would be {x}?
        Whose favourite food is {x}?
        By whom would {x} be eaten?
        """,
        """
        {n} likes to eat {x}
        {n}'s favourite food is {x}
        {n} eats {x}
        """,
        """
        Does {n} eat {x}?
        Does {n} like to eat {x}?
        Is {x} the favourite food of {n}?
        Is {n} fond of {x}?
        """,
    ),
    "pet": _wider(
        """
        {n} owns a {x} as a pet.
        {n} keeps a pet {x}.
        {n} has a [tame|young|clever|small] {x} for a pet.
        {n} shares the house with a {x}, a pet.
        {n} brushes the pet {x} [daily|at night].
        {n} talks to a pet {x} as if it were a child.
        {n} loves the pet {x} above all.
        A {x} is the pet of {n}.
        {n} took in a stray {x} as a pet.
        {n} was given a {x} as a pet.
        {n} never travels without the pet, a {x}.
        The neighbours know {n}'s pet {x}.
        {n}'s {x} is a good pet.
        {n}'s pet is a {x}.
        {n} wanted a pet and chose a {x}.
        {n} bought food for the pet, a {x}.
        The {x} in the garden is the pet of {n}.
        {n} raised a {x} by hand and kept it.
        In {n}'s home lives a {x}.
        {n} and a pet {x} are never apart.
        {n} trained a pet {x} to jump.
        {n} brought the pet {x} to the vet.
        The animal that {n} keeps is a {x}.
        {n} looks after a {x} of {n}'s own.
        {n} carries food home for a pet {x}.
        {n}'s best friend is a {x}, a pet.
        {n} built a little house for the pet, a {x}.
        At home a {x} waits for {n}.
        For company {n} has a {x}.
        {n} gave the pet {x} a funny name.
        """,
        """
        what {n}'s pet is
        what animal {n} keeps
        what kind of pet {n} has
        """,
        """
        {n} keeps which animal?
        Name {n}'s pet.
        What animal is {n}'s pet?
        What kind of animal does {n} keep?
        What sort of pet is at {n}'s home?
        """,
        """
        has a pet {x}
        keeps a {x}
        has a {x} as a pet
        """,
        """
        The pet {x} belongs to whom?
        Name the owner of the pet {x}.
        Whose animal is the {x}?
        """,
        """
        {n} keeps a {x}
        {n}'s pet is a {x}
        a {x} is {n}'s pet
        """,
        """
        Does {n} keep a {x}?
        Is {n}'s pet a {x}?
        Is a {x} the pet of {n}?
        Has {n} got a pet {x}?
        """,
    ),
    "job": _wider(
        """
        {n} has a job as a {x}.
        {n} is employed as a {x}.
        {n} [was hired|got work|found a job] as a {x} and still has it.
        {n} is a {x} by profession.
        {n}, a {x}, [starts work at six|works long hours].
        {n} always wanted to be a {x}, and now is one.
        {n} serves as a {x}.
        {n} lives by working as a {x}.
        {n}'s job is that of a {x}.
        {n} chose the trade of a {x} and works in it.
        The new {x} is {n}.
        {n} is our {x}.
        {n} is the best {x} in town.
        {n} trained as a {x} and works as one.
        At work {n} is a {x}.
        The work of a {x} suits {n}, who does it daily.
        {n} has been a {x} all along.
        {n} works hard as a {x}.
        {n} is known all over the town as its {x}.
        {n} is a {x}, like {n}'s father.
        All week {n} works as a {x}.
        The {x} is called {n}.
        If you need a {x}, call {n}, who is one.
        {n} wears the clothes of a {x}, for that is {n}'s job.
        {n} started as a {x} long ago and still is one.
        In working life {n} is a {x}.
        {n} took a job as a {x}.
        {n} is paid well as a {x}.
        {n} is busy as a {x}.
        {n}'s profession is {x}.
        """,
        """
        what job {n} has
        what {n} works as
        what {n}'s profession is
        """,
        """
        {n} works as what?
        Name {n}'s job.
        What is {n}'s trade?
        What does {n} do for a living?
        What is {n} by profession?
        """,
        """
        is a {x}
        has a job as a {x}
        earns a living as a {x}
        """,
        """
        Name the {x}.
        The {x} is called what?
        Which of them is the {x}?
        """,
        """
        {n} works as a {x}
        {n}'s job is {x}
        {n} has a job as a {x}
        """,
        """
        Is {n}'s job {x}?
        Is {n} employed as a {x}?
        Is {n} a {x} by trade?
        Has {n} a job as a {x}?
        """,
    ),
    "hobby": _wider(
        """
        {n} has one hobby: {x}.
        {n} [loves|adores|likes] {x}.
        {n} spends every free hour on {x}.
        {n} is a fan of {x}.
        {n} took up {x} [last year|as a child] and still loves it.
        {n} finds joy in {x}.
        {n} does {x} for fun.
        {n} is in a club for {x}.
        For fun there is {x}, says {n}, who does it weekly.
        {n}'s hobby is {x}.
        {n} relaxes with {x}.
        {n} is keen on {x}.
        {n} is mad about {x}.
        In free time {n} turns to {x}.
        The weekends of {n} are all about {x}.
        {n} practises {x} in the evenings, for fun.
        {n} won a prize for {x}, a hobby since school.
        {n} teaches friends {x}, {n}'s hobby.
        No day passes without {x} for {n}.
        {n} enjoys nothing more than {x}.
        {n} lives for {x}.
        Free time means {x} to {n}.
        {n} gladly gives up sleep for {x}.
        {n} reads everything about {x}, a hobby.
        {n}'s great love is {x}.
        {n} fills the holidays with {x}.
        What {n} enjoys is {x}.
        {n} would do {x} all day.
        On holiday {n} enjoys {x}.
        {x} is what {n} does for fun.
        """,
        """
        what {n} enjoys
        what {n}'s hobby is
        what {n} does in free time
        """,
        """
        {n} enjoys what?
        Name {n}'s hobby.
        What does {n} do for fun?
        How does {n} spend free time?
        What is {n} keen on?
        """,
        """
        enjoys {x}
        has {x} as a hobby
        is keen on {x}
        """,
        """
        {x} is the hobby of whom?
        Name the friend of {x}.
        For whom is {x} a hobby?
        """,
        """
        {n}'s hobby is {x}
        {n} is keen on {x}
        {n} has {x} as a hobby
        """,
        """
        Is {n} keen on {x}?
        Is {x} {n}'s hobby?
        Does {n} do {x} for fun?
        Has {n} the hobby of {x}?
        """,
    ),
    "age": _wider(
        """
        {n} is {x} years of age.
        {n} has just turned {x}.
        {n}, {x}, is [tired|cheerful|at home].
        {n}, who is {x} years old, [laughs a lot|sleeps well].
        {n} is now {x}.
        {n}'s age is {x}.
        {n} has reached the age of {x}.
        There are {x} candles on {n}'s birthday cake, one for each year.
        {n} is aged {x}.
        {n} had a cake with the number {x} on it, the age of {n}.
        Nobody believes that {n} is {x}, but it is true.
        With {x} years {n} feels fine.
        {n} became {x} in March.
        {n} says: I am {x} years old.
        Today {n} is {x} years old.
        {n} counts {x} years of age.
        {n} is already {x}.
        {n} is only {x} years old.
        {n} turned {x} in the spring.
        The passport of {n} gives the age as {x}.
        It is {n}'s birthday: {n} is {x}.
        {n} looks younger but is {x}.
        {n} looks older but is {x}.
        {x} years, that is the age of {n}.
        {n} wrote {x} in the box for age.
        {n} will stay {x} until the next birthday.
        At the age of {x}, {n} still learns.
        {n} has been {x} since last week.
        A card came for {n}, now {x} years old.
        {n} is {x}, says the family.
        {n} gave {x} as the age.
        """,
        """
        what {n}'s age is
        what age {n} is
        how many years old {n} is
        """,
        """
        {n} is of what age?
        What is {n}'s age?
        Name {n}'s age.
        How many years has {n} lived?
        Age of {n}?
        """,
        """
        has lived for {x} years
        is {x}
        is aged {x}
        """,
        """
        Whose age is {x}?
        {x} is the age of whom?
        {x} years old: who?
        """,
        """
        {n} has lived for {x} years
        {n}'s age is {x}
        {n} is aged {x}
        """,
        """
        Is {n} aged {x}?
        Is {n}'s age {x}?
        Is {n} {x} years of age?
        Has {n} lived for {x} years?
        """,
    ),
    "day": _wider(
        """
        {n} is coming on {x}.
        {n} will be here on {x}.
        {n} will come [for tea|for lunch|to see us] on {x}.
        {n} [promised|plans|hopes] to come on {x}.
        {n} arrives on {x}.
        {x} is the day of {n}'s visit.
        Keep {x} free, {n} is coming.
        {n} wrote that {n} will come on {x}.
        {n} chose {x} for the visit.
        {n} called: the visit will be on {x}.
        On {x} we get a visit from {n}.
        On {x} {n} comes to us.
        On {x} {n} knocks at our door.
        {n} comes to stay on {x}.
        {n} has time for us on {x} and will come.
        {n} wants to see us on {x}.
        {n} booked a train for {x} to visit us.
        The day when {n} comes is {x}.
        We cook for {n}, who comes on {x}.
        {n} drops in on {x}.
        {n}'s visit falls on {x}.
        {n} could not come earlier, so it will be {x}.
        {n} can only come on {x}.
        Do not forget that {n} comes on {x}.
        {n} is due on {x}.
        {n} will turn up on {x}.
        Come {x}, {n} will be with us.
        {n} travels here on {x}.
        {n} is invited for {x} and said yes.
        {n} will join us on {x}.
        """,
        """
        when {n} comes
        on what day {n} visits us
        on which day {n} arrives
        """,
        """
        {n} comes when?
        What day does {n} arrive?
        Name the day of {n}'s visit.
        When is {n} due?
        When will {n} be here?
        """,
        """
        comes on {x}
        is due on {x}
        arrives on {x}
        """,
        """
        {x} is the day of whose visit?
        Whose visit is on {x}?
        On {x} we see whom?
        """,
        """
        {n} arrives on {x}
        {n}'s visit is on {x}
        {n} will be here on {x}
        """,
        """
        Does {n} arrive on {x}?
        Is {n} due on {x}?
        Is {n}'s visit on {x}?
        Will {n} be here on {x}?
        """,
    ),
}

EXTRA: dict[str, Wider] = {
    "colour": _wider(
        """
        The favourite colour of {n} is {x}.
        {n} likes {x} best of all colours.
        {n} paints everything in {x}, the colour {n} likes.
        {n} always chooses {x}, {n}'s favourite colour.
        Of all colours {n} loves {x}.
        For {n} no colour is as fine as {x}.
        {n} wears nothing but {x}, a colour {n} adores.
        {n} says that {x} is the best colour.
        {n}'s favourite colour is {x}.
        {n} prefers {x} to all other colours.
        """,
        """
        what {n}'s favourite colour is
        which colour {n} likes
        """,
        """
        What is the favourite colour of {n}?
        Which colour does {n} like?
        Name the colour that {n} likes.
        What colour does {n} prefer?
        """,
        """
        likes the colour {x}
        prefers {x}
        """,
        """
        Who likes the colour {x}?
        Whose favourite colour is {x}?
        """,
        """
        {n}'s favourite colour is {x}
        {n} likes the colour {x}
        """,
        """
        Is {x} the favourite colour of {n}?
        Does {n} like the colour {x}?
        """,
    ),
    "room": _wider(
        """
        {n} is in room {x}.
        The room of {n} is {x}.
        {n} got the key to room {x}.
        You will find {n} in room {x}.
        {n} sleeps in room {x}.
        Room {x} is for {n}.
        {n} was given room {x}.
        Please take the bags of {n} to room {x}.
        {n} stays in room {x}.
        The number on {n}'s room is {x}.
        """,
        """
        in which room {n} is
        what the room of {n} is
        """,
        """
        Which room is for {n}?
        What is the room of {n}?
        Name the room of {n}.
        In which room is {n}?
        """,
        """
        is in room {x}
        has room {x}
        """,
        """
        Who is in room {x}?
        Whose room is {x}?
        """,
        """
        {n} is in room {x}
        the room of {n} is {x}
        """,
        """
        Is {n} in room {x}?
        Is {x} the room of {n}?
        """,
    ),
    "birthday": _wider(
        """
        {n} has a birthday in {x}.
        The birthday of {n} is in {x}.
        {n} was born in {x}.
        In {x} {n} gets a birthday cake.
        {n} came into the world in {x}.
        Every {x} {n} has a birthday party.
        The month of {n}'s birthday is {x}.
        {n} turns a year older in {x}.
        {n}'s birthday falls in {x}.
        We sing for {n} in {x}, the month of the birthday.
        """,
        """
        in which month {n} was born
        in what month {n}'s birthday is
        """,
        """
        In which month was {n} born?
        What month is the birthday of {n}?
        Name the birth month of {n}.
        In what month is {n}'s birthday?
        """,
        """
        was born in {x}
        has a birthday in {x}
        """,
        """
        Who was born in {x}?
        Whose birthday is in {x}?
        """,
        """
        {n} was born in {x}
        {n}'s birthday is in {x}
        """,
        """
        Was {n} born in {x}?
        Is the birthday of {n} in {x}?
        """,
    ),
    "friend": _wider(
        """
        The best friend of {n} is called {x}.
        {n}'s best friend is {x}.
        {n} has a friend named {x}.
        {n} has been friends with {x} since school.
        {x} is the best friend of {n}.
        {n} calls {x} the best friend in the world.
        A friend of {n} is {x}.
        {n} shares every secret with {x}, the best friend.
        {n} made friends with {x}.
        {n} and the best friend, {x}, are always together.
        """,
        """
        who {n}'s friend is
        who the best friend of {n} is
        """,
        """
        Who is the friend of {n}?
        What is the name of {n}'s friend?
        Name the best friend of {n}.
        Which friend does {n} have?
        """,
        """
        is the friend of {x}
        has a friend called {x}
        """,
        """
        Who has a friend named {x}?
        Who is a friend of {x}?
        """,
        """
        {n}'s friend is {x}
        {n} has a friend named {x}
        """,
        """
        Is {x} the friend of {n}?
        Has {n} a friend named {x}?
        """,
    ),
}
"""Relations that the train side alone has."""

HINTS = lines("""
    Yes or no.
    [Answer|Reply] with yes or no.
    Write yes or no.
    Only yes or no.
    Yes, or no?
    One word: yes or no.
    Choose yes or no.
    The answer is yes or no.
    Either yes or no.
    Say yes if so, no if not.
    (yes/no)
    Is it yes or no?
    Write yes if it is so and no if it is not.
    Decide: yes or no.
    yes / no?
""")
"""After a yes-or-no question."""

OPEN = lines("""
    {q} [Look|Search] in the text.
    {q} The text says it.
    {q} One word [will do|is enough].
    {q} Keep it short.
    {q} Use the words of the text.
    {q} Just the answer.
    [Please reply|Reply] to this: {q}
    [Here is|This is] my question: {q}
    According to the text: {q}
    [Use|Take] the text to answer: {q}
    Q: {q}
    A question [on|about] the text: {q}
    The text holds the answer. {q}
    Think of what you have read. {q}
    {q} Give a short answer.
    {q} Write no more than two words.
    {q} A word is enough.
    {q} Do not explain.
    {q} Only what was asked.
    [First|Next] question: {q}
    Solve this: {q}
    Someone asks: {q}
    {q} Copy the answer from the text.
    Going by the text: {q}
    I have read it but forgot: {q}
    {q} Name it and nothing else.
    {q} I need it in one word.
    {q} You will find it above or below.
    Test your memory: {q}
    Quiz: {q}
    Small task. {q}
    To answer from the text: {q}
    {q} No whole sentence, please.
    Only one thing: {q}
    Can the text help? {q}
    {q} The answer is in the text.
    {q} Say it briefly.
    My question about this: {q}
    Give the answer to this: {q}
    {q} Be brief.
""")
"""Around a question on a passage."""
