"""What customers ask for: complete requests per intent, with and without a product, before anything is wrapped round.

Slots: {my} "my Pilo" or "our Pilo", {the} "the Pilo", {a} "a Pilo" or "an Odri", {X} the bare name, {sym} a symptom
after "it", {dfc} a defect after "it", {task} after "to", {past} a moment gone by, {day} a day gone by, {since} after
"since", {ago} "two weeks ago", {ref} an order number, {sum} an amount, {fee} a small one. A line in a `*_PLAIN` list
names no device at all, so its product is "none".

How pressing a message is must never follow from a line here; that is the business of urgency.py.
"""

from __future__ import annotations

from tools.quickstart.company import lines

DELIVERY = lines("""
    Where is {the} I ordered {ago}?
    I ordered {a} {ago} and it still has not come.
    Has {the} from order {ref} been sent yet?
    The tracking page for {my} has not moved since {since}.
    Can you tell me when {my} will get here?
    The courier says {the} was handed over {past}, but nobody here has seen it.
    I paid for {a} {ago} and I am still waiting for it.
    Your mail said {the} would be here {past}. It was not.
    What is keeping {my}? The page only says "on its way".
    {My} was meant to come {past} and there is no sign of it.
    Do you have a delivery date for {the} in order {ref}?
    I would like to know which courier has {my}.
    The driver left a card {past} but took {the} away again. Where is it now?
    Is {the} on back order? I have heard nothing since {since}.
    According to the tracking {my} is in a depot I have never heard of.
    Any news of {my}, order {ref}?
    {My} went to the wrong street, says the neighbour. Can you find it?
    I have had the bill for {the}, but not the box.
    Could you check whether {my} left your warehouse?
    My order {ref} came, but {the} was not in it. Is it in a second parcel?
    Nobody can tell me where {my} is, neither the courier nor the shop.
    I was at home all day {day} and {the} did not come.
    Still no {X} here, though it was posted {ago}.
    Which day should I stay in for {the}?
    The tracking number for {my} is not known to the courier.
    How long does {a} take to arrive these days? I ordered mine {ago}.
    {The} I sent to my sister seems lost in the post.
    I see that {my} was signed for {past}, only not by me.
    Would you find out what became of {my}?
    {My} has been "out for delivery" since {since}.
""")
DELIVERY_PLAIN = lines("""
    Where is my order {ref}?
    My parcel was due {past} and never came.
    The tracking link in your mail leads nowhere.
    I ordered {ago} and have not had so much as a dispatch note.
    Can you say when order {ref} will be here?
    The courier claims to have left my box with a neighbour, but with which one?
    Half of order {ref} came {past}. When does the rest follow?
    My parcel seems to be going round in circles between two depots.
    It says "delivered" on the page, yet there is nothing at my door.
    Has my order been sent? I can't see a tracking number anywhere.
    I moved to a new street. Is order {ref} going to the right one?
    Could somebody find out where my parcel is stuck?
    I stayed in for the courier {day}. Nobody rang.
    What is the delivery date of order {ref}, please?
    No parcel, no card, no message from the driver.
""")

