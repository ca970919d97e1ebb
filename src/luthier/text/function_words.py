# ruff: noqa: E501 (lists of words)
"""Small words that nearly every text of a language holds, for telling languages of one script apart.

Written for this project. They need not be complete: a word that several languages share counts for less in each.
"""

from __future__ import annotations

LATIN: dict[str, str] = {
    "en": """the of and to in is that it was for on are as with his they at be this have from or had by but not what all
        were we when your can said there use an each which she do how their if will up other about out many then them
        these so some her would make like him into has look two more write go see no way could people my than first been
        who its now find long down day did get come made may where why whose does i you he me please give list any also
        should because between most such only after before over under very describe explain
        create generate write using used still something without through during those being while don't isn't can't it's
        i'm i've won't hasn't didn't doesn't and/or let us me need want help tell show tip""",
    "de": """der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat
        dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr
        durch man sein wurde ich du wir ihr mir mich dir was wo wer kann kannst können mein meine meiner bitte warum wann
        wenn welche welcher diese dieser dieses ja nein hier schon seit gibt möchte gestern folgenden drei kein keine""",
    "fr": """de la le et les des en un du une que est pour qui dans par plus pas au sur ne se ce il sont avec son sa ses
        ou mais comme nous vous je tu elle ils elles été être avoir fait cette ces leur aux on y si tout même aussi après
        où comment pourquoi quand quel quelle quels quelles mon ma mes votre vos notre puis-je peut depuis hier trois très
        encore c'est n'est qu'il s'il plaît donnez expliquez quoi entre sans suivant""",
    "es": """de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre
        este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué cómo
        dónde cuándo cuál cuáles quién puedo puede quiero tres yo tú él ella nosotros ellos hay eso favor todavía aún
        siguiente explica dame ayer""",
    "it": """di e il la che in un a per è una sono con non del si da le dei come al nel alla più ma della i gli lo anche io
        se o ho ha mi cosa questo questa dal delle sul sulla nella ci suo sua loro essere fare quando dove perché come
        chi quale quali posso può vorrei mio mia miei ancora ieri tre fra tra senza dopo prima molto dammi spiegami
        seguente favore cui dov'è qual uno fa hanno""",
    "pt": """de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou quando
        muito nos já eu também só pelo pela até isso ela entre depois sem mesmo aos seus quem nas me esse eles você essa
        num nem suas meu minha meus sobre foi são está tem ser há ainda onde qual quais porquê posso pode gostaria três favor
        ontem desde seguinte explique dê""",
    "nl": """de van een het en in is dat op te zijn voor met die niet aan er om ook als dan maar bij of uit door over naar
        heeft hij nog ze wordt worden tot je kan ik mijn me wij jij u uw hoe wat waar wie waarom wanneer welke deze dit
        geen wel meer werd was had hebben kunnen wil graag sinds gisteren drie volgende geef schrijf hun haar mij zo
        onder tussen""",
    "sv": """och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när år
        under också efter eller nu sin där vid mot ska skulle kommer ut får finns vara hade alla andra mycket än här då
        vad hur varför vem vilken mitt min mina ditt din du mig dig inte ännu sedan går tre följande vill ge tack ja nej
        någon något""",
    "da": """og i at det er en til på den som for med de af ikke der et har var jeg han kan om så men vi sig fra eller skal
        vil hvad hvor hvordan hvorfor hvem hvornår nu efter også meget mig dig min mit mine din dit ham hende os være
        blev bliver ved op ud over under mere end hans hendes endnu siden går tre følgende gerne giv nogle noget ingen
        lavet tak""",
    "no": """og i at det er en til på den som for med de av ikke der et har var jeg han kan om så men vi seg fra eller skal
        vil hva hvor hvordan hvorfor hvem når nå etter også mye meg deg min mitt mine din ditt ham henne oss være ble
        blir ved opp ut over under mer enn hans hennes ennå siden går tre følgende gjerne gi noen noe ingen laget takk
        bare dette""",
    "pl": """i w na z do się nie że to jest o jak za po przez od a ale są dla przy czy już tylko co może jego jej ich tym
        był była było być mam ma oraz ten ta te tego tej które który która gdy bardzo jeszcze mnie mi ja ty on ona my
        gdzie dlaczego kiedy kto jaki jaka jakie mogę moje mój moja swoje proszę wczoraj trzy chciałbym podaj napisz
        zostanie następujący""",
    "cs": """a v se na je že s z do o to i za k jako ve pro by ale po jsou od si tak jeho už není při být jen které který
        která nebo také mi já ty on ona my co jak kde proč kdy kdo jaký může mohu můj moje má jsem byl byla bylo ještě
        prosím včera tři chtěl bych uveďte napiš bude zda než jejich této tento""",
    "ro": """de și în la a cu o pe că nu un din care este pentru sunt mai ce se au ca fi să al ale lui ei sau dar după
        fost prin când am ai are mea meu mele mi-e îmi îți își eu tu el ea noi voi cum unde cine câte cât pot poate vreau
        aș vrea încă ieri trei dă-mi vă rog scrie despre următorul fără între această acest dacă va""",
    "hu": """a az és hogy nem is egy meg ez csak már de volt van ha mint még el kell azt vagy ki be én te ő mi ti ők nagyon
        minden lehet ezt sem majd mert után úgy lesz fel hogyan hol ki mikor miért melyik mit három kérem szeretném
        tudom következő össze alatt között óta adj írj arról voltak vannak ennek amely""",
    "fi": """ja on ei se että hän oli en mutta kun niin ovat mitä minä sinä me te he olen joka jos vain tai myös ole kuin
        sen siitä mikä miten missä miksi milloin kuka voi voin voiko minun sinun hänen tämä nämä jo nyt vielä sitten
        kanssa jälkeen ennen mukaan sekä kolme anna kirjoita haluaisin kiitos olla ollut seuraava tämän eivät""",
    "tr": """ve bir bu da de için ile çok ne o ben sen biz siz onlar daha olarak gibi kadar var yok ama mi mı mu mü değil
        sonra en ya ki her şey olan ise nasıl nerede neden niçin kim hangi zaman benim senin bana sana lütfen üç ver
        hakkında henüz beri dünden istiyorum sahip veya çünkü önce şu bunu olduğu edilmeyeceğine""",
    "id": """yang dan di dengan untuk tidak ini dari dalam akan pada itu juga saya ke karena tersebut bisa ada mereka lebih
        kata oleh kita kami anda dia adalah seperti sudah belum apa apakah bagaimana mengapa kapan siapa mana atau saat
        hanya telah sebagai dapat harus bukan ingin cara tentang tiga berikut berikan tulislah sejak kemarin setiap
        antara para""",
    "vi": """là và của có không được cho một các những trong với người này đã để khi tôi bạn anh chị ở từ như về cũng nhưng
        ra đến vẫn chưa thì làm thế nào gì sao đâu ai hãy muốn ba câu sau bài viết hay năm nhiều rất phải nếu vì tại
        theo trên dưới nên mà""",
}
"""Languages in the Latin script."""

