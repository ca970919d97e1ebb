"""What people say when they like something, when they do not, and when they have no opinion: train-side sentences.

Promise: each sentence carries its mood unmistakably, without help from another sentence. Slots are those of
`skills_classify.slots`: `{t}` a thing, `{f}` a food, `{n}` a person, `{p}` a place, `{d}` a day, `{c}` a colour,
`{k}` a number, `{x}` an animal.

Not here: the held wordings, and the names that the moods have in a prompt (both in `skills_classify`).
"""

from __future__ import annotations

from tools.nano.wordings import lines

POSITIVE = lines("""
    [Great|Super|Brilliant|Fantastic] {t}, well worth the money.
    I would [recommend|praise] this {t} to [anyone|all my friends].
    {n} made us feel [so|very] welcome.
    The staff in {p} [were|are] helpful and polite.
    Five stars for the {t}!
    We [loved|adored] every minute in {p}.
    This {t} [makes|made] my life easier.
    A pleasure from start to finish, thank you {n}.
    The {f} tasted [superb|heavenly|fresh and good].
    {n} is the nicest person I have met in {p}.
    Our stay in {p} was a dream.
    I am delighted with the {c} {t}.
    My {t} arrived early and in perfect shape.
    You will not find a better {t} [anywhere|in {p}].
    I am so glad that I chose this {t}.
    Bravo, {n}, that was splendid!
    The {t} [runs|works] like a charm.
    What a joy to have such a {t}!
    {p} is a beautiful place, we will come back.
    {n} solved my problem in no time, I am grateful.
    The children are thrilled with the {t}.
    Hats off to {n}, a marvellous job.
    The {f} melted in my mouth, yum!
    Such good {f}, I asked for more.
    It was the happiest {d} of my life.
    Excellent service, and {n} smiled all the time.
    The {t} is even prettier than in the picture.
    I could not be more pleased with the {t}.
    Everyone in {p} was charming.
    The {x} is adorable, we all adore it.
    Thanks to {n} the evening was a great success.
    I laughed a lot and felt at home in {p}.
    This {t} deserves a prize.
    Top quality, fair price, happy customer.
    {n} has a heart of gold.
    What lovely people you are in {p}!
    My mother is overjoyed about the {t}.
    The best {t} that money can buy.
    In {p} they make {f} to die for.
    I enjoy my {t} every single day.
    Wow, {n} really knows how to cook {f}!
    A wonderful gift, the {t} is just what I wished for.
    {n} sings like an angel.
    The {t} is a real treasure.
    Well done! The {t} looks splendid.
    Our trip to {p} went smoothly and was great fun.
    The {t} fits perfectly and feels good.
    It is a delight to work with {n}.
    After {k} years the {t} is still as good as new, I am impressed.
    I was pleasantly surprised by the {t}.
    Simply the best {f} in town.
    The {t} was cheap and yet so good.
    Hurray, the {t} is finally here and it is gorgeous!
    We had so much fun with {n} on {d}.
    The view in {p} took my breath away, so beautiful.
    {n} was patient and explained everything well.
    I like the {t} a lot.
    Nice {t}, good price, quick delivery, I am content.
    The {f} tasted like heaven.
    Sweet, juicy {f}, I was in paradise.
    No complaints at all, the {t} is terrific.
    I am proud of {n}, what a performance!
    The {x} made all of us smile.
    {p} has the friendliest people in the world.
    Never have I slept as well as in {p}.
    The {t} does more than it promised, amazing!
    I am a big fan of the {t} from {p}.
    {n} saved my day, thank you so much.
    I fell in love with the {c} {t} at once.
    It was worth every coin.
    The new {t} is a huge improvement, much better than the old one.
    Lovely {f}, lovely people, lovely evening.
    You did well, {n}, I am impressed.
    Can I say how much I admire this {t}?
    Good news: the {t} is a success!
    Our guests praised the {f}.
    The {t} is handy, pretty and strong.
    I smile each time I see the {t}.
    A cheerful {d} with {n}, we laughed until late.
    The {t} was a bargain and it is fabulous.
    Fresh, warm {f}: just how I like it.
    What a treat! {n} brought {f}.
    With {n} everything is fun.
    The {t} from {n} is my favourite present.
""")

