# ruff: noqa: E501 (lists of words)
"""The words that :mod:`luthier.text.root` knows: verbs of instructions, and the small words between them."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS = _set(
    """
    abbreviate access achieve act activate adapt add address adjust advise agree aid allow alter analyse analyze annotate
    answer apologise apologize apply approach argue arrange arrive ask assess assign assist assume attach avoid balance
    become begin believe bet book borrow brainstorm break bring browse build buy calculate call cancel capitalize care
    categorise categorize cause challenge change chart charge check choose cite clarify classify clean climb close
    collect combine come comment compare compile complete compose compress compute concatenate conclude conduct confirm
    connect consider construct contact continue contrast contribute convert convince cook copy correct cost count cover
    craft create critique cut deal debate debug decide declare decline decode decrease deduce define delete deliver
    demonstrate deposit derive describe design detect determine develop devise diagnose differentiate discuss display
    distinguish divide do download draft draw drop earn eat edit elaborate eliminate email emphasize employ encourage end
    engage enhance ensure enter enumerate establish estimate evaluate examine exchange execute exercise expand expect
    explain explore express extend extract fill filter find finish fix follow forecast form format formulate gather
    generate get give go grade greet group grow guess guide handle happen have help hide highlight hold hypothesize
    identify illustrate imagine implement improve include incorporate increase indicate infer inform inherit insert inspect
    install instruct interpret introduce invent invert investigate invite join judge justify keep know label lead learn
    leave list listen locate look lose lower make manage map mark match mean measure memorize mend mention merge modify
    move multiply name narrate need negotiate note number observe obtain occur offer open operate optimize order organise
    organize outline output paint paraphrase parse pay perform persuade pick plan play plot point polish pose post
    practise predict prepare present prevent print prioritize process produce program prompt proofread propose prove
    provide publish punctuate purr put quote raise rank rate reach read rearrange reason receive recite recommend
    reconstruct record rectify recycle reduce refer refine reflect reformat reformulate refund register rehearse relate
    remember remind remove rename render reorder repair repeat rephrase replace reply report represent request rescue
    research reset reshape resolve respond restate restructure return retrieve reveal reverse review revise reword rewrite
    rhyme roleplay round run save say scan schedule search see select sell send separate sequence serve set share ship
    shorten show shuffle simplify simulate sing sketch solve sort speak specify spell split spot stand start state stay
    steal stop structure study submit subtract suggest sum summarise summarize supply support suppose survey swap switch
    synthesize take talk teach tell test think top track train transcribe transfer transform translate transpose travel
    treat try turn understand unlock update upgrade use utilize validate verify view visit visualize wait walk want watch
    work write
    """
)
IRREGULAR = {
    "wrote": "write", "written": "write", "made": "make", "did": "do", "done": "do", "went": "go", "gone": "go",
    "got": "get", "gotten": "get", "had": "have", "has": "have", "gave": "give", "given": "give", "took": "take",
    "taken": "take", "bought": "buy", "sold": "sell", "stolen": "steal", "stole": "steal", "lost": "lose",
    "found": "find", "sent": "send", "paid": "pay", "told": "tell", "said": "say", "built": "build",
    "came": "come", "knew": "know", "known": "know", "ate": "eat", "eaten": "eat", "won": "win", "held": "hold",
    "kept": "keep", "left": "leave", "meant": "mean", "became": "become", "began": "begin", "begun": "begin",
    "broke": "break", "broken": "break", "brought": "bring", "chosen": "choose", "drew": "draw", "drawn": "draw",
    "does": "do", "led": "lead", "ran": "run", "saw": "see", "seen": "see", "spoke": "speak", "thought": "think",
}  # fmt: skip
WH = _set("what which who whom whose when where why how what's who's where's how's")
BE = _set("is are was were be been am what's who's where's isn't aren't wasn't weren't")
AUXILIARIES = _set(
    """do does did can could will would should shall may might must have has had don't doesn't didn't can't couldn't won't
    wouldn't shouldn't is are was were am"""
) - BE | frozenset({"is", "are", "was", "were", "am"})
PRONOUNS = _set("i you he she it we they me him her us them this that these those there my your his its our their")
DETERMINERS = _set(
    """a an the this that these those my your his her its our their some any all each every no another one two three four
    five six seven eight nine ten several many few more most such both either neither following given"""
)
PASSED = _set("briefly also just only very please exactly least possible different")
OPENERS = _set(
    """given based using from in for as if when while after before considering assuming imagine suppose with by to on at
    now today here once since although consider"""
)
"""First words of a clause that stands before the request, up to a comma."""
BOUNDARIES = _set(
    """of in on at by for with about from to into onto as than that which who whom whose where when why how what if whether
    and or but so because between among through during without within against under over below above after before
    until while per via is are was were be can could will would should do does did have has had not then there out off
    up down away together back only alphabetically politely carefully clearly again altogether it"""
)
PARTICLES: dict[str, frozenset[str]] = {
    "turn": frozenset({"off", "on"}), "look": frozenset({"up", "at", "for"}), "come": frozenset({"up", "with"}),
    "think": frozenset({"of", "about"}), "fill": frozenset({"in", "out"}), "write": frozenset({"down", "out"}),
    "elaborate": frozenset({"on"}), "respond": frozenset({"to"}), "reply": frozenset({"to"}),
    "point": frozenset({"out"}), "listen": frozenset({"to"}), "refer": frozenset({"to"}), "search": frozenset({"for"}),
    "switch": frozenset({"on", "off"}), "top": frozenset({"up"}), "set": frozenset({"up"}), "find": frozenset({"out"}),
    "convert": frozenset(), "ask": frozenset({"for"}), "talk": frozenset({"about"}), "comment": frozenset({"on"}),
}  # fmt: skip
