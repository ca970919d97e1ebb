"""What the letters and replies are made of. Every list is free to grow; combinations are what is learned."""

from __future__ import annotations

PRODUCTS = ("lamp", "kettle", "blanket", "chair", "radio", "clock", "coat", "mirror", "garden hose", "teapot", "desk",
            "backpack", "scarf", "bicycle bell", "bookshelf", "pillow", "camera", "frying pan", "rug", "umbrella",
            "toaster", "vase", "drill", "tent")  # fmt: skip
HELD_PRODUCTS = ("candle holder", "sewing kit", "watering can", "suitcase", "fountain pen", "picture frame")
"""Only in the test rows."""
PLACES = ("Marlow", "Eastbridge", "Oakham", "Silverton", "Harwich", "Linden", "Brookfield", "Whitby", "Ashford",
          "Penrose", "Redhill", "Stanton", "Milford", "Kingsley")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
GREETINGS = ("Hello,", "Good morning,", "Dear team,", "Hi there,", "Good evening,", "To whom it may concern,", "Hey,")
BEGINNINGS = ("I bought a {product} from you on {day}", "On {day} I ordered a {product}",
              "My sister gave me a {product} that came on {day}",
             "A {product} was sent to my flat in {place} last {day}",
              "Last {day} your driver left a {product} at my door", "I have been waiting for a {product} since {day}",
              "You sold me a {product} in your {place} shop",
             "We picked up a {product} in {place} on {day}")  # fmt: skip
TROUBLES = {
    "broken": ("and it arrived in pieces", "but it broke after one hour", "and one side of it is cracked",
               "but it fell apart when I touched it", "and it does not work at all"),
    "late": ("but nothing has come yet", "and the parcel is still not here", "but nobody has brought it so far",
             "and I have not seen it until today"),
    "colour": ("but the colour is not the one I chose", "and it came in green instead of blue",
               "but you sent the wrong colour", "and the colour looks nothing like the picture"),
    "price": ("but the bill is far too high", "and I was charged twice for it", "but you took more money than agreed",
              "and the price on the bill is wrong"),
}  # fmt: skip
ASKS = ("What can you do?", "Please help me.", "How do we go on from here?", "Can somebody look into this?",
        "What happens now?", "I would like an answer today.", "Could you tell me what to do?")  # fmt: skip
NUMBERED = ("The order number is {number}.", "My order is {number}.", "You find it under {number}.",
            "It is order {number} in your books.")  # fmt: skip
THANKS = ("Thank you for writing to us.", "Thank you for telling us.", "Thanks for your patience.",
          "We are glad that you wrote.", "Thank you very much for your letter.")  # fmt: skip
SORRY = ("We are very sorry about this.", "Please accept our apologies.", "I am sorry for the trouble.",
         "We are sorry that this happened.", "I do apologise for that.")  # fmt: skip
LOOKED = ("I have found order {number} for the {product}.", "Your {product} is in our books as order {number}.",
          "Order {number}, the {product}, is in front of me.", "I looked up the {product} under {number}.")  # fmt: skip
ACTIONS = {
    "broken": ("We will send you a new {product} at no cost.", "A whole {product} leaves our store today.",
               "You will get another {product} and may keep the old one."),
    "late": ("It is on its way and will be with you in two days.", "I have asked the driver to bring it tomorrow.",
             "It waits at the depot and goes out in the morning."),
    "colour": ("We will change it for the right colour.", "The {product} in your colour goes out today.",
               "Send it back for free and you will get the colour that you chose."),
    "price": ("We will pay the difference back to you.", "The money goes back to your account this week.",
              "I have put the bill right and you get the rest back."),
}  # fmt: skip
CLOSINGS = ("Please tell us if we can do anything else.", "Have a good day.", "We wish you a pleasant week.",
            "Kind regards from all of us.", "Do write again if anything is unclear.")  # fmt: skip
RUDE = ("You should have read the label.", "Stop wasting our time.", "That is your own fault.", "What do you expect?",
        "Nobody else complains like you do.", "Learn to be patient.", "This is really not our problem.",
        "Do not write to us again.", "We have better things to do.", "How can anyone be so clumsy?")  # fmt: skip
TERSE = ("No.", "Noted.", "Wait.", "Not possible.", "Ask someone else.", "We do not know.", "Maybe later.",
         "See above.")  # fmt: skip
RAMBLING = ("Our company was founded many years ago and has grown ever since.",
            "We sell lamps, chairs and many other things.",
            "Every customer matters to every one of us here.", "The weather has been unusually warm this season.",
            "Our shops are open from nine to six on all days but Sunday.", "Quality has always been our first goal.",
            "Many people visit us each year and like what they find.",
            "There are several ways to look at such a matter.",
            "We take all letters seriously and read them with care.")  # fmt: skip
