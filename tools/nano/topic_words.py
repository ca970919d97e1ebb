"""What a text of one topic says: train-side words and train-side sentences for the skill `topic`.

Promise: every word and every sentence belongs to its own topic and to no other topic of the list, so the label can be
told from the text alone. Nothing here is used on the held side, which keeps its words (`vocabulary.TOPICS`) and its
wordings (`skills_classify`).

Not here: the labels' names of the shared topics (`vocabulary.TOPIC_NAMES`).
"""

# ruff: noqa: SIM905  (word lists are easier to read and to sort as plain text)
from __future__ import annotations

from tools.nano.wordings import lines

WORDS: dict[str, list[str]] = {
    "food": (
        "pasta sandwich pudding stew snack lunch menu flavour dessert pan mustard spice pie dough steak noodle sausage "
        "omelette pancake biscuit gravy dish"
    ).split(),
    "weather": (
        "breeze heatwave gale shower lightning blizzard mist raindrop snowflake drought downpour hurricane sleet "
        "rainbow barometer icicle thaw tornado humidity dew"
    ).split(),
    "sport": (
        "tournament athlete sprint marathon racket champion penalty boxer swimmer hurdle kick opponent striker "
        "goalkeeper relay wrestler jockey final javelin dribble"
    ).split(),
    "music": (
        "chorus flute cello composer symphony lyric microphone harp opera trombone ballad conductor duet harmony "
        "saxophone banjo note hymn clarinet chord"
    ).split(),
    "travel": (
        "visa passenger airline cruise hostel guidebook souvenir backpack departure border embassy trip itinerary "
        "landmark timetable sightseeing platform campsite resort excursion"
    ).split(),
    "money": (
        "mortgage cheque budget income pension profit account deposit banknote refund wage cent dollar fee investor "
        "bill accountant currency overdraft discount"
    ).split(),
    "animals": (
        "rabbit sheep beak claw goose cage stable snout wolf fox flock herd mane kennel hamster elephant parrot "
        "squirrel lamb antler"
    ).split(),
    "health": (
        "patient surgeon vaccine injection allergy flu symptom ambulance thermometer operation rash therapy "
        "prescription infection ointment stethoscope heartbeat pharmacy plaster migraine"
    ).split(),
    "garden": (
        "rake greenhouse daisy petal mower orchard fertilizer flowerbed lily ivy hosepipe seedling pot thorn "
        "wheelbarrow daffodil shrub pruning sprout bulb"
    ).split(),
    "school": (
        "headmaster schoolbag chalk curriculum recess classmate schoolyard test semester tutor assignment "
        "dictation ruler principal quiz diploma notebook detention lecture"
    ).split(),
    "computers": (
        "tablet printer virus router algorithm monitor database email app folder backup cursor bug icon hacker "
        "website username network chip upload"
    ).split(),
    "clothes": (
        "sweatshirt blouse belt pocket zip scarf cardigan pyjama shoe stocking vest mitten jumper lace hem cape suit "
        "waistcoat gown apron"
    ).split(),
    "building": (
        "crane concrete scaffold carpenter drill chimney foundation mortar bricklayer girder staircase "
        "architect screw shovel balcony attic doorframe gutter renovation"
    ).split(),
    "law": (
        "burglar lawsuit suspect courtroom alibi detective murder arrest attorney robbery handcuff prosecutor fine "
        "statute confession fraud appeal oath defendant offence"
    ).split(),
    "space": (
        "planet rocket star moon comet galaxy astronaut telescope orbit asteroid satellite meteor universe spacecraft "
        "eclipse constellation"
    ).split(),
    "family": (
        "mother father aunt cousin grandmother wedding nephew twin husband wife grandson marriage uncle niece "
        "stepfather bride"
    ).split(),
    "art": (
        "fresco sketchbook sculpture gallery brush portrait easel sketch statue exhibition museum palette watercolour "
        "mural sculptor drawing"
    ).split(),
    "books": (
        "novel author chapter poem library paperback bookshop poet publisher hero plot diary fable bestseller "
        "bookmark fairytale"
    ).split(),
    "cars": (
        "engine brake tyre bumper windscreen clutch garage headlight petrol gearbox motorway mechanic driver exhaust "
        "dashboard seatbelt"
    ).split(),
    "film": (
        "cinema actor scene director trailer popcorn camera actress movie script stunt sequel premiere "
        "documentary cartoon"
    ).split(),
    "war": (
        "soldier battle army general bomb weapon enemy trench tank invasion truce rifle battlefield sergeant siege "
        "regiment"
    ).split(),
    "religion": (
        "church priest prayer bible temple mosque monk saint sermon pilgrim altar bishop rabbi chapel nun cathedral"
    ).split(),
}
NAMES: dict[str, list[str]] = {
    "space": ["space", "astronomy"],
    "family": ["family", "relatives"],
    "art": ["art", "the arts"],
    "books": ["books", "literature"],
    "cars": ["cars", "driving"],
    "film": ["film", "movies"],
    "war": ["war", "the army"],
    "religion": ["religion", "faith"],
}
"""Names of the topics that the train side alone has."""

