"""Who gets mail: houses with their services, and kinds of shops, each for training and held out.

Promise: no house and no service stands on both sides. Slots of a shop: `{o}` a thing, `{n}` a person.

Not here: what shops sell (vocabulary.py, or invented names) and what people write to them (mail_words.py).
"""

from __future__ import annotations

from tools.nano.wordings import Wordings

SERVICES: dict[str, Wordings] = {
    "library": (
        "reading room", "book club", "catalogue", "children's corner", "copy machine", "lending desk", "story hour",
        "newspaper rack",
    ),
    "ferry line": (
        "morning ferry", "night ferry", "car deck", "ticket desk", "island tour", "harbour cafe", "sun deck",
        "waiting hall",
    ),
    "garden club": (
        "greenhouse", "seed market", "rose course", "tool shed", "open garden", "compost day", "plant swap",
        "herb bed",
    ),
    "museum": (
        "guided tour", "sculpture hall", "coin room", "museum shop", "audio guide", "family day", "model ship",
        "lecture evening",
    ),
    "theatre": (
        "evening show", "matinee", "box office", "cloakroom", "front row", "acting class", "puppet play",
        "stage door tour",
    ),
    "swimming pool": (
        "diving board", "kids pool", "sauna", "swim course", "locker", "water slide", "early swim", "wave pool",
    ),
    "campsite": (
        "tent place", "cabin", "fire pit", "shower block", "boat hire", "camp shop", "barbecue place", "caravan pitch",
    ),
    "music school": (
        "piano lesson", "choir", "drum room", "summer concert", "violin hire", "singing class", "flute group",
        "practice room",
    ),
    "zoo": (
        "feeding tour", "penguin house", "petting farm", "night walk", "monkey island", "zoo train", "elephant bath",
        "reptile room",
    ),
    "cinema": (
        "late film", "film quiz", "popcorn stand", "balcony seat", "children's film", "open air screen", "film club",
        "gift voucher",
    ),
    "hospital": (
        "visiting hour", "eye clinic", "blood test", "flu shot", "x-ray room", "baby ward", "parking deck",
        "night pharmacy",
    ),
    "dance school": (
        "tango class", "ballet class", "mirror hall", "summer ball", "wedding dance course", "salsa night",
        "tap dance group", "dress hire",
    ),
    "language school": (
        "evening class", "spelling test", "grammar course", "chat table", "summer school", "exam day", "placement test",
        "study trip",
    ),
    "ski resort": (
        "ski lift", "sled run", "ski pass", "beginner course", "mountain hut", "snow park", "boot room", "ice rink",
    ),
    "town hall": (
        "passport desk", "wedding room", "dog licence", "parking permit", "council meeting", "help desk",
        "town archive",
        "citizen hour",
    ),
    "railway": (
        "night train", "dining car", "sleeping berth", "quiet coach", "seat booking", "luggage service",
        "monthly pass", "steam train trip",
    ),
    "farm": (
        "egg stand", "pony ride", "hay barn night", "pumpkin field", "milk round", "cheese course",
        "sheep shearing day",
        "apple harvest",
    ),
    "kindergarten": (
        "forest day", "nap room", "lunch service", "parents' evening", "sand pit", "summer fair", "late group",
        "lantern walk",
    ),
    "sports club": (
        "football team", "running group", "weight room", "judo class", "tennis court", "club house",
        "table tennis hall",
        "trainer course",
    ),
    "riding school": (
        "riding lesson", "trail ride", "horse box", "jumping course", "stable tour", "riding camp", "vaulting group",
        "pony day",
    ),
    "airport": (
        "lounge", "lost luggage desk", "shuttle bus", "viewing deck", "security lane", "duty free shop", "prayer room",
        "long stay car park",
    ),
    "golf club": (
        "driving range", "golf lesson", "putting green", "caddy service", "club cup", "buggy hire", "members' bar",
        "trial day",
    ),
    "art school": (
        "drawing class", "clay workshop", "oil painting course", "print room", "spring exhibition", "life class",
        "photo lab", "portfolio day",
    ),
    "planetarium": (
        "star show", "telescope night", "moon talk", "space quiz", "dome hall", "rocket workshop", "comet evening",
        "sky map",
    ),
    "castle": (
        "tower climb", "knight show", "dungeon tour", "rose garden", "banquet", "ghost night", "armour room",
        "falcon show",
    ),
    "aquarium": (
        "shark tunnel", "seal show", "touch pool", "coral room", "diver talk", "jellyfish hall", "sleepover",
        "gift corner",
    ),
    "bus company": (
        "school bus", "night bus", "day ticket", "city tour", "airport coach", "senior pass", "bus stop shelter",
        "coach hire",
    ),
    "restaurant": (
        "lunch menu", "window table", "beer garden", "cooking class", "wine evening", "brunch", "private room",
        "take-away counter",
    ),
    "community centre": (
        "tea afternoon", "repair evening", "chess circle", "yoga class", "flea market", "big hall", "homework help",
        "computer course",
    ),
    "observatory": (
        "night watch", "sun telescope", "dome visit", "meteor walk", "star map course", "public lecture", "guest cabin",
        "astronomy camp",
    ),
    "vineyard": (
        "wine tasting", "cellar tour", "grape harvest", "picnic lawn", "farm kitchen", "barrel hall", "wine walk",
        "tasting box",
    ),
    "youth hostel": (
        "bunk bed", "common kitchen", "laundry room", "games room", "bicycle cellar", "packed lunch", "dormitory",
        "bonfire evening",
    ),
    "beauty salon": (
        "haircut", "nail care", "face mask", "foot bath", "bridal styling", "beard trim", "gift card", "sun bed",
    ),
    "animal shelter": (
        "dog walk", "cat room", "adoption day", "puppy school", "vet check", "rabbit run", "donation box",
        "foster scheme",
    ),
    "radio station": (
        "studio tour", "morning show", "phone-in hour", "music wish", "news desk", "quiz night", "listener club",
        "live concert",
    ),
}  # fmt: skip
HELD_SERVICES: dict[str, Wordings] = {
    "tram line": ("airport tram", "old tram", "week ticket", "last stop", "tram museum", "bell ride"),
    "climbing hall": ("boulder room", "rope course", "shoe hire", "youth group", "high wall", "snack bar"),
    "hotel": ("roof terrace", "double room", "breakfast hall", "garden suite", "bike hire", "spa"),
}
SHOPS: Wordings = (
    "shop", "furniture shop", "toy shop", "kitchen shop", "tool maker", "bicycle shop", "mail order house",
    "maker of {o}s", "house of {o}s", "shop for {o}s", "factory", "small firm", "web shop", "company", "repair shop",
    "gift shop", "hardware shop", "antique dealer", "garden centre", "clothes shop", "camera shop", "music shop",
    "sports shop", "online shop", "corner shop", "flea market dealer", "warehouse", "{o} factory", "{o} shop",
    "{o} dealer", "{o} maker", "wholesaler", "second-hand shop", "supermarket", "market stall", "family business",
    "start-up", "trading house", "mill", "carpenter", "craft shop", "craft studio", "design studio", "lamp shop",
    "chain store", "discount store", "outlet", "electrical shop", "household store", "hobby shop", "travel shop",
    "camp store", "shop of {n}", "firm of {n}", "{n} store", "{n} trading company", "house of {n}", "small shop of {n}",
    "boutique of {n}", "manufacturer", "supplier of {o}s", "seller of {o}s", "leather shop", "glass maker", "pottery",
    "show room", "spare parts dealer", "retailer", "cooperative", "old {o} shop", "importer of {o}s",
)  # fmt: skip
HELD_SHOPS: Wordings = ("department store", "village shop", "workshop of {n}")
