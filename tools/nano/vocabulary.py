"""The words of nano's small world, and the one rule that splits them into a train and a held-out half.

Promise: a name, place, thing, food, animal or invented word is either train-only or held-only, decided by a checksum
of the word itself, so adding words never moves an old one. Words that carry *meaning* nano must know (colours, days,
topic words, opposites) are shared by both sides: a model cannot guess the meaning of a word it never met.

Not here: templates and sentences (they stand beside the skill that uses them).
"""

# ruff: noqa: SIM905  (word lists are easier to read and to sort as plain text)
from __future__ import annotations

import random
import zlib


def is_held(key: str) -> bool:
    """True for the quarter of all keys that only held-out items may use. Case-sensitive, stable for ever."""
    return zlib.crc32(key.encode()) % 4 == 0


NAMES = """
Ada Adam Agnes Aiko Alba Alan Alice Alma Amir Amy Ana Anders Anita Anna Anton Arlo Asha Astrid Aya Basil Bea Bella Ben
Bjorn Boris Bruno Carl Carla Carmen Cleo Clara Colin Dana Daniel Daria David Dev Diego Dina Dora Edgar Edith Eli Elias
Ella Elsa Emil Emma Enzo Erik Esther Eva Evan Faye Felix Fiona Flora Frank Freya Gala George Gina Greta Hana Hanna
Hannes Harry Hazel Heidi Helen Henry Hilda Hugo Ida Igor Ilse Imran Ines Inga Ingrid Iris Isa Ivan Ivy Jack Jana Jane
Jasper Jean Jin Joan Joel John Jonas Jules Julia Kai Karim Karl Kate Katya Keiko Kim Klara Kofi Lars Laura Layla
Lea Lena Leo Levi Lily Lina Lisa Liv Lola Lorenz Luca Lucy Luis Luna Maja Malik Mara Marco Maria Marie Mark Marta
Martin Mary Mateo Maya Meera Mei Mia Milan Milo Mina Mira Mona Musa Nadia Naomi Nico Nina Noah Nora Noor Oda Olaf Olga
Olive Oscar Otto Owen Pablo Paul Paula Pearl Peter Petra Pia Priya Quinn Rafi Ralph Rana Ravi Rita Robin Rosa Ruben
Ruby Ruth Sally Sam Samir Sara Sasha Selma Simon Sofia Sonja Stella Sunil Susan Sven Tara Tessa Theo Tilda Tim Tina
Tom Tova Ulla Uma Vera Victor Viola Walter Wanda Xenia Yara Yasmin Yuki Yusuf Zara Zoe
""".split()

PLACES = """
Alder Amber Arden Aston Barrow Basel Beckton Bergen Berlin Birch Bolton Boston Bremen Bristol Brook Cadiz Cairo Calder
Carlow Chester Colby Cork Dalby Dale Delft Denver Derby Dover Dublin Durham Elgin Elmwood Essen Fairview Falun
Ferndale Geneva Genoa Ghent Glasgow Granada Graz Halden Hamburg Harrow Hastings Haven Hilltop Holm Hull Ipswich Kendal
Kent Kiel Kingston Kyoto Lagos Lakeside Leeds Leiden Lima Linden Lisbon Lucerne Lund Lyon Madrid Malmo Marlow Milton
Minden Munich Nantes Naples Newton Norwich Oakham Odense Oslo Oxford Padua Paris Perth Pisa Porto Prague Ravenna
Reading Redhill Riga Ripon Rome Roscoe Salem Seaford Selby Seville Siena Sofia Stroud Sutton Tampere Tartu Thorn Tokyo
Toledo Torun Trento Turin Turku Upton Utrecht Venice Verona Vienna Vilna Warden Warsaw Wells Weston Whitby Winslow
Woodbridge York Zagreb Zurich
""".split()