CANCEL = lines("""
    Please cancel {the} I ordered {past}.
    I ordered {a} by mistake. Please stop it before it is sent.
    I no longer need {the} in order {ref}; please take it off.
    Can I still call off {my}? It has not been sent.
    I clicked twice and now two of them are coming. Please drop the second {X}.
    Kindly stop the order for {the}, number {ref}.
    My husband bought {a} too, so please don't send ours.
    I found {the} cheaper elsewhere. Cancel mine before it ships.
    {The} on order {ref} should not go out, please.
    I have changed my mind about {the} before it is even packed.
    Don't ship {the}, please. We have decided against it.
    Is there still time to withdraw my order for {the}?
    Please call off order {ref}: I picked {the} and meant nothing of the kind.
    Strike {the} from my order, please; the rest can go.
    I'd like to get out of my order for {a}, placed {past}.
    The page will not let me cancel {my}. Can you do it for me?
    My son ordered {a} on my tablet {past}. It must not be sent.
    You have {the} on its way to the packing desk; please hold it back, I don't want it any more.
    Kill the order for {the}, please, number {ref}.
    I ordered {the} to the wrong country. Please stop it and I will start again.
    Since {the} will take five weeks, I'd rather call the order off.
    Could you annul my order for {a}? It was placed {past}.
    No need to pack {the} from {ref}. I won't be taking it.
    I want to back out of buying {the}; nothing has been dispatched.
    Please make sure that {the} I ordered {past} is never sent.
    We got {a} as a present, so the order for ours can be stopped.
    Remove {the} from the pre-order list, please.
    I pre-ordered {a} {ago} and would like to step back from that.
    Can you undo my order for {the}? It still says "in preparation".
    {My} has not left you yet, so please keep it; I am cancelling.
""")
CANCEL_PLAIN = lines("""
    Please cancel order {ref}.
    I placed an order {past} that I don't want any more. Please stop it.
    Order {ref} was a mistake, please don't send it.
    Can order {ref} still be called off?
    I ordered the same things twice. Cancel the second order, please.
    The cancel button for order {ref} is grey. Please do it from your side.
    Please withdraw my order from {since}; nothing has been sent yet.
    My daughter ordered things with my phone. Please stop all of it.
    I'd like to take back the order that I placed {past}.
    We are moving abroad, so please don't send order {ref} at all.
    Stop order {ref}, it is going to my old street.
    I changed my mind before you packed it: please drop order {ref}.
    Hold back my parcel if you still can, I no longer want what is in it.
""")

REFUND = lines("""
    I'd like my money back for {the}; it {sym}.
    {My} {sym}. I have sent it back and would like the {sum} returned.
    {My} {dfc}. Please refund me.
    I returned {the} {ago} and have not seen my money.
    How do I send {the} back and get the {sum} I paid?
    {The} is not for us. Can we return it for a refund?
    I am not happy with {my} and want to give it back for what I paid.
    It {sym}, so I am returning {the}. Please pay back the full price.
    When will the {sum} for {the} I sent back reach my bank?
    {My} {dfc}; please give me back the {sum}.
    Nobody told me that {the} needs a phone. I want to return it and be paid back.
    I cancelled {the} {ago}, you agreed, and the {sum} is still not back.
    I want a refund for {the}, order {ref}.
    The return label for {the} is used and the box is with you. Now please refund it.
    {The} {sym} and I have lost patience; my money back, please.
    My mother can't get on with {the}. May she return it for the full price?
    Can I have the {sum} back if I return {my} unopened?
    {My} was a present and I already have one. I'd like to hand it in for cash.
    You got {the} back {past} according to the courier. Please return my {sum}.
    I bought {the} thirty days ago, it {sym}, and I would like to be reimbursed.
    Please take {the} back and refund the card I used.
    We are within the thirty days: {the} goes back and the {sum} should come to us.
    After all the trouble with {my} I only want what I paid for it.
    {The} is too big for our flat. How do I return it and recover the {sum}?
    The shop in town said that you would reimburse me for {the}. It {dfc}.
    For {a} that {sym} I won't pay {sum}. Refund it, please.
    I would like to be paid back for {the}, it {dfc}.
    Would you repay the {sum} for {the}? It went back to you {ago}.
    Return number {ref}, {X}: where is my refund?
    {My} {sym}, as it did from day one. I'm done with it and ask for a full refund.
""")
REFUND_PLAIN = lines("""
    I sent back order {ref} {ago} and still wait for my refund.
    How do I return my order and get my {sum} back?
    I'd like a refund for order {ref}.
    You took back my parcel {past}. When do I get the {sum}?
    You agreed to my cancellation {ago}, but the {sum} has not been paid back.
    My return arrived {past}. Please repay what I paid.
    The things I ordered are not what I hoped for. I want to send them back for a refund.
    I have posted the return for {ref}. Please put the {sum} back on my card.
    What do I have to do to return everything and be paid back?
    I only got {sum} of my refund. Where is the rest for what I returned?
    Everything in order {ref} goes back. Please refund the lot.
""")