LETTERS: dict[str, str] = {
    "de": "ßäöü", "fr": "çèêëîïôûùœæ", "es": "ñ¿¡", "it": "ìòèù", "pt": "ãõç", "nl": "", "sv": "åäö", "da": "åøæ",
    "no": "åøæ", "pl": "ąćęłńśźż", "cs": "ěščřžýůďťň", "ro": "ăâîșțşţ", "hu": "őűöü", "fi": "äö", "tr": "ğışçöü",
    "id": "", "vi": "ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "en": "",
}  # fmt: skip
"""Letters beyond a to z that a language uses; of use where few of the others have them."""

ENDINGS: dict[str, str] = {
    "en": "ing ly ness ed ght 's n't tion ful ous able ment", "de": "ung lich keit heit isch chen ieren tion",
    "fr": "ment eux aux eur tion ique ez ais", "es": "ción mente dad ando iendo ar ero", "it": "zione mente ità are ere ando",
    "pt": "ção mente dade ando ar eiro", "nl": "lijk ing heid tie isch", "sv": "ning arna igt het", "da": "ning erne igt hed",
    "no": "ning ene het", "pl": "ować ość nie ego ych", "cs": "ovat ost ní ého ých", "ro": "ului ție ea ele ilor",
    "hu": "nak nek ban ben ság ség", "fi": "ssa ssä lla sta stä inen", "tr": "ler lar dır mek mak yor", "id": "kan nya",
}  # fmt: skip
"""How words end: worth less than a small word."""

FOREIGN = {
    "et": "õ", "is": "þð", "eo": "ĉĝĥĵŝŭ", "lv": "āēīūģķļņ", "mt": "ħġċ",
}  # fmt: skip
"""Letters of languages that are not told apart here: a text with them is none of the above."""

CYRILLIC: dict[str, str] = {
    "ru": "и в не на я о что он с как это по но из у за от так для же все вы мне мой где со бы был была было",
    "uk": "і в не на я що він з як це по але із у за від так для же всі ви мені мій моя моє де та чи був була було",
}
ARABIC: dict[str, str] = {
    "ar": "في من على إلى أن ما هذا هذه التي الذي لا كان عن مع هل كيف أين لم أو ثم بعد كل ذلك هو هي",
    "fa": "در از به که این را با است برای آن یک می های شده کرد چه کجا من هنوز بر تا هم چگونه آیا زیر کن",
    "ur": "کے میں کی ہے اور سے کا کو نے پر یہ ہیں تھا کہ جو بھی ایک لئے کیا نہیں",
}
