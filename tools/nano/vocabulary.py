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
Aaron Abel Abigail Ada Adam Adele Adrian Agnes Aiko Alan Alba Aldo Ali Alice Alina Alma Amanda Amelia Amina Amir Amy
Ana Anders Andrew Angela Anita Anna Anouk Anton Antonia Ariel Arlo Arthur Asha Astrid Audrey Axel Aya Barbara Barney
Basil Bea Bella Ben Benno Bernard Bertha Beth Betty Bianca Bill Bjorn Bonnie Boris Brenda Brian Bridget Bruno Camilla
Carl Carla Carmen Caroline Cecil Cecilia Celia Charles Charlotte Chiara Chloe Chris Claire Clara Clarence Cleo Clive
Colin Connor Cyril Dana Daniel Danilo Daria David Deborah Dennis Derek Desmond Dev Diana Diego Dina Dora Doris Dorothy
Douglas Duncan Dylan Eddie Edgar Edith Eileen Elena Eli Elias Elisa Ella Ellen Elliot Elsa Emil Emily Emma Enid Enzo
Erik Esther Ethan Eva Evan Farid Fatima Faye Felix Fiona Flora Florian Frances Frank Freddy Freya Gabriel Gala Gareth
Gavin Gemma George Gilbert Gina Giulia Gordon Graham Greta Gustav Hamid Hana Hanna Hannah Hannes Harold Harriet Harry
Hassan Hazel Hector Heidi Helen Henry Hilda Horace Howard Hugo Ibrahim Ida Igor Ilse Imran Ines Inga Ingrid Irene Iris
Isa Isabel Ivan Ivy Jack Jacob Jamal Jana Jane Janet Jason Jasper Jean Jenny Jeremy Jill Jim Jin Joan Joanna Jodie
Joel John Jonas Jorge Josef Joshua Judith Jules Julia Julian Justin Kai Kamal Karim Karl Kasper Kate Katya Keiko Keith
Kenneth Kevin Khalid Kim Kirsten Klara Kofi Kurt Laila Larry Lars Laura Layla Lea Leah Leila Lena Leo Leonie Leslie
Levi Liam Lily Lina Lisa Liv Lola Lorenz Lorna Louis Louise Luca Lucy Luis Lukas Luna Lydia Maggie Magnus Maja Malcolm
Malik Mandy Manuel Mara Marcel Marco Maria Marie Marion Marius Mark Marta Martha Martin Mary Mateo Matilda Matthew
Maureen Max Maya Meera Mei Melanie Mercy Mia Michael Miguel Milan Milo Mina Mira Miriam Molly Mona Muriel Musa Nadia
Nancy Naomi Nelson Nico Nicola Nina Noah Noor Nora Norman Oda Olaf Olga Olive Oliver Omar Oscar Otto Owen Pablo Pamela
Patricia Patrick Paul Paula Pearl Percy Peter Petra Philip Pia Priya Quinn Rachel Rafi Ralph Rana Ravi Raymond Rebecca
Richard Rita Robert Roberta Robin Roland Ronald Rosa Ruben Ruby Rupert Ruth Ryan Sabine Salim Sally Sam Samir Sandra
Sandy Sara Sarah Sasha Sebastian Selma Sergio Sharon Sheila Sibyl Sidney Silas Silvia Simon Sofia Sonja Sophie Stefan
Stella Stephen Stuart Suki Sunil Susan Sven Sylvia Tara Tariq Terry Tessa Thelma Theo Tilda Tim Tina Tobias Toby Tom
Tony Tova Tracy Trevor Ulla Uma Valerie Vanessa Vera Vernon Victor Vincent Viola Virginia Vivian Walter Wanda Wendy
Wilfred William Xenia Yara Yasmin Yuki Yusuf Yvonne Zachary Zainab Zara Zelda Zoe
""".split()

PLACES = """
Aarhus Abbeyfield Aberdeen Acton Alder Amber Arden Arundel Ashford Aston Athens Aylesbury Banbury Barnsley Barrow
Basel Basle Beckton Bedford Belfast Bergen Berlin Berne Bilbao Birch Bodmin Bologna Bolton Bordeaux Boston Bradford
Bratislava Bremen Brighton Bristol Brook Brussels Budapest Burnley Buxton Cadiz Cairo Calder Cardiff Carlow Catford
Chelmsford Cheltenham Chester Colby Cologne Copenhagen Corby Cork Coventry Cracow Crewe Croydon Dalby Dale Dartford
Delft Denver Derby Dorking Dortmund Dover Dublin Dundee Durham Ealing Eastbourne Elgin Elmwood Enfield Essen Exeter
Fairview Falmouth Falun Farnham Ferndale Florence Folkestone Gdansk Geneva Genoa Ghent Gibraltar Glasgow Gloucester
Gothenburg Granada Graz Grenoble Grimsby Guildford Halden Hamburg Hanover Harlow Harrow Hastings Hatfield Haven
Helsinki Henley Hereford Hilltop Hitchin Holm Horsham Hull Innsbruck Ipswich Kendal Kent Keswick Kettering Kiel
Kingston Krakow Kyoto Lagos Lakeside Lancaster Lausanne Leeds Leicester Leiden Leipzig Lewes Lichfield Lima Lincoln
Linden Linz Lisbon London Lowestoft Lucerne Lund Luxembourg Lyon Madrid Maidstone Malaga Malmo Manchester Mannheim
Margate Marlow Marseille Melbourne Messina Milan Milton Minden Modena Montreal Munich Nairobi Nantes Naples Newbury
Newcastle Newton Northampton Norwich Nottingham Oakham Odense Oldham Orleans Oslo Oviedo Oxford Padua Palermo Paris
Parma Penzance Perth Pisa Plymouth Poole Porto Portsmouth Prague Preston Quebec Ravenna Reading Redhill Reykjavik
Richmond Riga Rimini Ripon Rochdale Rome Roscoe Rotterdam Rouen Salem Salisbury Salzburg Sarajevo Seaford Selby
Seville Sheffield Shrewsbury Siena Skipton Slough Sofia Southport Stafford Stirling Stockport Strasbourg Stroud
Stuttgart Sunderland Sutton Swansea Swindon Tallinn Tampere Tartu Taunton Thorn Tokyo Toledo Toronto Torquay Torun
Totnes Trento Trieste Truro Tunis Turin Turku Upton Utrecht Venice Verona Vienna Vilna Wakefield Walsall Warden
Wareham Warsaw Warwick Wells Weston Wexford Whitby Wigan Willowbrook Wimbledon Winchester Winslow Woking Woodbridge
Worcester Yeovil York Ystad Zagreb Zurich
""".split()

THINGS = """
album almanac amulet anchor apron armchair arrow atlas backpack badge bagpipe ball bandana banner barrel basin basket
bathtub beaker bed bell belt bench bib bicycle blanket boat bolt bonnet book bookmark boot bottle bouquet bow bowl box
bracelet bracket brick briefcase brooch broom brush bucket buckle buggy bugle bust button cage calculator calendar
camera candle canvas cap cape caravan card carpet cart cello chair chandelier chess-set chest chisel clip clipboard
clock coat coin colander comb compass console cookbook cooker corkscrew costume cot cradle crate crayon crystal cup
cupboard curtain cushion cutter dagger desk diary dictionary dinghy doll doorbell drawer dress drum dustbin dustpan
earring easel envelope eraser fan feather fence flag flashlight flask fleece flowerpot flute folder footstool fork
frame freezer fridge fryer fuse gadget garland gate glass glider globe glove gong gown grater greenhouse guitar hammer
hammock handbag handkerchief hanger harp hat hatchet headset heater helicopter helmet hoe hook hoop horn hose
incubator inkpot jacket jar javelin jigsaw jug kayak kettle key kimono kite knife ladder lamp lantern laptop lasso
lawnmower leaflet lens letter lid lighter lipstick lock locket loom lunchbox lute magnet mallet mandolin map marble
marker mask mat mattress medal microscope mirror mitten mop moped motorbike mug nail necklace needle net newspaper
nightgown notebook novel oar oilcan ornament oven overcoat paddle padlock painting palette pan paper parcel peg pen
pencil pendant phone piano picture pillow pin pipe pitcher plank plaster plate plough pocket poster pot pouch pram
present printer prism projector pump puppet purse puzzle quill quilt racket racquet radio raft rake rattle razor
recorder ribbon rifle ring rocker rocket rod rope router rucksack rug ruler sack saddle safe sail sandal saw scanner
scarf scissors scooter scraper screen screwdriver sculpture shawl shelf shell shirt shoe shovel shutter sieve sign
skateboard sketchbook skirt sled sledge sleeve slipper soap sock socket sofa spade speaker sponge spoon spring stamp
statue stepladder stethoscope stick stirrup stocking stool stopwatch stove strap suitcase surfboard sweater swing
sword syringe table tablet tambourine tankard tape teacup teapot telescope television tent thermometer thermos thimble
tiara ticket tie tile toolbox toothbrush torch towel toy tractor tray tripod trolley trophy trowel trumpet trunk tub
tuba tube tunic turban typewriter tyre umbrella uniform van vase veil ventilator vest vial violin visor wagon wallet
wand wardrobe washer watch webcam wheel wheelbarrow whistle wick wig window wok wreath xylophone yacht yoyo zipper
zither
""".split()

ANIMALS = """
alligator alpaca ant anteater antelope baboon badger barracuda bat bear beaver bee beetle bird bison blackbird boar
budgie buffalo bull bumblebee camel canary caribou carp cat caterpillar chameleon cheetah chimpanzee chinchilla
chipmunk cobra cockatoo cockerel cod condor cow coyote crab cricket crocodile crow cuckoo deer dingo dog dolphin
donkey dormouse dove dragonfly duck eagle elephant elk ferret finch fish flamingo flea fly fox frog gazelle gecko
giraffe gnat goat goose gorilla grasshopper greyhound grouse gull hamster hare hawk hedgehog hen heron hippo hornet
horse hound hummingbird hyena ibex iguana jackal jaguar jay jellyfish kangaroo kingfisher kitten koala lamb lemming
lion lizard llama lobster lynx macaw magpie manatee mastiff meerkat mole mongoose monkey moose mosquito moth mouse
mule newt ocelot octopus orca oriole osprey otter owl ox oyster panda panther parrot partridge peacock pelican penguin
pheasant pig pigeon piglet platypus polecat pony poodle puffin puma puppy quail rabbit raccoon ram rat raven reindeer
rhino robin rooster salmon scorpion seagull seal shark sheep skunk sloth snail snake spaniel sparrow spider squid
squirrel stallion starfish stingray stoat stork swan tadpole tapir terrier thrush tiger toad tortoise toucan trout
tuna turkey turtle viper vole vulture wallaby walrus warbler wasp weasel whale whippet wolf wolfhound wombat
woodpecker worm wren yak zebra
""".split()

FOODS = """
almonds apples apricots artichokes asparagus aubergines avocados bacon bagels bananas barley basil beans beets berries
biscuits blackberries bonbons bread broccoli brownies butter cabbage cake caramel carrots caviar celery cereal cheese
cherries chestnuts chicken chilli chips chocolate chowder chutney cinnamon cocoa coconut coffee coleslaw cookies corn
couscous crab crackers crackling cream crepes croissants croutons crumble cucumber cupcakes curry custard dates
dumplings eclairs eggs fennel figs fish fishcakes flapjacks flour fudge garlic gherkins ginger goulash granola
grapefruit grapes haddock halibut ham honey hotpot houmous hummus ice jam jelly juice kale kebabs ketchup kippers
kiwis lamb lasagne leeks lemons lentils lettuce limes lobster mangoes margarine marmalade marshmallows marzipan
mayonnaise meatballs melon meringue milk millet mince mint mousse muffins mushrooms mussels mustard nachos nectarines
noodles nougat nutmeg nuts oatmeal oats olives omelette onions oranges oysters pancakes paprika parsley parsnips pasta
pate peaches pears peas pecans pepper pesto pickles pie pineapple pistachios pizza plums polenta pomegranates popcorn
pork porridge potatoes prawns pretzels prunes pudding pumpkin quinoa radishes raisins raspberries ravioli relish
rhubarb rice risotto rosemary salad salami salmon salsa salt samosas sandwiches sardines sausages scallops scones
sesame shortbread shrimps sorbet soup soybeans spaghetti spinach squash stew strawberries stuffing sugar sushi syrup
tacos tarragon tea toast tofu tomatoes tortillas treacle trout truffles tuna turkey turnips vanilla veal venison
vinegar waffles walnuts wheat yams yeast yogurt
""".split()

JOBS = """
accountant actor admiral architect artist astronaut astronomer attendant auctioneer baker barber barista beekeeper
blacksmith bookbinder bookkeeper botanist bricklayer broker builder bursar butcher captain carer caretaker carpenter
cashier caterer chaplain chef chemist chimney-sweep choreographer clerk coach cobbler comedian conductor confectioner
contractor cook crofter curator cutler dancer decorator dentist designer detective diplomat diver doctor driver
drummer economist editor electrician engineer engraver explorer farmer fireman fisher florist foreman forester
gamekeeper gardener goldsmith governess guard guide guitarist gunsmith hairdresser handyman harpist herbalist
historian hotelier hunter illustrator inspector instructor interpreter jailer janitor jeweller jockey joiner
journalist judge juggler knitter landscaper laundress lawyer lecturer librarian lifeguard lighthouse-keeper locksmith
lorry-driver lumberjack magician maid manager mason masseur mechanic merchant milkman miller milliner miner minister
model monk mountaineer musician navigator novelist nurse nursemaid optician painter paramedic pastor pharmacist
photographer pianist pilot planner plasterer playwright plumber poet policeman porter potter principal printer
professor programmer prompter publisher rabbi ranger receptionist referee reporter researcher sailor salesman
scientist seamstress secretary shipwright shopkeeper signalman silversmith singer skipper smith soldier solicitor
spinner steward stockbroker stonemason student superintendent surgeon surveyor tailor tanner teacher telephonist
thatcher tiler toymaker trader translator treasurer typist valet vet veterinarian violinist waiter warder weaver
welder wheelwright woodcutter writer zookeeper zoologist
""".split()

HOBBIES = """
aerobics archery baking ballet baseball basketball beekeeping biking billiards birdwatching blogging bowling boxing
brewing bridge calligraphy camping canoeing carving caving chess climbing collecting cooking cricket crochet croquet
curling dancing darts decorating diving drawing drumming embroidery falconry fencing fishing football foraging
gardening glassblowing gliding golf gymnastics handball hang-gliding hiking hockey hopscotch horse-riding hunting
hurdling ice-skating jewellery-making jogging journaling judo juggling karate kayaking kickboxing knitting lacrosse
line-dancing listening magic marbles meditation metalwork modelling motocross netball orienteering origami paddling
paintball painting parachuting parkour pilates ping-pong polo pool pottery programming puppetry puzzles quilting
quizzes rambling reading restoring riding roller-skating rounders rowing rugby running sailing scrabble sculpting
sewing sightseeing singing skating sketching skiing skipping skydiving snorkelling snowboarding softball spinning
squash stargazing sudoku sumo surfing swimming table-tennis taekwondo tailoring tango tennis theatre trekking
volleyball volunteering walking waltzing watercolours weaving welding woodwork wrestling writing yoga zumba
""".split()

ADJECTIVES = """
abandoned adorable agile alert amazing ample ancient artificial awful awkward bald belated beloved bent best big
bitter bleak blurred bold bouncy brave breezy brief bright broken bulky bumpy busy calm careful cheap cheeky cheerful
chilly chubby chunky civil classic clean clever clumsy coarse cold comfortable common compact complete complex cool
correct costly cosy cracked crisp crooked cruel crunchy curious curly damp dark dazzling dear deep delicious dense
different dim dirty distant dizzy double drowsy dry dull durable dusty eager early earnest eccentric elegant empty
exact excellent exotic faded faint fair faithful famous fancy fantastic fast faulty fertile fine firm flat flimsy
foolish formal fragile frail frank fresh friendly frosty frozen funny general generous gentle genuine giant giddy glad
glamorous gleaming gloomy golden good grand grateful greasy great greedy grim grubby grumpy handsome handy happy hard
harmless harsh heavy helpful hidden high hilly hollow honest horrible hot huge humble humid hungry icy ideal idle ill
immense infamous innocent inviting jagged jealous jolly joyful kind known lame large late lavish lazy lean level light
limp little lively lonely long loose lost loud lovely low loyal lucky lush luxurious magic magnificent massive mature
medium mellow merry messy mighty mild minor misty modern moist murky naive narrow naughty neat new nice nimble noble
noisy notable numb odd oily old open ordinary original ornate oval pale patient peaceful perfect petite plain pointed
polite poor popular posh precious precise pretend pretty prime private proper proud public puny puzzled quaint queer
quick quiet rapid rare raw real reliable remote restless rich ridged ripe rotten rough round royal rural rusty sad
safe savage scented scratched scruffy secret selfish sensible serious severe shabby shady shaky shallow sharp shiny
short shy silent silky simple sincere sleepy slender slight slippery sloppy slow small smart smooth sober soft sorry
sour spare special spicy splendid spotless spotted square stale stately steady steep sticky stiff still stormy stout
strange striking striped strong stubborn stylish subtle sudden sunny supple sure sweet tall tame tasty tender tense
terrible thick thin thirsty thorny threadbare tidy tiny tired tough trendy tricky trim true trusty ugly useful vague
valuable various vast vicious vital vivid warm wealthy weird wet wicked wide wild wiry wise witty wobbly wonderful
wooden worn worthy wrinkled young zany
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