THINGS = """
anchor apron backpack ball banner barrel basket bell belt bench bicycle blanket boat book boot bottle bow bowl box
bracelet brick broom brush bucket button camera candle canvas cap card carpet cart chair chess-set chest clock coat
coin comb compass cookbook cradle crate cup curtain cushion desk diary doll drawer dress drum easel envelope eraser
fan feather fence flag flask flute fork frame gate glass globe glove guitar hammer hammock handbag hat helmet hook
horn jacket jar jigsaw jug kettle key kite knife ladder lamp lantern letter lock magnet map mask mat mattress medal
mirror mitten mug necklace needle net newspaper notebook oar oven paddle painting pan paper parcel pen pencil piano
picture pillow pin pipe plate plough pocket poster pot pram present puppet purse puzzle quilt racket radio raft rake
rattle ribbon ring rocket rope rug ruler sack saddle sail sandal saw scarf scissors screen shawl shelf shell shirt
shoe shovel sieve skirt sled slipper soap sock sofa spade spoon stamp statue stool stove suitcase sweater sword table
teapot tent thimble ticket tile torch towel toy tractor tray trumpet trunk tub umbrella uniform vase veil vest violin
wagon wallet wardrobe watch wheel whistle wig window wreath yacht zipper
""".split()

ANIMALS = """
ant badger bat bear beaver bee bird bull camel cat cow crab crow deer dog dolphin donkey dove duck eagle elephant
ferret fish fly fox frog goat goose hamster hare hawk hen hedgehog horse kitten lamb lion lizard llama mole monkey
moose moth mouse mule newt octopus otter owl ox panda parrot peacock penguin pig pigeon pony puppy rabbit rat raven
robin seal shark sheep sloth snail snake sparrow spider squirrel stork swan tiger toad tortoise turkey turtle walrus
wasp whale wolf worm zebra
""".split()

FOODS = """
almonds apples apricots bacon bananas barley beans beets berries biscuits bread broccoli butter cabbage cake carrots
celery cereal cheese cherries chestnuts chicken chocolate coconut coffee cookies corn crackers cream cucumber curry
dates dumplings eggs figs fish garlic ginger grapes ham honey ice jam juice kale lemons lentils lettuce limes mangoes
melon milk mint muffins mushrooms mustard noodles nuts oats olives onions oranges pancakes pasta peaches pears peas
pepper pickles pie pineapple pizza plums popcorn porridge potatoes pudding pumpkin radishes raisins rice salad salmon
salt sausages soup spinach stew strawberries sugar tea toast tofu tomatoes turnips vanilla waffles walnuts yogurt
""".split()

JOBS = """
actor artist baker barber builder butcher carpenter chef clerk coach cook dancer dentist doctor driver editor farmer
fisher florist gardener guard guide hunter jeweller joiner judge lawyer librarian mason mechanic miller miner musician
nurse painter pilot plumber poet porter potter printer reporter sailor scientist singer smith soldier surgeon tailor
teacher translator vet waiter weaver writer
""".split()

HOBBIES = """
archery baking biking bowling boxing camping carving chess climbing cooking cricket dancing darts diving drawing
fencing fishing football gardening golf gymnastics hiking hockey hunting jogging judo juggling karate knitting
painting pottery reading riding rowing rugby running sailing sewing singing skating skiing surfing swimming tennis
walking weaving wrestling writing yoga
""".split()

ADJECTIVES = """
ancient bent big brave bright broken busy calm careful cheap clean clever cold cosy crooked curious damp dark deep
dirty dry dusty early empty fancy fast fine flat fresh friendly funny gentle giant good grand great happy hard heavy
high hollow huge kind large late lazy light little lively long lost loud lovely lucky messy modern narrow neat new
nice noisy odd old open plain polite poor pretty proud quick quiet rare rich rough round rusty sad safe sharp shiny
short shy silent simple sleepy slow small smart smooth soft sour special spare square steep sticky still strange
strong sweet tall tasty thick thin tidy tiny tired ugly useful warm wet wide wild wise wooden young
""".split()

