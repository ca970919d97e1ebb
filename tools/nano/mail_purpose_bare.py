"""Train wordings by purpose that name no item, for the purposes that can do without.

Promise: as in mail_purpose_items.py; of the slots only a person, a day, a number, a thing, a place and a code are used.

Not here: labels and held wordings (mail_purposes.py), wordings that name an item (mail_purpose_items.py).
"""

from __future__ import annotations

from tools.nano.wordings import Wordings, lines

BARE: dict[str, Wordings] = {
    "question": lines("""
        When do you open on {d}?
        Where [are you|is your office|is the entrance]?
        Is there a [car park|bus] near you?
        Do you [speak|write] other languages?
        Who is [in charge|the boss] there?
        Which days are you closed?
        What are your opening hours?
        [Until|Till] what time are you open on {d}?
        Are you open [on holidays|at Easter|over Christmas|on {d}]?
        Do you have a [shop|branch|second house] in {p}?
        How do I get to you from {p} [by train|by bike|on foot]?
        Is there [parking|a lift|a cafe|a toilet for wheelchairs] [at your place|in the building]?
        May I bring my [dog|baby|lunch]?
        I would like some general information [about your house|about you], please.
        Are you looking for [new staff|helpers|a trainee]?
        Who could answer a question about your [history|building|plans]?
        [Does your team|Do you] also [visit schools|give talks|work in {p}]?
        Which [bus|tram|road] goes to your place?
        Can people under {k} come [alone|in]?
        How many people work for you?
        Is your shop [easy to find|near the station]?
        When was your house founded? [It is for a school project.|]
        Do you have [a newsletter|a brochure|a programme] I could read?
        What languages does your staff speak?
        General question: what is your phone number [at weekends|in the evening]?
        Is it [crowded|quiet|busy] at your place on {d}?
        Could you tell me what is on [this month|on {d}]?
        Do you take [old clothes|donations|school groups]?
        I could not find your opening times anywhere. What are they?
    """),
    "use": lines("""
        How do I [change|find|hide] the [list|page|picture] on your [page|site]?
        Where do I [click|look] to see [my orders|the map|the prices]?
        How can I [print|save|read] the plan from your page?
        Is there a way to see your page in large letters?
        How do I [sort|search] the list on your site?
        How do I [send|place|type in] an order on your page?
        Where on the site do I press for [saving|printing|going back]?
        How do I find the [right page|opening hours|terms] on your site?
        What do I do [step by step|first] to [write a review|print a ticket|save a list] on your page?
        How do I [make the letters bigger|switch to another language] on your [page|site]?
        I do not understand how your [site|page|app] works. Please explain.
        How can I [download|print|share] the [plan|list|brochure] from your site?
        Please explain how I use the [search|filter|menu] on your page.
        Where do I have to [press|tap] to get to the [next page|list]?
        Your app is new to me. How do I begin?
        How do I fill in the form on your site?
        Can you show me how to [attach a picture|write a note] in your app?
        How do I [put|add] a thing [to|into] the basket on your page?
        I am not good with computers. How do I use your page?
        What does the [red|small|round] sign on your page do, and how do I use it?
        How can I hear the text of your page read aloud?
        Is there a guide to your [app|web page|machine]?
        How do I use the machine at your entrance?
        [Instructions|A guide] for your app, please.
        How does one look at the older lists on your page?
        Tell me, in simple words, how your site is used.
        How do I mark a page as a favourite on your site?
    """),
    "fault": lines("""
        Your [page|site] [is down|does not load|shows nothing].
        The [form|list|map] on your page [is broken|does not open|stays empty].
        Your [phone|door bell|machine] [does not work|is dead].
        Nothing happens when I [click|press] send on your page.
        Your page [closes|stops] each time I open it.
        Your [site|web page|app] [crashes|freezes|hangs] [all the time|on my phone|].
        Your app [does not start|shows a white screen|keeps closing].
        I see only an error on your [page|site].
        The [search|menu|calendar|link] on your site does not work.
        The [lift|door|light|machine] at your entrance is [broken|out of order].
        Error {k} comes up when I open your page.
        Your [site|page] has been down since {d}.
        The pictures on your page do not [load|show].
        Please repair the [link|form|menu] on your page, it does nothing.
        Each link on your page ends in [an error|nothing].
        Your page is so slow that it never opens.
        The door bell at your house is broken.
        [Something|Something technical] is broken on your site.
        Your app [broke|stopped working] after the update.
        Your web page looks all mixed up, letters over pictures.
        Your [phone line|answering machine|fax] is dead.
        When I tap on the menu, your app crashes.
        Your form says error, whatever I type.
        I report a fault: the [ticket machine|automatic door|screen] at your place does not work.
        The light in your entrance [flickers|is broken].
        Your page worked until {d}; now it stays white.
        The video on your site stops after {k} seconds.
    """),
    "delivery": lines("""
        Where is my [parcel|box|order]?
        My [parcel|box|order] has not [come|arrived].
        When will my [parcel|order] [come|be here]?
        The [post|driver] has brought [nothing|no box] [yet|].
        I wait for my [box|parcel] since {d}.
        Can you see where my [order|parcel] is [now|]?
        Any news of my [package|shipment|delivery]?
        [Tracking|Order] number {z}: where is it now?
        My [package|shipment] is late. [When will it get here?|Where is it?]
        Has my order [been shipped|been dispatched|left yet]?
        The tracking of my [parcel|package] [shows nothing|has not moved since {d}].
        I am still without my [package|order|delivery].
        When can I expect [the delivery|my things|package {z}]?
        The [courier|postman|driver] never [rang|showed up|stopped] at my door.
        It says delivered, but no [parcel|package] is here.
        How long does delivery to {p} take?
        On which day will my things [arrive|be delivered]?
        What I ordered on {d} is still not here.
        Please trace my [package|parcel], it is {k} days late.
        Did you send my [package|things] to the wrong town?
        Nothing has arrived [so far|at my house], and I ordered weeks ago.
        I am afraid my [box|package] was lost on the way.
        Did you leave my [delivery|package] [with a neighbour|in the garage]? I cannot find it.
        I would like to know how far my shipment has come.
        Package {z} has not reached me.
        Is my order on its way yet?
        Delivery late again. When does it come?
        The van drove past my house with my parcel in it.
    """),
    "cancel": lines("""
        Please cancel my order.
        I want to [stop|cancel] [the whole order|everything].
        Do not send my order[, please|].
        [Stop|Call off] what I ordered on {d}.
        I ordered by mistake, please stop it all.
        [Order|Number] {z}: please cancel.
        I would like to cancel what I ordered [on {d}|].
        [Kindly|Please] annul my order.
        Can I still [cancel|withdraw|get out of it]?
        I take back my order [from {d}|].
        [Stop|Halt] my order, [it was a silly idea|it was not meant seriously].
        We changed our minds and want to cancel.
        How do I cancel [my order|order {z}]?
        By which day do I have to cancel?
        I [withdraw|wish to withdraw] from the [contract|purchase].
        Undo my last order, please.
        I clicked on buy by mistake. Please cancel that.
        Please treat my order as void.
        Nothing of what I ordered is needed any more. Cancel it all.
        My [son|cat|little girl] pressed a key, I never meant to order. Please cancel.
        Call everything off, we are not coming.
        Forget my order[, please|, I need nothing].
        I no longer want what I ordered.
        Please confirm that my order is cancelled.
        Am I too late to cancel?
        Cancellation of order {z}, please.
    """),
    "refund": lines("""
        I [want|wait for] my money back.
        When do I get my refund?
        I sent everything back, please pay me.
        You still owe me {k} coins for what I returned.
        Please return my {k} coins.
        A refund is what I am asking for[, please|].
        When will you [pay|transfer] my money back?
        [Refund|Repayment] for order {z}, please.
        My refund has not [come|arrived|shown up] yet.
        Where is my refund of {k} pounds?
        I want to be reimbursed.
        How long do refunds take?
        Please put the {k} coins back on my card.
        I brought it all back on {d} and got no money since.
        You promised me a refund on {d}. [Nothing came.|Where is it?]
        We are not happy and want our money back.
        Only half of my refund arrived.
        What is the way to my refund?
        Give me back my {k} euros!
        You have had the parcel again for {k} days, and I have not seen a coin.
        Please reimburse me for order {z}.
        I am due a refund of {k} dollars.
        My bank has still not received your refund.
        Do you [pay back|refund] in cash?
        I returned the lot, so kindly repay what I paid.
        I insist on a full refund.
        I never got what I paid for. Money back, please.
    """),
    "swap": lines("""
        What you sent is broken. Please send [a new one|it again].
        The box holds the wrong things. Please [swap|change] them.
        Something is missing in the box. Please send it.
        I got the things of somebody else. Please swap them.
        Please exchange what you sent me[, it is the wrong size|, it is damaged|].
        What came was the wrong [thing|size|colour]. Please [exchange|replace] it.
        I want a replacement, not a repair.
        How do I exchange something?
        Can I swap it for another [size|colour]?
        All that I unpacked was in pieces. Please send it [anew|once more].
        This is not what I ordered. Please send me the right thing.
        [Exchange|Swap|Replacement] for order {z}, please.
        Order {z} came damaged. Please replace it.
        May I bring it to the shop and get a different one?
        I would like to trade it for a [bigger|smaller|lighter] one.
        Wrong colour! Please change it.
        A part was missing in the package. Please send the part.
        The whole set came damaged, so please replace it.
        Is an exchange possible [after {k} days|without the box]?
        Kindly replace the damaged things from order {z}.
        You mixed up two orders. Please exchange them.
        Do you also exchange what was given to me as a gift? It does not fit.
        I want to exchange my last purchase for something else.
        It does not fit. One size bigger, please.
        Of the {k} pieces one is broken. Please send me a whole one.
    """),
    "bill": lines("""
        My bill is wrong.
        You took {k} coins from my [bank|card] and I do not know why.
        Please send me a bill [for last month|].
        Can I pay [by card|in parts|later]?
        What is this fee of {k} coins?
        My coupon does not work.
        I paid the same bill twice.
        I have a question about my [bill|invoice|last payment].
        [Could|Can] you [check|explain] my [bill|invoice]?
        I was charged [twice|double|too much].
        Invoice {z} is [wrong|not right|missing].
        I have not received [an invoice|a receipt|a bill] yet.
        What are the {k} euros on my last bill for?
        [How|Where] do I pay invoice {z}?
        My payment [failed|was refused|did not go through].
        Which ways to pay do you offer?
        By what day must I pay the bill?
        I got a reminder, but I paid on {d}.
        Please send the receipt for order {z} [again|].
        The total on my invoice does not add up.
        Please use my new card for payments [from now on|].
        May I pay a bit later this month?
        There is a charge on my card that I do not know.
        Please make the invoice out to {n}.
        The tax on my bill is wrong.
        Do you take cash?
        My voucher code was refused when I paid.
        The price went up on my bill without a word. Why?
        I need one bill for everything, for my tax office.
    """),
    "account": lines("""
        I cannot [log in|get into my account].
        My [password|login|card number] [does not work|is refused|is wrong].
        I forgot my password.
        Please [change|correct] my [name|address|phone number] [in your list|on file|in my account].
        I [moved|live in {p} now]. Please change my address.
        How do I [close|delete] my account?
        My account is [locked|closed] since {d}.
        Please delete all [my data|you know about me].
        I have two accounts. Please make them one.
        You have my name wrong, it is {n}.
        Can {n} have a login too?
        I want a new password.
        The code for my login never [comes|arrives].
        Somebody uses my account.
        My mail address is old. Please take the new one.
        Please put the [account|card] in the name of {n}.
        [Unable|Not able] to [log in|sign in] [since {d}|].
        [Login|Sign-in] [fails|impossible] every time.
        Your site [refuses|rejects] my [password|user name|login].
        I [cannot remember|lost|mixed up] my [password|user name|PIN].
        [Please reset|Kindly reset|Reset] my password.
        My password is too [weak|old|simple]. Where do I [pick|set] a better one?
        Where do I [change|edit|update] my [address|name|phone number] in my profile?
        My [street|phone number|surname] has changed. Please [update|correct] [my data|my profile|your records].
        I [married|got married] and my [last name|surname] is now different. Please update it.
        We have [moved|a new address]. Please [note|record] it: {k} Mill Lane, {p}.
        Our new home is in {p}, so the address in our profile is out of date.
        Please [remove|erase|wipe] my [profile|account|personal data].
        [Time to say goodbye|I am leaving you]: please shut my [account|profile] for good.
        I would like to [open|set up|create] an account.
        How do I [register|sign up as a member|make a profile] with you?
        [Can|May] I [open|have] a second account?
        My account was [blocked|locked|suspended|frozen]. [Please unlock it.|Why?|]
        Please [unlock|open|reactivate] my account.
        After {k} tries my login is locked.
        A stranger [signed in|got in] with my password.
        I [fear|think|believe] my account was [hacked|stolen|misused].
        No [reset mail|text with the code] ever turns up when I try to sign in.
        I never got the [mail|link|code] to [confirm|activate] my account.
        The link to reset my password [has expired|is dead|leads nowhere].
        My name is [spelled|written] wrong in [my profile|your list|my account]. It is {n}.
        The birthday in my profile is wrong.
        You have an old phone number of mine. [The new one is {z}.|Please replace it in my profile.]
        Which personal details of mine are in your [files|records]?
        I would like to see [every entry|everything] you have in your files on me.
        I want to know what is stored about me.
        Which address do you have on file for me?
        Please [add|enter] a second phone number in my profile.
        May {n} use my account too?
        Please [pass|move|transfer] my account to {n}.
        The account of my late [father|husband|aunt] should be closed.
        I [made|opened] two accounts by mistake. Please delete one.
        With which mail address am I registered? It has slipped my mind.
        My member number is {z}, and the site does not know it.
        I lost my member card. [I need a new number.|Please make me a new one.]
        What is my [member number|user name|customer number]?
        Is my account still active?
        Why does my [profile|account] show the name of {n}?
        I see the data of {n} when I log in. That is not me!
        I would like a different user name.
        My login should run under my new mail address from {d} on.
        My mail provider closed. Here is my new address for the login.
        Every time I log in, I am thrown out again.
        Logged out, and no way back in.
        Wrong password, it says. I know it is right.
        I do not want your newsletter in my account settings any more. Where do I turn that off?
        How do I log out [on all devices|on my old phone]?
        I sold my old phone and cannot confirm my login any more.
        With my new [phone|computer] I cannot sign in.
        The sign-in page tells me that I do not exist.
        Can I log in without a code?
        How do I turn on [login by code|the second step] for my account?
        Please change my [title|first name|date of birth] in your records.
        My old address in {p} is still in your [files|records|list].
        My mail goes to my old home. Please change my address on file.
        Since the [divorce|wedding] I have another surname, so please change it in my account.
        As I no longer live in {p}, I ask you to change my address.
        A friend told me I can see my profile online. How do I get my first password?
        My [son|mother|husband] set up my account and has forgotten the password.
        I am locked out. [Please help me in.|What do I do?]
        I want to be taken out of your [files|records|list of members].
        Could you make my profile [private|invisible]?
        Nobody should see my phone number in my profile.
        I tried to sign up, but it says my mail address is taken.
        It says my user name is unknown.
        My [account|profile] has vanished.
        Since the update my [profile|login] is gone.
        I wish my login worked again. The password does not count any more.
        [Password|PIN] forgotten. Please help.
        [Address change|Change of address]: new home in {p}.
        New phone number: {z}. Please put it in my file.
        New name since {d}: {n}. Kindly correct my profile.
        Please link my two profiles into one.
        I typed my address wrong when I [joined|signed up]. It should say {p}.
        To whom do I write to have my personal details changed?
        Two members share my account, {n} and I. We want one each.
        My membership profile says I am {k} years old. That is wrong.
        Please check which mail address is in my account.
        I get mail meant for {n}. I think you mixed up our accounts.
        The picture in my profile is not me.
        How safe is my password with you? I want to change it.
        I was away for years and would like to use my old account again.
        May I have my account under another name?
        Do I need an account?
        Please [end|shut down] my account.
        Thank you, but I need no account any longer. Please erase it.
    """),
}