ABOUT = lines("""
{n} [spoke|chatted|complained] of the {a} [for hours|all evening].
We [found|noticed] a {a} beside a {b}.
Where is the {a}? {n} has only the {b}.
A {a} and a {b}, that is all {n} [wanted|asked for].
No {a} without a {b}, says {n}.
The {a} came first and the {b} came later.
{n} showed me the {b} and the {e}.
Have you seen the {a} [of|from] {n}?
[Each|Every] {a} in {p} has a {b}.
{n} knows all about the {a}, the {b} and the {e}.
On {d} we will [speak|talk] about the {a}.
In {p} a {a} is rare, but a {b} is not.
This [morning|evening] the {a} was on the news.
[Yesterday|Last night] I dreamed of a {a}.
{n} drew a {a} and next to it a {b}.
Is that a {a} or a {b}?
The {e} was gone, and so was the {a}.
I know [little|nothing] about the {a}.
Somebody from {p} sent us a photo of a {a}.
What a {a}! And look at that {b}.
{n} would rather have a {a} than a {b}.
After the {a} there was still the {b}.
[Please|Kindly] explain the {a} to {n}.
They argued about a {a}, and then about the {e}.
{n} is [thinking|worrying] about the {a}.
The word of the day is {a}.
A {a}? No, {n} said {b}.
From {p} came news of a {a}.
Both the {a} and the {b} [matter|count].
The {a} is [what|all] {n} remembers.
One {a}, two more, and then the {b}.
The children asked what a {a} is.
There is [always|often] a {a} where there is a {b}.
{n} wrote {a}, {b} and {e} on a card.
The {b} by itself is no use without the {a}.
On the poster you see a {a}.
We watched a programme on the {a} and the {e}.
{n} gave a talk on the {a} in {p}.
Nothing interests {n} more than a {a}.
Could somebody tell {n} about the {a}?
Page two is about the {b}.
I had never seen such a {a} before.
""")
"""Sentences that only the words give a topic."""