# Everyday and service words that no other list holds. They are train-side only and appear in the list and copy skills,
# so that each gets a trained embedding and text from elsewhere does not fall apart into bytes.
GENERAL = """
able about above accept access account across act action active actually add address adult advance advice afraid after
again against age ago agree air alarm all allow almost alone along already also always amount and angry another answer
any anybody anyone anything anyway apart appear apply appointment area argue arm around arrange arrive article ask
asleep attach attempt attention automatic available average avoid away baby back bad balance bank base basic bathroom
battery beach beautiful because become bed bedroom been before began begin behave behind believe below beside best
better between beyond bill birthday bit bite blame block blood blow board body bone border bored boring born borrow
both bother bottom bought brain branch break breakfast breathe bridge bring broadband brother brought build building
burn bus business but buy call came can cancel cannot capital care carry case catch cause center central century
certain chance change channel charge chat cheaper check child children choice choose church city claim class clear
click climb clinic close cloth clothes cloud club code collect college come comfort comment common company compare
complain complaint complete computer concern condition confirm confuse connect connection consider contact contain
continue contract control conversation copy corner correct cost could count country couple course cover crash create
credit cross crowd cry cupboard current customer cut cycle damage danger data date daughter day dead deal dear death
debit decide decision decline default defect degree delay delete deliver delivery demand depend deposit describe
design despite detail device did died difference different difficult dinner direct direction disappear disappointed
discount discover discuss display distance divide does done door double doubt down download draw dream drink drive
drop during duty each ear earn earth easily easy eat edge effort either electric else email emergency end energy
engine enjoy enough enter entire entry equal error escape especially even evening event ever every everybody everyone
everything exact example excellent except exchange excited excuse exercise expect expensive experience explain express
extra eye face fact fail failure fair fall false family famous far fault favorite fear feature fee feed feel feet fell
felt few field fight figure file fill film final finally find finger finish fire firm first fit five fix flight floor
flow flower follow food foot for force foreign forget forgot form forward found four free freeze frequent friend from
front full fun function further future gain game garage garden gas gave general get gift girl give given glad go goal
gone got government grass ground group grow guarantee guess guest guide habit had hair half hall hand handle happen
hardly has hate have head health hear heard heart heat heating held hello help her here herself hers high him himself
his history hit hold hole holiday home hope hospital hot hotel hour house how however human hundred hungry hurry hurt
husband idea identify if ill imagine important impossible improve in incident include income incorrect increase indeed
inform information inside install instead insurance interest internet into invite invoice issue it item itself job
join journey just keep keyboard kid kill kind kitchen knew knock know known label lack lady lake land language laptop
last later laugh law lead leaf leak learn least leave left leg less lesson let level library lie life lift like likely
limit line link list listen live load loan local locate log login look loose lose loss lot love low luggage lunch
machine made mail main make man manage manager manual many march mark market match matter maximum may maybe me meal
mean meat medicine meet meeting member memory men mend mention menu message met method middle might mile mind mine
minimum minute miss missing mistake mix mobile mode model moment money monitor month more morning most mother motor
mountain mouth move movie much music must my myself name nation nature near nearly necessary neck need neighbor
neither network never news next night nobody noise none noon nor normal north nose not note nothing notice notify now
number object obvious of off offer office often oil okay once one online only onto opinion option or order ordinary
original other otherwise our out outside over overnight owe own owner pack package page paid pain pair panel parent
park part particular partner party pass password past path patient pause pay payment peace people per percent perfect
perhaps period permission person phone photo pick piece place plan plane plant plastic play please plenty plug plus
point police policy pool popular position possible post postpone pound power practice prefer prepare press pressure
prevent price primary print printer private prize probably problem process product profile program promise proof
proper protect prove provide public pull purchase purpose push put quality quarter question quite race rain raise
range rate rather reach react ready real really reason receipt receive recent recommend record recover red reduce
refer refund refuse region register regular reject related relax release remain remember remind remote remove renew
rent repair repeat replace replacement reply report request require reserve reset respond rest restart result return
review reward right rise river road rock role roll roof room rule run rush said sale same sand sat save saw say scale
school science score sea search season seat second secret section secure see seem seen select sell send sense sensor
sent separate serious serve service session set setting settings seven several shake shall shape share she ship
shipping shock shop shopping should shoulder shout show shower shut sick side sign signal similar since single sir
sister sit site situation six size skill skin sky sleep slide smell smile smoke snow so social software soil some
somebody someone something sometimes somewhere son song soon sorry sort sound source south space speak speaker speed
spell spend sport spot spread spring staff stage stairs stand standard star start state station status stay steal step
stick stock stolen stop store storm story straight street stress strike student study stuff stupid subject
subscription succeed success such sudden suddenly suggest suit summer sun supply support suppose sure surface surprise
switch system take talk tank tap task taste tax team technical telephone television tell temperature ten terrible test
text than thank that the their them then there these they thing think third this those though thought thousand three
through throw thursday time tip title to today together told tomorrow tonight too took tool tooth top total touch tour
toward town track trade traffic train transfer travel treat tree trial trip trouble true trust truth try turn twice
two type under understand unexpected unfortunately unit unless until unusual up update upgrade upon upset urgent us
use used user usual usually vacation valid value various very video view village visit voice volume wait wake walk
wall want war warning warranty was wash waste water wave way we weak wear weather website wedding week weekend weight
welcome well went were west what when where whether which while white who whole whom whose why wife wind winter wire
wish with within without woman wonder wood word wore work worker working world worried worry worse worst worth would
wound write wrong wrote yard year yellow yes yesterday yet you your yourself zero
""".split()