REPLACEMENT = lines("""
    {My} {dfc}. Please send me another one.
    {The} you sent {dfc}; can it be swapped?
    I'd like to exchange {my}, it {sym}.
    {My} {sym}. It is under warranty, so please send a new one.
    Could I get a replacement for {my}? It {dfc}.
    You sent the wrong colour of {the}. Please exchange it.
    {My} {dfc}. When can you send a sound one?
    I opened the box {past}: {the} {dfc}. I need a fresh one.
    We have tried all the tips and {the} still {sym}. Please swap it.
    My second {X} {dfc} as well. Third time lucky? Send another, please.
    Your man on the phone promised me a new {X} {ago}. Please send it.
    A part of {my} is missing. Please post it to me.
    May I trade {the} for a working one? Mine {sym}.
    {The} {dfc}. I'll keep the box ready for the courier who brings the new one.
    I want an exchange for {the} in order {ref}: it {dfc}.
    Is {my} covered by the warranty? It {sym} and I would like a new unit.
    {My} {dfc}, so I am asking for an exchange.
    Please replace {my}. It {sym} even after the repair.
    The lab confirmed that {my} is beyond repair, so please send out a new {X}.
    Can you ship a second {X} in place of the one that {dfc}?
    What must I do to have {my} swapped? It {dfc}.
    I was sent somebody else's used {X}. I would like a new one instead.
    {The} fell apart while I unpacked it. I'd be glad of another.
    Kindly arrange a swap: {my} {sym} and your technician gave up on it.
    New {X}, please. The old one {dfc}.
    A fresh {X} would make me happy again; mine {dfc}.
    It {dfc}, I mean {my}. Could a whole one be sent?
    My warranty claim for {the} was approved {past}. When is the new one sent?
    Please send the right size of {the} in exchange for the one I have here.
    {The} {dfc}. I still want one, only in one piece.
""")
REPLACEMENT_PLAIN = lines("""
    One thing in order {ref} came broken. Please send it again.
    Order {ref} arrived crushed. I would like all of it sent anew.
    You sent me somebody else's parcel. Please swap it for mine.
    The screws were missing from the box. Can you post me a set?
    I got the wrong colour in order {ref} and would like to exchange it.
    What you sent is damaged. Please send me a new one.
    A part is missing from my parcel. Please post it to me.
    My exchange was approved {ago}. When do I get the new one?
    The spare part you sent {past} is the wrong one. Please send the right one.
    Everything in the box was wet. Please ship it again.
""")

HOW_TO = lines("""
    How do I {task} on {my}?
    Is there a way to {task} on {the}?
    I can't find out how to {task} on {my}.
    Could you explain how to {task} with {the}?
    Which button do I press to {task} on {my}?
    What is the trick to {task} on {the}?
    The leaflet for {my} doesn't say how to {task}.
    I'm new to this: how can I {task} on {my}?
    My neighbour can {task} on her {X}. How do I do that on mine?
    Please tell me step by step how to {task} on {the}.
    Do I need the app to {task} on {my}, or can it be done by hand?
    {My} is set up and running. Now I'd like to {task}. How?
    Where in the app do I go to {task} on {the}?
    Teach an old man to {task} on his {X}, please.
    Can {the} be used without wifi, and if so how?
    I would like to {task} on {my} but can't see where.
    What do I have to hold down on {the} to {task}?
    How many phones can I use with {my}, and how do I add one?
    I read the whole manual of {the} and still don't know how to {task}.
    Do you have a short film that shows how to {task} on {the}?
    Quick one: {task} on {the}, how?
    To {task} on {my}, what comes first?
    I just unpacked {my}. How do I set it up?
    Whoever wrote the guide for {the} forgot the page on how to {task}.
    My mother asks how to {task} on {my}, and I couldn't tell her.
    How do I connect {my} to a new router?
    Is it possible to {task} on {the} for every day of the week?
    We have {a} in each room. How can I {task} on all of them at once?
    I used to know how to {task} on {my}. Could you remind me?
    Can you point me to the page on how to {task} with {the}?
""")
HOW_TO_PLAIN = lines("""
    How do I switch the app to another language?
    Where in the app can I turn off the notifications?
    How can I see all my rooms on one page of the app?
    Is there a way to use the app on two phones at once?
    How do I put the app into dark mode?
    Where do I find the manuals on your website?
    Can you explain what the rooms page in the app is for?
    How do I add a widget to my phone?
    I'd like to sort my rooms in the app by name. How?
    Which menu has the holiday mode in it?
    How do I give my cleaner a guest view in the app?
    What does the little orange dot in the app mean?
""")