LINES: dict[str, tuple[str, ...]] = {
    "food": lines("""
        The [sauce|gravy] needs a little more salt and pepper.
        We had roast potatoes and beans for dinner.
        Mix the flour with two eggs and some milk.
        {n} [bakes|baked] the best apple pie in {p}.
        Is there any bread left for breakfast?
        This cheese [smells|tastes] stronger than the last one.
        Let it boil for ten minutes, then drain the noodles.
        I am [hungry|starving], what is for lunch?
        The new restaurant in {p} serves [fresh fish|grilled lamb|hot dumplings].
        {n} never eats meat but loves lentils.
        Too much sugar spoils the pudding.
        Fry the onions in oil until they are brown.
        The menu has three desserts.
        He ordered a plate of sausages with mustard.
        Our fridge is full of leftovers.
        The pizza came with extra cheese.
        {n} [peeled|chopped|sliced] the carrots for the stew.
        She spread honey on her toast.
        Dinner will be on the table at seven.
        The rice is still too hard to eat.
        Grandma's recipe calls for cinnamon.
        Lunch today is a bowl of noodles.
        The oven must be hot before the dough goes in.
        You can taste the garlic in every bite.
        They grilled fish and corn for twenty guests.
        {n} forgot the cake in the oven and it burned.
        A ripe melon is sweet and juicy.
        We ran out of yeast, so there will be no rolls.
        The chef fills the dumplings with cabbage and pork.
        Do you take milk in your tea?
        For supper {n} warmed up yesterday's stew.
        Whisk the cream until it is stiff.
        The salad lacks a good dressing.
        I could eat pancakes every morning.
        The meal began with olives and ended with ice cream.
        {n} is [cooking|frying|roasting] something that smells good.
        A pinch of ginger makes the biscuits better.
        The jam is made from plums.
        That steak was far too tough to chew.
        On {d} we always eat fish.
        Keep the butter cool or it will melt on the plate.
        The waffles were served with syrup.
        Nobody makes dumplings like {n} does.
        What shall we eat tonight, rice or pasta?
        The bakery in {p} sells warm rolls at six.
        He stirred the porridge and added raisins.
        The snack bar offers chips and sandwiches.
        The lemon gives the fish a fresh flavour.
        {n} set the table and served the roast.
        We picked berries and cooked jam.
        Leave the beans in water overnight before cooking.
        A hungry crowd waited at the burger stall.
        The waitress brought us the dessert menu.
        Her muffins are soft inside and crisp outside.
        Boil an egg, butter the bread, and breakfast is done.
        {n} drank the rest of the lemonade.
        This dish is too spicy for the children.
        The milk has gone sour.
        They shared a plate of cheese and grapes.
        He eats nothing but noodles with ketchup.
    """),
    "weather": lines("""
        It will [rain|snow|hail] all day in {p}.
        The sky turned grey and it began to pour.
        Tomorrow will be sunny and [mild|warm|hot].
        A cold wind blows from the north.
        The storm [tore|blew] leaves from the trees.
        It was so foggy that we could hardly see {p}.
        {n} took an umbrella because dark clouds came up.
        The sun came out after three days of drizzle.
        Temperatures will fall below zero tonight.
        Thunder and lightning kept {n} awake.
        The heat in {p} was hard to bear this summer.
        Snow covers the hills around {p}.
        The forecast for {d} says clear skies.
        What a wet and windy {d}!
        There was frost on the windows this morning.
        The rain stopped at noon and the clouds drifted off.
        A warm breeze came in from the sea.
        Black ice makes the pavement slippery in this cold.
        It has not rained in {p} for [weeks|months].
        The mist lifted and the sun broke through.
        Expect showers in the west and sunshine in the east.
        The gale reached a hundred kilometres per hour.
        {n} got soaked in a sudden downpour.
        Winters in {p} are icy and dark.
        The thermometer shows thirty degrees in the shade.
        Hail the size of marbles fell on {d}.
        The blizzard left a metre of snow.
        Spring is late and the nights are still freezing.
        A rainbow stood over {p} after the shower.
        It is too hot to be out in the sun today.
        The air is damp and the clouds hang low.
        Rain is likely, with gusts of wind by evening.
        The dry spell ends on {d}, says the forecast.
        It is snowing again in {p}.
        The first raindrops fell at dusk.
        Dull and cloudy, with a little drizzle later.
        {n} looks at the clouds and foretells rain.
        After the cold front it will be milder.
        The hurricane moves towards the coast.
        Puddles everywhere: it poured the whole night.
        In {p} the sun shines three hundred days a year.
        The snow is melting now that it is warmer.
        A weather warning is out for heavy wind.
        It dropped to minus ten degrees last night.
        There is not a cloud in the sky.
        The humid air makes everybody sweat.
        Bad weather: sleet, wind and early darkness.
        We had [sunshine|rain|fog] from morning to night.
        The drought has lasted since spring.
        The wind has turned and will bring snow.
        Autumn came with rain and storms.
        Dew lay on everything and the morning was chilly.
        {n} hopes that it stays dry on {d}.
        The cold snap surprised {p}.
        Heavy clouds, but no rain so far.
        The lightning struck close to {p}.
        It will clear up in the afternoon.
        In the north, light snow; in the south, rain.
        The air pressure is falling, a storm is near.
        So much wind that the umbrella flew off.
    """),
    "sport": lines("""
        {n} scored [two goals|the winning goal|twice] in the second half.
        The match in {p} ended in a draw.
        Our team [won|lost] by three points.
        {n} trains every day for the marathon.
        The referee showed him the red card.
        She swam the hundred metres in record time.
        The final will be played in {p} on {d}.
        {n} hit the ball over the net.
        The runners are at the starting line.
        Our striker is injured and cannot play.
        The fans cheered as the players came onto the pitch.
        They beat {p} four to one.
        {n} won a gold medal in the high jump.
        The champion lost the last set.
        The boxer went down in the fifth round.
        Who will win the cup this season?
        The goalkeeper saved a penalty.
        {n} plays basketball for a club in {p}.
        It was the fastest lap of the whole race.
        The league table shows {p} in first place.
        He threw the javelin eighty metres.
        Training starts at six, bring your running shoes.
        The stadium was full for the derby.
        After extra time the score was still level.
        {n} is the captain of the hockey team.
        The tennis tournament begins on {d}.
        A bad pass gave the ball to the other side.
        The cyclists climbed the last hill before the finish.
        She did twenty push-ups and then sprinted.
        The home team leads at half time.
        {n} broke the world record for the long jump.
        The athletes marched into the arena.
        He served an ace and won the game.
        The team from {p} needs a new goalkeeper.
        {n} came third in the relay.
        The whistle blew and the game was over.
        Two players were sent off for a foul.
        The wrestler threw his opponent in a minute.
        The volleyball girls practise on {d}.
        Our side played badly and was beaten.
        She rowed in the winning boat.
        What was the score? Two to nil for {p}.
        The skier fell at the last gate of the race.
        They kicked the ball around until dark.
        {n} was the best player on the field.
        The race is ten kilometres through {p}.
        The judo club looks for new members.
        He dribbled past three defenders and scored.
        The winners lifted the trophy.
        The crowd sang for their team.
        {n} holds the record in weightlifting.
        The match was called off at half time.
        A strong kick, and the ball was in the net.
        The gymnast landed without a wobble.
        {p} plays against us in the next round.
        The rugby players were covered in bruises after the game.
        He finished the triathlon in twelve hours.
        The trainer changed two players.
        She practises her serve against a wall.
        The season ends with the cup final.
    """),
    "music": lines("""
        {n} plays the [violin|trumpet|drums|flute] in a band.
        The choir sang [three songs|an old hymn] in {p}.
        The concert on {d} is sold out.
        Turn up the volume, I love this song!
        The orchestra tuned its instruments.
        {n} sings in a low voice.
        That melody stays in my head all day.
        The pianist played a slow waltz.
        A guitar string snapped in the middle of the tune.
        Their new album has ten songs.
        The drummer keeps the rhythm.
        {n} learned to play the cello at six.
        The audience clapped along to the beat.
        Can you read notes?
        The singer hit a very high note.
        They danced to jazz until midnight.
        The opera lasted four hours.
        {n} wrote the words and the tune of this song.
        The band from {p} plays loud rock.
        She hums a lullaby.
        The conductor raised the baton.
        We listened to a symphony on the radio.
        The second verse is followed by the chorus.
        {n} practises scales on the trombone.
        The trumpet comes in after eight bars.
        The piano is out of tune.
        Folk songs from {p} were played on the fiddle.
        The singers stood in two rows, sopranos in front.
        His guitar solo was the best part of the concert.
        Which song did the band play last?
        A street musician played the accordion.
        The melody is simple but the harmony is rich.
        {n} sang a duet with a tenor.
        The organ filled the hall with sound.
        They recorded the song in a studio in {p}.
        The bass is too loud in this mix.
        We need one more violin for the quartet.
        The rhythm changes in the last verse.
        {n} bought a record by a famous jazz singer.
        The choir rehearses every {d}.
        The tune begins softly and ends with drums.
        He whistled a merry tune.
        The harpist plucked the strings.
        Hear how the flute repeats the theme!
        The music teacher tapped the beat with a pencil.
        The lyrics rhyme in every line.
        {n} is a soprano and sings opera.
        An old ballad was sung by the fire.
        The composer wrote nine symphonies.
        The song is number one in the charts.
        The fiddlers played faster and faster.
        Her voice blended with the guitar.
        There was live music by a brass band.
        The clarinet squeaked on the first note.
        The band needs a new singer and a drummer.
        Play it again, a little slower and in a minor key.
        {n} tuned the banjo.
        The chords of this song are easy to learn.
        The encore was a Spanish dance for two guitars.
        The concert hall in {p} has a fine organ.
    """),
    "travel": lines("""
        The [train|ferry|bus] to {p} leaves at nine.
        {n} booked two nights at a hotel in {p}.
        Do not forget your passport at the airport.
        Our flight to {p} was delayed by two hours.
        We spent our holiday in {p}.
        The suitcase is packed and the tickets are ready.
        {n} is on a trip around the world.
        How far is it from {p} to the border?
        The tour guide showed us the sights of {p}.
        We changed trains in {p}.
        The tourists took photos of the old harbour.
        Which platform does the train to {p} leave from?
        {n} lost a suitcase on the way to {p}.
        The plane landed in {p} after a smooth flight.
        A map and a guidebook are enough for the journey.
        We hitchhiked from {p} to the coast.
        The hostel is full, but the hotel has rooms.
        You need a visa to enter the country.
        {n} sent a postcard from {p}.
        The cruise stops at five harbours.
        Check-in closes forty minutes before departure.
        They crossed the channel by ferry.
        {n} wants a window seat on the plane.
        The journey took three days by train.
        Our luggage went to {p} without us.
        Last summer we toured the islands.
        The traveller slept at an inn near {p}.
        Show your ticket to the conductor on the train.
        Passengers to {p}, please go to gate four.
        A return ticket to {p}, please.
        The hotel lies five minutes from the beach.
        We drove through six countries in two weeks.
        {n} missed the connection in {p}.
        The holiday flat has a view of the sea.
        The customs officer opened our bags.
        {n} dreams of a journey to faraway islands.
        They got off at the wrong station.
        The coach trip to {p} costs little.
        We arrived in {p} late and found no taxi.
        Many tourists visit {p} in summer.
        The airline changed our departure time.
        Backpackers from all over the world stay here.
        {n} unfolded the map and looked for {p}.
        A day trip to {p} is worth it.
        The next stop is {p}, change here for the airport.
        Our guide in {p} spoke four languages.
        The ship sails to {p} every {d}.
        The souvenir shops are next to the station.
        Have a good journey and call us from {p}!
        The rucksack was heavy after ten days on the road.
        All rooms in the hotel face the harbour.
        {n} flew to {p} and came back by train.
        We spent the night at the airport.
        The sleeper train reaches {p} at dawn.
        They went abroad for the first time.
        The trip was long but the view was worth it.
        Travellers must show their passports.
        The travel agent found us a cheap flight.
        We stayed on a campsite by the lake in {p}.
        The border was closed, so we turned back.
    """),
    "money": lines("""
        The bank lends {n} [a thousand|two thousand] at four percent.
        {n} [saves|spends] half of the salary.
        Prices went up again this month.
        The loan must be paid back in five years.
        How much does it cost in all?
        {n} owes me twenty coins.
        My account is overdrawn.
        The taxes are due on {d}.
        She put her savings into shares.
        The company made a big profit.
        We cannot afford the rent in {p}.
        {n} paid in cash and got a receipt.
        The interest on the debt is high.
        Our budget for this year is small.
        {n} counted the coins in the wallet.
        The wages will rise by two percent.
        He borrowed money and never paid it back.
        The cheque was not accepted.
        One dollar buys fewer pounds than last year.
        The pension is not enough to live on.
        {n} opened a savings account at the bank.
        The accountant checked the figures.
        Please transfer the amount by {d}.
        The invoice is for ninety coins.
        The stock market fell on {d}.
        {n} won a large sum in the lottery and put it in the bank.
        Income tax takes a third of my pay.
        The shares lost half of their value.
        Do you have change for a twenty?
        They are deep in debt.
        {n} earns more than I do.
        The price was cut by half.
        The mortgage runs for thirty years.
        Save a little each month and you will be rich.
        The bank charges a fee for every transfer.
        Cash only, no credit cards.
        The business cannot pay its debts.
        {n} asked the boss for a raise.
        The exchange rate is bad today.
        A penny saved is a penny earned.
        The household spends more than it earns.
        Our costs grow faster than our income.
        She invests in gold and bonds.
        The deposit will be paid back.
        The firm in {p} is bankrupt.
        {n} keeps banknotes under the mattress.
        The treasurer spoke about the budget.
        Inflation eats up our savings.
        The credit card was declined.
        The value of the coin has doubled.
        He inherited a fortune.
        Payment is due within thirty days.
        The salary is paid at the end of the month.
        {n} is too poor to pay the bill.
        The bank in {p} closes its counter at four.
        They split the bill in equal shares.
        A loan without interest is hard to find.
        The fund collected two million.
        {n} sold the shares at a loss.
        The finance office sent a reminder to pay.
    """),
    "animals": lines("""
        The [dog|puppy|fox] wagged its tail.
        A [bird|sparrow|blackbird] built a nest in our chimney.
        {n} feeds the hens every morning.
        The lion [roared|slept] in its cage at the zoo.
        Our hamster ran around in its cage all night.
        The sheep graze on the hill near {p}.
        A wolf howled in the woods.
        {n} brushed the fur of the dog.
        The foal stood up on shaky legs.
        Bees flew from the hive to the meadow.
        The kitten licked its paws.
        Elephants use their trunks to drink.
        A hedgehog curled up into a ball of spikes.
        The duck swam past with six ducklings.
        {n} saw a deer with big antlers.
        The parrot can say its own name.
        The farmer milked the goats at dawn.
        Monkeys jumped from branch to branch.
        The snake shed its skin.
        A mouse nibbled on the cheese and ran into its hole.
        The bear caught a salmon with its claws.
        {n} takes the dog for a walk twice a day.
        The whale came up to breathe.
        Geese fly south in autumn.
        The pig rolled in the mud.
        An owl hunts mice at night.
        The zoo in {p} has two new pandas.
        The calf drank milk from its mother.
        Ants carried crumbs to their nest.
        The squirrel hid nuts in a hollow tree.
        The rooster crows at five.
        Frogs croaked in the pond.
        The vet clipped the claws of the rabbit.
        Our puppy chews on every slipper.
        The shark has many rows of teeth.
        A bat hung upside down from the beam.
        The herd crossed the river, the young ones in the middle.
        {n} found a beetle with shiny wings.
        The swan hissed at the dog.
        The horse trotted into its stable.
        A spider spun its web in the corner.
        The penguins huddled together.
        The beaver gnawed at a trunk.
        Wild boars dug up the field near {p}.
        The donkey brayed and would not move.
        Caterpillars turn into butterflies.
        The guinea pig squeaks when it is hungry.
        {n} rescued a bird with a hurt wing.
        The tortoise pulled in its head.
        The cat chased a mouse and caught it.
        Storks nest on the tower in {p}.
        The seals barked on the rocks.
        A fox stole two hens from the farm.
        The camels knelt down in the sand and chewed.
        The old dog barked at strangers.
        Lambs are born in spring.
        The giraffe stretched its neck to the leaves.
        The pony shook its mane.
        An eagle circled over its prey.
        The goldfish needs a bigger tank.
    """),
    "health": lines("""
        {n} has a [fever|cough|sore throat] and stays in bed.
        The doctor [examined|treated] the wound.
        Take one pill after each meal.
        The nurse put a bandage on the knee.
        {n} broke a leg and was taken to hospital.
        My back hurts when I bend down.
        The dentist pulled out a tooth.
        She is allergic to nuts and gets a rash.
        The patient sleeps after the operation.
        {n} caught the flu in {p}.
        Wash your hands to avoid an infection.
        This ointment helps against burns.
        The surgeon operated for six hours.
        He felt dizzy and fainted.
        The vaccine protects against measles.
        {n} suffers from headaches.
        Her blood pressure is too high.
        The medicine tastes bitter but it works.
        An ambulance took {n} to the clinic in {p}.
        The wound is healing well.
        I feel sick and have a stomach ache.
        The doctor listened to his heart.
        {n} must rest until the fever is gone.
        The X-ray shows a broken rib.
        He sprained his ankle and limps.
        The pharmacy sells cough syrup.
        The illness spread quickly through {p}.
        Vitamins and sleep keep you healthy.
        The blood test was normal.
        {n} sneezes all day because of an allergy.
        The doctor prescribed tablets for the pain.
        She is pregnant and sees the midwife on {d}.
        His eyesight is weak, so he went to the eye doctor.
        The waiting room was full of coughing people.
        Smoking harms the lungs.
        {n} is recovering from a heart attack.
        The injection hurt only a little.
        He has a temperature of thirty-nine degrees and shivers.
        The therapist treats sore muscles.
        The cut needs three stitches.
        After the surgery {n} walks with crutches.
        The child has chickenpox.
        You should see a doctor about that cough.
        My nose is blocked and my throat hurts.
        The hospital in {p} needs more nurses.
        A cold lasts a week, with or without pills.
        {n} donated blood at the clinic.
        The disease can be cured with this drug.
        The medicine must be taken three times a day.
        The toothache kept {n} awake.
        Her skin itches and is red.
        The doctor says that it is only a bruise.
        {n} feels much better after the treatment.
        The patient was cured and sent home.
        The nurse measured his pulse.
        A sharp pain in the chest is a warning sign.
        The old man's hearing got worse, he needs an aid.
        Rest, tea and aspirin helped against the cold.
        The doctor is on call for sick people at night.
        The symptoms are fever and a dry cough.
    """),
    "garden": lines("""
        {n} [waters|plants|prunes] the roses.
        The tulips are in bloom.
        Pull out the weeds before they spread.
        The lawn must be mown on {d}.
        {n} sowed lettuce and radishes in rows.
        The soil is too dry for seeds.
        We put the dead leaves on the compost heap.
        The hedge needs to be cut.
        Dig a hole and set the bush in it.
        The apple tree is full of blossom.
        {n} planted bulbs in autumn.
        Snails ate all of the young lettuce plants.
        Sunflowers grow taller than the hedge.
        The flower bed is next to the pond.
        A rake and a spade lean on the shed.
        The seedlings stand in the greenhouse.
        {n} picked a bunch of daisies.
        Cover the roots with earth and water them.
        The ivy climbs up the old oak.
        The vegetable patch is full of weeds again.
        The lilac smells sweet in May.
        {n} trimmed the bushes along the path.
        Spread some manure around the roses.
        The petals fell off the tulips.
        We grow beans, peas and pumpkins behind the shed.
        The new shoots are already green.
        The lavender has dried up and needs water.
        {n} dug over the beds in spring.
        The lawn mower is in the shed.
        Plant the seeds two fingers deep.
        The cherry trees blossom in {p}.
        Moss is spreading over the lawn.
        The gardener tied the climbing roses to a stick.
        Her balcony is full of geraniums.
        Pot the young plants in fresh soil.
        {n} grows orchids in a greenhouse.
        The grass is knee-high, fetch the mower.
        Thorns on the rose bush scratched {n}.
        The daffodils come up early this year.
        Cut back the shrubs after they flower.
        The compost is ripe and rich.
        The hosepipe reaches the last flower bed.
        Water the plants in the evening.
        {n} loves to weed and to rake the paths.
        The seeds sprouted after a week.
        The raspberry canes must be cut in winter.
        The wheelbarrow was full of weeds and leaves.
        A row of poplars shades the beds.
        The roots of the willow lift the path.
        The pumpkins on the compost grew huge.
        The park keeper planted pansies.
        The tomatoes in the greenhouse are not ripe yet.
        {n} gave us cuttings of the fig tree.
        The plant on the window sill has new leaves.
        The hedge is in flower and full of buds.
        A bed of lilies lines the terrace.
        Mulch keeps the soil damp.
        The weeds between the herbs must go.
        The garden of {n} is full of colour.
        Sow the grass seed and roll the ground.
    """),
    "school": lines("""
        The teacher gave us [homework|an essay to write|ten sums].
        {n} [passed|failed] the exam in maths.
        The pupils wrote a spelling test.
        The lesson starts at eight, be in class on time.
        {n} got the best grade in history.
        The bell rang and the children ran to the playground.
        The headmaster spoke to the parents.
        {n} forgot the textbook at home.
        We learn fractions this term.
        The teacher wrote the words on the blackboard.
        The class went on an outing with two teachers.
        She is in her final year and studies for the exam.
        {n} handed in the essay too late.
        The students listened to the lecture.
        Open your exercise books at page nine.
        The school in {p} has three hundred pupils.
        {n} sits in the first row of the classroom.
        The boys had to stay behind after class.
        Biology is my favourite subject.
        The teacher marked forty tests.
        Her school report was very good.
        {n} helps a classmate with homework.
        The university in {p} offers new courses.
        The children learn to read and write.
        He did not study and got a bad mark.
        The exam has twenty questions.
        The new teacher is strict but fair.
        The term ends on {d}.
        {n} raised a hand and gave the right answer in class.
        Geography lessons are moved to {d}.
        The pupils learned a poem by heart.
        Sharpen your pencils, we write a dictation.
        {n} is good at spelling but weak in sums.
        The first graders got their schoolbags.
        The professor gave a lecture on grammar.
        Lessons were cancelled and the pupils went home.
        The students finished their degree in {p}.
        Detention is on {d} after the last lesson.
        The class has a quiz on rivers.
        The tutor explained the grammar once more.
        {n} copied the answers and failed the test.
        There is no school on {d}.
        The kindergarten and the primary school share a yard.
        The exam papers lie on the desk of the teacher.
        The maths lesson was about triangles.
        We wrote an essay about our holidays for class.
        The pupils voted for a class speaker.
        {n} learns new words for the language test.
        The parents met the teacher on {d}.
        The classroom smells of chalk.
        Her diploma hangs on the wall, she studied for five years.
        Year seven has a new timetable.
        The teacher praised {n} for good marks.
        The schoolgirl wrote her name in the textbook.
        Please sign the homework diary.
        The students from {p} won the spelling contest.
        The lecture hall was full of students.
        {n} will repeat the year.
        The caretaker locks the school at five.
        Multiplication tables must be learned by {d}.
    """),
    "computers": lines("""
        The [laptop|program|server] crashed again.
        {n} forgot the password for the mailbox.
        Click on the icon to open the file.
        The software must be updated.
        My screen went black after the update.
        {n} [writes|tests|debugs] code in {p}.
        The website does not load in my browser.
        Save the file before you close the program.
        The printer is not found on the network.
        A virus deleted all my files.
        {n} types fast on the new keyboard.
        The download takes two hours.
        Restart the computer and log in again.
        The server in {p} is offline.
        Your disk is full, delete some folders.
        Plug the mouse into the other port.
        The app asks for a username.
        {n} made a backup of the database.
        The update fixes a bug in the browser.
        The wifi is slow and the router blinks.
        Hackers got into the network.
        Copy the folder to the hard drive.
        The cursor does not move any more.
        {n} installed a new version of the program.
        The file is too large to send by email.
        The monitor flickers when I open a video.
        The programmer found the mistake in line nine.
        Press the enter key to run the script.
        The spreadsheet has a thousand rows.
        The computer needs more memory.
        My account was locked after three wrong passwords.
        The link leads to a page that does not exist.
        {n} built a website for the club.
        The chip in this phone is very fast.
        Turn off the firewall and try to connect.
        The software cannot read this format.
        The data is stored in the cloud.
        A pop-up window covers the page.
        The hard disk makes a strange noise.
        {n} scanned the laptop for viruses.
        The keyboard lacks the letter e.
        Your browser is out of date.
        The files were encrypted.
        The tablet is charging by USB.
        The algorithm sorts the records in the database.
        The server logs show an error.
        Drag the photo into the folder.
        The game does not run on old computers.
        {n} set a longer password.
        The upload failed at ninety percent.
        The programmers work on a new app.
        An update is ready, restart now?
        The laptop battery lasts six hours.
        The network cable was not plugged in.
        I cannot log in to the site.
        The code compiles without errors.
        The robot is controlled by a small computer.
        The inbox is full of spam mails.
        Double click the file and choose print.
        The operating system starts slowly.
    """),
    "clothes": lines("""
        {n} wears a [red coat|woollen scarf|grey jacket].
        The dress is too [tight|short|loose] for me.
        A button is missing from this jacket.
        The trousers need to be shorter.
        {n} [sewed|ironed|folded] the skirt.
        These socks have holes.
        The sleeves of the blouse are too wide.
        She put on her gloves and her hat.
        The sweater shrank in the wash.
        {n} bought a silk tie in {p}.
        The zip on my jeans is stuck.
        He wore a black suit to the party.
        The collar is stained.
        Her shoes match her belt.
        The tailor took in the waist of the dress.
        A warm coat and a woolly hat will do.
        {n} tried on three skirts and took none.
        The fashion show in {p} was all about velvet.
        The shirt has long sleeves and six buttons.
        Do these boots come in a smaller size?
        She knitted mittens for the baby.
        The coat is lined with fur.
        {n} hung the jacket in the wardrobe.
        The hem came undone.
        My jumper itches, it is pure wool.
        The uniform is blue with white buttons.
        He rolled up his sleeves.
        The wedding dress is made of lace.
        The cotton trousers are cooler than the jeans.
        {n} lost one glove in {p}.
        The hat does not suit you.
        Size forty is too large, try the smaller coat.
        The laces of the shoes are torn.
        The scarf goes well with that jacket.
        The shop in {p} sells shirts and ties.
        The stockings have a run.
        She dressed in white from head to toe.
        The raincoat has a hood.
        The pockets of my trousers are ripped.
        {n} likes striped shirts.
        The gown was sewn by hand.
        Old jeans were cut into shorts.
        The woollen vest keeps me warm.
        The pyjamas lie on the bed, put them on.
        The leather jacket costs more than the coat.
        {n} polished the shoes and pressed the suit.
        Wide skirts are in fashion again.
        The fabric of this blouse is thin.
        A checked shirt, brown trousers and a cap.
        {n} wore two pairs of socks.
        The belt is a hole too wide.
        The child has outgrown its coat.
        The cardigan has lost a button.
        She wrapped a shawl around her shoulders.
        The seams of the jacket split.
        The label says to wash the skirt by hand.
        His bow tie was crooked.
        They dressed up in hats and capes.
        The sandals pinch, and the dress is creased.
        The costume is made of velvet and silk.
    """),
    "building": lines("""
        The [roof|wall|chimney] must be repaired.
        {n} hammers nails into the plank.
        The bricks are laid in rows with mortar.
        The carpenter sawed the beams.
        A crane lifts the concrete blocks.
        The house in {p} has two floors and an attic.
        {n} painted the window frames white.
        The ladder leans against the wall.
        The foundation is made of stone.
        They are tearing down the old tower.
        The workers mix cement.
        New tiles were put on the roof.
        The scaffold stands around the house.
        {n} drilled a hole in the ceiling.
        The plaster is falling off the wall.
        The architect drew the plan of the hall.
        The floor boards creak and must be replaced.
        The builders poured concrete on {d}.
        A new bridge of steel beams is being built.
        The bathroom gets new tiles.
        The walls are a metre thick.
        {n} fixed the gutter with two screws.
        The bricklayer finished the front wall.
        The old barn is turned into flats.
        The staircase is made of oak.
        The door frame is not straight.
        Diggers dug a pit for the cellar.
        The roof leaks, a tile is cracked.
        The plumber laid pipes under the floor.
        {n} sanded the planks and painted them.
        The tower in {p} was built of brick.
        The site is closed, the workers wear helmets.
        A wall between the rooms was knocked down.
        The glass for the windows comes on {d}.
        {n} is putting up a shed with a tin roof.
        The electrician put cables into the walls.
        The balcony is held by two girders.
        The house is being renovated from cellar to attic.
        The beam was too short by a hand.
        The masons cut the stones for the arch.
        Take the saw and cut the plank in half.
        The floor is level, now lay the tiles.
        The chimney sweep climbed onto the roof.
        The new hall has a roof of glass and steel.
        Scaffolding was put up on {d}.
        The paint on the door is peeling.
        {n} measured the wall for the shelves.
        The construction of the school began in spring.
        The insulation goes behind the boards.
        The wooden hut was nailed together in a day.
        The ceiling is too low for a second floor.
        The workers are laying the foundation stone.
        The cement is not hard yet.
        The skyscraper in {p} has sixty storeys.
        The stairs have no railing yet.
        The drill broke in the hard wall.
        The cellar walls are damp and must be sealed.
        The builder promised to finish the house by {d}.
        The attic gets a window in the roof.
        Four posts, a beam and some boards make a porch.
    """),
    "law": lines("""
        The judge [sentenced|freed|questioned] the thief.
        The police arrested a man in {p}.
        The trial begins on {d}.
        The lawyer defends {n} in court.
        The jury found him guilty.
        A witness saw the robbery.
        {n} was sent to prison for three years.
        The evidence was not strong enough.
        Burglars broke into a house in {p}.
        The court in {p} ruled in favour of {n}.
        She sued her neighbour for damages.
        The thief confessed to the crime.
        The verdict is expected on {d}.
        {n} must appear in court as a witness.
        The detective looked for fingerprints.
        He was fined for stealing.
        The new law forbids it.
        The attorney asked for a lighter sentence.
        The suspect has an alibi.
        The officer put handcuffs on him.
        The murder was never solved.
        {n} swore an oath before the judge.
        The prisoners were kept in single cells.
        The lawyers argued about the contract in court.
        The police are looking for the getaway van.
        He pleaded not guilty.
        The appeal was turned down by the high court.
        The pickpocket was caught in {p}.
        The judge banged the gavel.
        It is against the law to sell it.
        The prosecutor called three witnesses.
        {n} was charged with fraud.
        The jury needed two days for the verdict.
        The stolen necklace was found by the police.
        Parliament passed a law against it.
        The convict escaped from jail.
        The case was dismissed.
        The inspector questioned the suspects.
        {n} reported the theft to the police.
        The criminals hid the loot in {p}.
        The court heard both sides.
        The sheriff chased the bandits.
        The defendant stayed silent during the trial.
        He got five years for armed robbery.
        The constable wrote down the statement.
        The will of the old man was read by a lawyer.
        The gang was tried in {p}.
        There is no proof of the crime.
        The kidnappers were arrested on {d}.
        The innocent man was set free.
        The legal battle has lasted ten years.
        The law gives every tenant this right.
        The smugglers were caught by the police.
        The judge believed the witness.
        {n} hired a lawyer and went to court.
        The prison guard locked the cell.
        The forger got a mild sentence.
        The crime happened in {p} on {d}.
        The law firm won the lawsuit.
        He broke the law and must pay a fine.
    """),
    "space": lines("""
        The rocket [took off|blasted off] into space.
        {n} looked at the moon through a telescope.
        Mars is smaller than the Earth.
        The astronauts floated in the space station.
        A comet with a bright tail was seen over {p}.
        The satellite circles the Earth.
        There are billions of stars in our galaxy.
        The lunar eclipse begins at midnight.
        Saturn has rings of ice and rock.
        {n} wants to be an astronaut.
        The probe landed on a far planet.
        Meteors burned up in the night sky.
        The planet takes two years to go round its sun.
        Astronomers in {p} found a new star.
        The capsule came back from orbit.
        The telescope sees light from distant galaxies.
    """),
    "family": lines("""
        {n} has two [sisters|brothers|cousins].
        My grandmother turned ninety on {d}.
        The twins look like their father.
        {n} is getting married in {p}.
        Our aunt and uncle come for a family party.
        The baby has its mother's eyes.
        My parents met in {p}.
        {n} became a grandfather.
        Her husband and the children stayed at home.
        The whole family gathered for the christening.
        My brother-in-law and my niece live with us.
        {n} is the youngest of five children.
        They adopted a little girl.
        My son and his wife expect a baby.
        The cousins had not seen each other for years.
        Her stepmother is kind to her.
    """),
    "art": lines("""
        The gallery in {p} shows [old portraits|modern sculptures].
        {n} paints landscapes in oil.
        The sculptor carved a figure out of marble.
        The museum bought a drawing by {n}.
        The exhibition opens on {d}.
        She mixed blue and yellow on her palette.
        The portrait shows a lady with a fan.
        {n} sketched the harbour with charcoal.
        The statue is made of bronze.
        A mural covers the wall of the museum.
        The artist signed the canvas.
        Water colours dry faster than oil paint.
        The painter needs a new easel.
        The picture was sold at an art auction.
        The pottery of {n} is on show in {p}.
        He studied the old masters and copied them.
    """),
    "books": lines("""
        {n} [wrote|published|read] a novel about {p}.
        The last chapter is the best.
        The author reads from her new book on {d}.
        The library lends books for four weeks.
        {n} writes poems that do not rhyme.
        The story has a surprising plot.
        The paperback costs less than the hardback.
        The hero dies on the last page.
        The publisher in {p} turned the novel down.
        I could not put this thriller down until the final page.
        The bookshop has a shelf of fairy tales.
        The poet won a prize for literature.
        {n} put a bookmark between the pages.
        The second volume of the trilogy is out.
        The writer finished the manuscript.
        The characters in this novel are dull.
    """),
    "cars": lines("""
        The [engine|motor] will not start.
        {n} changed the tyres of the car.
        The brakes squeal when I drive downhill.
        The mechanic in {p} replaced the clutch.
        The engine overheats on the motorway.
        {n} drives a green van.
        The petrol tank is almost empty.
        The left headlight does not work.
        The car skidded and hit a lorry.
        Fasten your seatbelt before you drive.
        He parked the car in the garage.
        The windscreen wipers are worn out.
        The gearbox makes a grinding noise.
        {n} has just got a driving licence.
        The new model has four doors and an electric motor.
        The bumper is dented.
    """),
    "film": lines("""
        The [film|movie] was shot in {p}.
        {n} plays the main role in the film.
        The cinema shows a comedy on {d}.
        The director cut the final scene.
        The actress won an award for her role.
        We watched a horror movie last night.
        The trailer is better than the movie.
        The sequel comes to the cinemas in autumn.
        {n} wrote the script.
        The camera follows the actor through the scene.
        The stunts in this film are real.
        Two tickets for the cartoon at eight, please.
        The film is in black and white and has no sound.
        The premiere was in {p}.
        The documentary about {p} runs ninety minutes.
        The actors repeated the scene ten times on set.
    """),
    "war": lines("""
        The [army|regiment] marched towards {p}.
        The soldiers fought a battle near {p}.
        The enemy attacked at dawn.
        The general ordered his troops to retreat.
        A bomb fell on {p}.
        The siege lasted two years.
        {n} fought in the war and was wounded.
        The tanks rolled over the border.
        Both armies agreed on a truce.
        The trenches were full of soldiers.
        The sergeant shouted at the recruits.
        The fleet sank four enemy ships.
        The invasion began on {d}.
        The troops surrendered and laid down their weapons.
        The fort was taken by the cavalry.
        After the war {p} lay in ruins.
    """),
    "religion": lines("""
        The [priest|bishop] blessed the people.
        They pray in the [mosque|temple|chapel] every {d}.
        The monks of {p} rise at four to pray.
        {n} reads the bible before bed.
        The church bells rang for the service.
        The sermon was about forgiveness.
        Pilgrims walk to the shrine in {p}.
        The cathedral has a golden altar.
        {n} was baptised in {p}.
        The nuns live in a convent.
        The rabbi explained the holy book.
        They lit candles and sang psalms.
        God hears every prayer, said the monk.
        The saint is honoured on {d}.
        The imam called the faithful to prayer.
        The parish has a new priest.
    """),
}