COLOURS = "red blue green yellow black white brown grey pink purple orange silver golden".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
NUMBER_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()

OPPOSITES = """
hot-cold big-small tall-short fast-slow light-heavy early-late open-closed full-empty new-old rich-poor happy-sad
wet-dry hard-soft loud-quiet clean-dirty strong-weak high-low near-far long-brief thick-thin wide-narrow deep-shallow
correct-wrong true-false safe-dangerous sweet-bitter bright-dark brave-afraid kind-cruel cheap-expensive
easy-difficult always-never up-down in-out left-right day-night summer-winter win-lose buy-sell push-pull give-take
start-finish come-go laugh-cry love-hate remember-forget above-below before-after inside-outside first-last more-less
all-none asleep-awake alive-dead rough-smooth sharp-blunt tight-loose noisy-silent polite-rude young-aged sink-float
arrive-leave
""".split()
CAPITALS = """
France-Paris Italy-Rome Spain-Madrid Germany-Berlin Austria-Vienna Portugal-Lisbon Norway-Oslo Sweden-Stockholm
Japan-Tokyo Egypt-Cairo Greece-Athens Poland-Warsaw Hungary-Budapest Ireland-Dublin Denmark-Copenhagen
Finland-Helsinki Russia-Moscow China-Beijing India-Delhi Peru-Lima Cuba-Havana Kenya-Nairobi Canada-Ottawa
Turkey-Ankara Iran-Tehran Belgium-Brussels Croatia-Zagreb Latvia-Riga Thailand-Bangkok Chile-Santiago
""".split()
PAST = """
go-went see-saw eat-ate run-ran take-took make-made come-came give-gave find-found write-wrote speak-spoke break-broke
drive-drove sing-sang swim-swam begin-began bring-brought buy-bought think-thought teach-taught catch-caught fly-flew
grow-grew know-knew throw-threw sleep-slept keep-kept feel-felt leave-left lose-lost sell-sold tell-told hold-held
stand-stood win-won sit-sat send-sent build-built wear-wore choose-chose walk-walked play-played look-looked
open-opened jump-jumped help-helped
""".split()
PLURALS = """
child-children man-men woman-women mouse-mice goose-geese tooth-teeth foot-feet person-people leaf-leaves knife-knives
wolf-wolves shelf-shelves box-boxes bus-buses city-cities baby-babies story-stories fox-foxes dish-dishes hero-heroes
cat-cats dog-dogs house-houses tree-trees book-books car-cars
""".split()
SOUNDS = (
    "dog-barks cat-meows cow-moos sheep-bleats horse-neighs duck-quacks lion-roars bee-buzzes owl-hoots wolf-howls"
).split()
YOUNG = (
    "dog-puppy cat-kitten cow-calf sheep-lamb horse-foal duck-duckling bear-cub goat-kid hen-chick frog-tadpole".split()
)
HAS_COLOUR = """
grass-green snow-white coal-black blood-red banana-yellow sky-blue lemon-yellow milk-white chocolate-brown
carrot-orange cherry-red plum-purple
""".split()