FAULT = lines("""
    {My} {sym}.
    {My} {sym}. Any idea what is wrong?
    Since {since}, {my} {sym}.
    Can you help me? {My} {sym}.
    I bought {my} {ago} and now it {sym}.
    What can I do when {the} {sym}?
    {The} worked well until {since}. Now it {sym}.
    Why is it that {my} {sym}?
    There is something wrong with {my}: it {sym}.
    I have reset {my} three times and it still {sym}.
    {The} {sym}, and I don't know why.
    After the update {my} {sym}.
    Is it normal that {the} {sym}?
    My wife noticed {past} that {the} {sym}.
    {My} has a fault, I think. It {sym}.
    It {sym} again, {my} I mean. Please help me mend it.
    Every now and then {my} {sym}. Can that be mended?
    Could one of your technicians look into {my}? It {sym}.
    {The} does everything right, except that it {sym}.
    I wrote to you {ago} because {my} {sym}. It still does.
    New battery, new cable, and yet {my} {sym}.
    Have you heard of {a} that {sym}? Mine does.
    {My} {sym}, whatever I try. Please help me sort it out.
    Something is off here. {My} {sym}.
    I am at my wits' end: {the} {sym}.
    What a clever device {the} is. It {sym}. Please make it stop.
    Your forum says a restart helps when {the} {sym}. It did not.
    {My} {sym} whenever the neighbours are at home. How odd, and how do I cure it?
    Please check {my} from your end; it {sym}.
    {My} {sym}. My brother's does exactly the same.
""")
FAULT_PLAIN = lines("""
    The app crashes as soon as I open it.
    Your website shows an empty page when I click on support.
    The app says "no connection" although my wifi is fine.
    Since {since} the app is terribly slow.
    The rooms page in the app stays white.
    The app sends me the same notification ten times.
    After the update the app no longer opens on my tablet.
    Your chat window on the website freezes after one line.
    The search on your website finds nothing at all.
    The app drains my phone in half a day. Please look into it.
    The app forgets all my rooms each time I close it.
    Whenever I turn my phone sideways, the app closes.
""")

BILLING = lines("""
    I was charged twice for {the}.
    The invoice for {my} shows the wrong amount.
    Please send me the invoice for {the} in order {ref}.
    Why do I pay {fee} a month for the {X} plan?
    My card was charged {sum} for {the}, but the page said less.
    I need the bill for {my} with my firm's name on it.
    Please end the monthly plan for {my}. I keep the device.
    The voucher was not taken off the price of {the}.
    I'd like to pay for {my} in three parts. Is that still possible?
    Can I change the card that pays for the {X} plan?
    There is a charge of {sum} for {a} on my card that I can't explain.
    My {X} plan was renewed {past} without a word.
    The tax on the bill for {the} looks wrong to me.
    I paid for {the} by bank transfer {ago}. Has the money reached you?
    How much will the {X} plan cost after the first year?
    You have billed me for two, yet I only bought one {X}.
    The payment for {the} failed, but the {sum} is gone from my bank.
    I have lost the invoice for {my}. Could I have a copy?
    What is the "service fee" on the bill for {the}?
    I'd like to move the {X} plan from monthly to yearly payment.
    The student discount is missing on the bill for {my}.
    Please explain the second payment of {sum} for {the}.
    I can't pay for {the}: your page turns down every card I own.
    My bank asks what the {sum} for {the} was. Can you send proof?
""")
BILLING_PLAIN = lines("""
    There is a payment of {fee} on my card that I don't recognise.
    I was billed twice for order {ref}.
    Please send the invoice for order {ref} to my office.
    My card has expired. Where do I enter the new one?
    The VAT number on my invoice is wrong.
    You took {sum} from my bank {past} and I don't know what for.
    I never got an invoice for order {ref}.
    Can I pay by bank transfer instead of by card?
    Why was the delivery fee charged two times?
    I would like a receipt for the {sum} that I paid {ago}.
    My voucher code is refused at the till.
    The amount on the bill for {ref} is not what we agreed.
    Could I get one bill a year instead of twelve?
    Please end my monthly care plan, I don't want to be charged again.
    The bill is made out to my old firm. Please correct it.
    What is this yearly fee of {fee} on my statement?
    My payment of {sum} is shown as open, though I paid {ago}.
    I'd like to pay from another bank account from now on.
    The discount you promised is not on my invoice.
    How do I see my old invoices?
""")