NEGATIVE = lines("""
    What a [waste of money|rip-off], this {t}!
    I would not [recommend|wish] this {t} [to|on] anyone.
    {n} made us feel unwelcome.
    The staff in {p} [were|are] lazy and impolite.
    One star for the {t}, and that is too much.
    We [regretted|hated] every minute in {p}.
    This {t} is [nothing but|only] trouble.
    A disaster from start to finish, shame on {n}.
    The {f} tasted [stale|rotten|burnt|of nothing].
    {n} is the meanest person I have met in {p}.
    Our stay in {p} was a nightmare.
    I am fed up with the {c} {t}.
    My {t} arrived late and in pieces.
    You will not find a worse {t} [anywhere|in {p}].
    I am so sorry that I chose this {t}.
    Shame on you, {n}, that was dreadful!
    The {t} fell apart at once.
    What a pain to have such a {t}!
    {p} is an ugly place, we will not come back.
    {n} ignored my problem, I am furious.
    The children cried because the {t} was broken.
    {n} made a mess of everything.
    The {f} made me sick.
    Such bad {f}, I left it on the plate.
    It was the saddest {d} of my life.
    Poor service, and {n} shouted at us.
    The {t} is much uglier than in the picture.
    I could not be more annoyed with the {t}.
    Everyone in {p} was unfriendly.
    The {x} scared us and bit my hand.
    Because of {n} the evening was a failure.
    I was bored and felt lonely in {p}.
    This {t} belongs in the rubbish.
    Bad quality, high price, unhappy customer.
    {n} has a heart of stone.
    What awful people you are in {p}!
    My mother is upset about the {t}.
    The worst {t} that I ever paid for.
    In {p} they serve {f} not fit to eat.
    I curse my {t} every single day.
    Ugh, {n} cannot cook {f} at all!
    A useless gift, the {t} is not what I wished for.
    {n} lied to me and I feel cheated.
    The {t} is a piece of junk.
    Badly done! The {t} looks hideous.
    Our trip to {p} went wrong and was no fun.
    The {t} does not fit and hurts.
    It is a torture to work with {n}.
    After {k} days the {t} was already ruined, I am cross.
    I was bitterly let down by the {t}.
    Simply the nastiest {f} in town.
    The {t} was dear and yet so poor.
    Alas, the {t} is here and it is a horror!
    We had an ugly fight with {n} on {d}.
    The smell in {p} made me ill, so disgusting.
    {n} was impatient and explained nothing.
    I do not like the {t} at all.
    Ugly {t}, silly price, slow delivery, I am angry.
    The {f} tasted like soap.
    Dry, sour {f}, I could not swallow it.
    Nothing but complaints, the {t} is a flop.
    I am ashamed of {n}, what a poor performance!
    The {x} ruined our evening.
    {p} has the rudest people in the world.
    Never have I slept as badly as in {p}.
    The {t} does none of what it promised, pathetic!
    I cannot stand the {t} from {p}.
    {n} spoiled my day, thanks for nothing.
    I got tired of the {c} {t} at once.
    It was not worth a single coin.
    The new {t} is a step back, much worse than the old one.
    Stale {f}, rude people, horrid evening.
    You failed, {n}, I am disappointed.
    Can I say how much I despise this {t}?
    Bad news: the {t} is a failure!
    Our guests complained about the {f}.
    The {t} is clumsy, ugly and weak.
    I sigh each time I see the {t}.
    A gloomy {d} with {n}, we quarrelled until late.
    The {t} was overpriced and it is rubbish.
    Old, greasy {f}: just what I cannot bear.
    How annoying! {n} forgot the {f}.
    With {n} everything is a struggle.
    The {t} from {n} was a cruel joke.
    I want my money back, the {t} is a fraud.
    Never again! We found hair in the {f}.
""")

NEUTRAL = lines("""
    The {t} [stands|lies] [under the window|in the hall|on the shelf].
    {n} [moved|travelled|drove] from {p} to the coast on {d}.
    The {t} is made of [wood|iron|glass].
    {n} has worked in {p} for {k} months.
    There are {k} chairs in the hall.
    The office closes [at six|at noon on {d}].
    The bus to {p} stops {k} times.
    {n} carried the {t} down into the cellar.
    The {t} is {k} centimetres [wide|deep].
    A meeting takes place in {p} on {d}.
    The recipe says to use {k} grams of {f}.
    The address of {n} is in {p}.
    Room {k} is on the second floor.
    {n} bought a {c} {t} on {d}.
    The {t} comes in {c} and in grey.
    The road from here to {p} is {k} kilometres.
    {n} sent the letter on {d}.
    The {x} is in the stable.
    The list has {k} names on it.
    The key to the {t} hangs by the door.
    {n} and the neighbour live on the same street.
    Page {k} shows a map of {p}.
    Here they sell {f} by weight.
    The door of the office is painted {c}.
    {n} will call again on {d}.
    The parcel was sent from {p}.
    The {t} belongs to the school.
    Each box holds {k} pieces.
    The town hall of {p} was built in the last century.
    {n} takes the bus at eight.
    The {t} is stored in room {k}.
    A {x} lives about {k} years.
    The shop sells {f} and paper.
    {n} is the son of a teacher in {p}.
    On {d} the library is closed.
    The {c} {t} is on the left, the other one on the right.
    The train from {p} arrives at track {k}.
    {n} wrote the date on the {t}.
    The river flows through {p}.
    The {t} needs two batteries.
    The form has {k} lines.
    They keep the {f} in the cellar.
    {n} asked for the way to {p}.
    We moved the {t} from one room to the other.
    The course starts on {d} and lasts {k} weeks.
    The {t} was delivered on {d}.
    {n} changed the address last month.
    The population of {p} is about {k} thousand.
    Inside the case there is a {t}.
    The {x} has four legs and a tail.
    {n} has a sister in {p}.
    The ticket is valid until {d}.
    There is a {c} mark on the {t}.
    The hall seats {k} people.
    The post office is across from the station in {p}.
    {n} works in room {k} on the second floor.
    A {t} consists of several parts.
    They get the {f} from {p}.
    The number of the house is {k}.
    {n} wears a {c} coat today.
    The next train leaves on {d} at seven.
    The manual of the {t} has {k} pages.
    The cupboard is to the right of the {t}.
    {n} put {k} coins on the counter.
    The water boils at a hundred degrees.
    The garden behind the house is {k} metres long.
    The {t} is the same size as the old one.
    {p} lies between two hills.
    The {t} was made in {p}.
    {n} was born on a {d}.
    The blue bowl holds half of the {f}.
    The report is about the roads of {p}.
    The lid of the {t} is round.
    {n} signed the paper and gave it to the clerk in {p}.
    The ship carries {f} to {p}.
    The switch for the lamp is beside the {t}.
    The museum in {p} has three floors.
    {n} is {k} years old.
    It takes {k} minutes to walk to the station.
    The {x} was seen near {p} on {d}.
    The price of the {t} is {k} coins.
    The windows face the street.
    {n} speaks two languages.
    The {t} is number {k} on the list.
""")