TOPICS: dict[str, list[str]] = {
    "food": "soup bread cheese dinner recipe kitchen cook meal sauce cake salad breakfast oven taste".split(),
    "weather": (
        "rain snow storm wind cloud sunshine thunder fog forecast temperature frost umbrella hail "
        "drizzle"
    ).split(),
    "sport": "goal match team player coach race football tennis score league referee stadium medal trophy".split(),
    "music": "song guitar piano choir melody concert drum violin singer band tune orchestra rhythm trumpet".split(),
    "travel": (
        "train ticket airport hotel suitcase passport flight station map journey tourist holiday "
        "luggage ferry"
    ).split(),
    "money": "bank loan price salary coin budget tax savings cash debt interest invoice payment wallet".split(),
    "animals": "dog cat horse fur paw tail nest farm zoo feather puppy wing hoof whisker".split(),
    "health": (
        "doctor fever medicine hospital pain nurse cough clinic pill headache bandage wound dentist "
        "vitamin"
    ).split(),
    "garden": "flower seed soil rose weed lawn spade bush compost tulip hedge blossom root vegetable".split(),
    "school": (
        "teacher lesson exam pupil homework classroom pencil grade essay blackboard student "
        "spelling textbook class"
    ).split(),
    "computers": (
        "keyboard screen software file password website laptop download browser server program "
        "mouse click code"
    ).split(),
    "clothes": "shirt coat dress button sleeve scarf jacket trousers wool collar skirt sock glove hat".split(),
    "building": "brick wall roof hammer ladder cement window nail plank saw floor paint tile beam".split(),
    "law": "judge court lawyer crime trial prison witness police thief jury evidence guilty verdict sentence".split(),
}
TOPIC_NAMES: dict[str, list[str]] = {
    "food": ["food", "cooking", "eating"],
    "weather": ["weather", "climate"],
    "sport": ["sport", "sports"],
    "music": ["music"],
    "travel": ["travel", "trips"],
    "money": ["money", "finance"],
    "animals": ["animals", "pets"],
    "health": ["health", "medicine"],
    "garden": ["garden", "plants", "gardening"],
    "school": ["school", "education"],
    "computers": ["computers", "technology"],
    "clothes": ["clothes", "fashion"],
    "building": ["building", "construction"],
    "law": ["law", "justice"],
}

ONSETS = "b br c ch d dr f fl g gr h j k kl l m n p pr qu r s sh st t th tr v w y z".split()
VOWELS = "a e i o u a e i o ai ea ee ou oo".split()
CODAS = ["", "", "n", "r", "l", "s", "m", "t", "nd", "ck", "x", "th", "rt"]


def invented(rng: random.Random, held: bool) -> str:
    """A pronounceable word that is almost surely no English word, from the wanted half; 3 to 10 lower-case letters."""
    while True:
        parts = [rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(rng.choice((1, 2, 2, 3)))]
        word = "".join(parts) + rng.choice(CODAS)
        if 3 <= len(word) <= 10 and is_held(word.capitalize()) == held:
            return word


def half(words: list[str], held: bool) -> list[str]:
    """The train or the held half of a list; a list short of held words would be refused by the tests."""
    return [word for word in words if is_held(word) == held]