ACCOUNT = lines("""
    I'd like to move {my} from my account to my wife's.
    {My} is still tied to the last owner's account. Please free it.
    I sold {my}. Please take it off my account.
    I want to share my account for {the} with my flatmate, with his own password.
    {My} shows up in a stranger's account. Please put it in mine.
    I bought {a} second-hand and can't register it under my name.
    Please change the mail address under which {my} is registered.
    My account says that I own two of them, but I only have one {X}. Please correct it.
    Can {the} be registered under two accounts?
    I gave {my} to my son; please sign it over to his account.
    Your system says that {my} belongs to somebody else. It has always been mine.
    How do I hand {my} over to the new owner in my account?
    I changed accounts and would like {my} in the new one.
    My account shows {the} that I gave back long ago. Please remove it.
    The new tenant needs {the} in her own account, no longer in mine.
    {The} vanished from my account. Could you put it back on the list?
    The serial number of {my} is refused when I register it to my account.
""")
ACCOUNT_PLAIN = lines("""
    I can't log in. The page says that my password is wrong.
    I have forgotten my password and the reset mail never comes.
    Please change the mail address of my account.
    How do I delete my account?
    My account is locked since {since}.
    I want to close my account and have all my data removed.
    The login code does not reach my phone.
    I have two accounts by mistake. Can you merge them?
    Please correct the spelling of my surname in my profile.
    I got married and would like my new name on the account.
    My new phone number is refused in my profile.
    I can't sign in on my new phone.
    How can I change my password?
    The page tells me that my user name is taken. It is mine!
    I no longer have the mail address I signed up with. How do I get in?
    What do I do to switch off the login codes?
    Please let me back into my account, I typed the wrong password too often.
    Somebody may know my password. How do I change it everywhere?
    Which of my three mail addresses belongs to my account?
    I'd like a copy of all the data that you hold on me.
    Can my wife have a login of her own?
    My profile shows the wrong birthday and I can't edit it.
    The sign-in page keeps sending me back to the start.
    Please take my phone number out of your records.
""")

WITH_PRODUCT = {
    "delivery": DELIVERY,
    "cancel": CANCEL,
    "refund": REFUND,
    "replacement": REPLACEMENT,
    "how_to": HOW_TO,
    "fault": FAULT,
    "billing": BILLING,
    "account": ACCOUNT,
}
WITHOUT_PRODUCT = {
    "delivery": DELIVERY_PLAIN,
    "cancel": CANCEL_PLAIN,
    "refund": REFUND_PLAIN,
    "replacement": REPLACEMENT_PLAIN,
    "how_to": HOW_TO_PLAIN,
    "fault": FAULT_PLAIN,
    "billing": BILLING_PLAIN,
    "account": ACCOUNT_PLAIN,
}

PAST = lines("""
    last night
    this morning
    yesterday
    last Tuesday
    on Monday
    an hour ago
    two days ago
    last week
    last month
    three weeks ago
    in the spring
""")
SINCE = lines("""
    last night
    this morning
    yesterday
    Tuesday
    the weekend
    last week
    last month
    the spring
    the update
    noon
""")
AGO = lines("""
    two days ago
    four days ago
    last week
    ten days ago
    two weeks ago
    three weeks ago
    a month ago
    six weeks ago
    last month
""")
DAY = ("yesterday", "last Tuesday", "on Monday", "two days ago")
SUM = (59, 79, 89, 119, 140, 165, 189, 240)
FEE = (3, 4, 6, 8, 12, 19)
