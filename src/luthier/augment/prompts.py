"""What the model is asked, as text. The layouts are those of Self-Instruct; the sentences and fixed examples are ours.

Examples come from the seeds, because the user's own tasks show best what is wanted; the fixed ones stand in where the
seeds do not say which tasks are classification. Sending is not done here.
"""

from __future__ import annotations

from collections.abc import Sequence

from luthier.augment.seeds import Instance, Seed

YES = (
    "Decide whether the review is positive or negative.",
    "Tell me if the statement is true, false or cannot be known.",
    "Which of these departments should answer the letter: sales, repair or billing?",
    "Does the message contain an insult? Answer yes or no.",
    "Name the language that the sentence is written in.",
    "Sort the animal into mammal, bird, reptile or fish.",
    "Say whether the second sentence follows from the first.",
    "Choose the word that does not belong with the others.",
    "Rate how urgent the request is: low, medium or high.",
    "Is the number even or odd?",
    "Tell which of the two answers is better, A or B.",
    "Decide whether the e-mail is spam.",
)
NO = (
    "Write a short poem about the first snow.",
    "Summarise the article in two sentences.",
    "Explain to a child why the sky is blue.",
    "Translate the sentence into French.",
    "Give three reasons to learn an instrument.",
    "Correct the spelling of the paragraph.",
    "Suggest a name for a small bakery.",
    "List the ingredients of the dish.",
    "Rewrite the sentence in the passive voice.",
    "Describe how to change a bicycle tyre.",
    "Work out the sum and show each step.",
    "Answer the letter politely and offer a new date.",
    "Continue the story with one more paragraph.",
    "Give a definition of the word.",
    "Plan a day in the city for a family.",
    "Find all names of people in the text.",
    "Write a question that the text answers.",
    "Turn the notes into an agenda.",
    "Compare the two phones.",
)
_INPUT_FIRST = (
    ("Find all city names in the text.", (Instance("The train goes from Turin to Lyon.", "Turin, Lyon"),)),
    ("Give a tip for sleeping well.", (Instance("", "Keep the room dark and cool."),)),
)
_OUTPUT_FIRST = (
    (
        "Decide whether the review is positive or negative.",
        (Instance("The room was clean and quiet.", "positive"), Instance("We waited an hour.", "negative")),
    ),
)
Demonstration = tuple[str, tuple[Instance, ...]]


def new_tasks(shown: Sequence[str], *, classification: bool, chat: bool, last: int, kind: str = "") -> str:
    """A numbered list of tasks that the model goes on with (published layout); ``kind`` names what new ones must be."""
    head = "Come up with a series of tasks:"
    if classification:
        head = "Come up with a series of classification tasks. Name the possible labels where you can:"
    if kind:
        head = f"{head[:-1].rstrip('.')}. The first ones are examples; every new one must be of this kind: {kind}."
    lines = [f"{n}. {' '.join(text.split()).rstrip(':')}" for n, text in enumerate(shown, 1)]
    following = len(shown) + 1
    if chat:
        tail = f"Go on with tasks {following} to {max(following, last - 1)}. Write the numbered tasks and nothing else."
        return "\n".join([head, *lines, "", tail])
    return "\n".join([head, *lines, f"{following}."])


def is_classification(instruction: str, yes: Sequence[str], no: Sequence[str]) -> str:
    """The few-shot question whether a task is classification; yes and no take turns."""
    lines = ["Can the following task be regarded as a classification task with finite output labels?", ""]
    for place in range(max(len(yes), len(no))):
        for tasks, answer in ((yes, "Yes"), (no, "No")):
            if place < len(tasks):
                lines += [f"Task: {' '.join(tasks[place].split())}", f"Is it classification? {answer}", ""]
    return "\n".join([*lines, f"Task: {instruction}", "Is it classification?"])


def instances_input_first(instruction: str, shown: Sequence[Demonstration], *, most: int, kind: str = "") -> str:
    """Asks for instances of a task that is not classification: input, then output."""
    lines = [
        f"Come up with examples for the following tasks, up to {most} for each.",
        "If a task needs no input, write the output directly.",
        "",
    ]
    for task, instances in shown or _INPUT_FIRST:
        lines.append(f"Task: {task}")
        for n, one in enumerate(instances, 1):
            if one.input:
                lines += [f"Example {n}", f"Input: {one.input}", f"Output: {one.output}"]
            else:
                lines.append(f"Output: {one.output}")
        lines.append("")
    return "\n".join([*lines, *_of_kind(kind), f"Task: {instruction}", ""])


def instances_output_first(instruction: str, shown: Sequence[Demonstration], *, kind: str = "") -> str:
    """Asks for instances of a classification task: label, then input, so that every label gets its turn."""
    lines = [
        "Given the classification task and its labels, write an input for each of the labels.",
        "If the task needs no input, write the labels only.",
        "",
    ]
    for task, instances in shown or _OUTPUT_FIRST:
        lines.append(f"Task: {task}")
        for one in instances:
            lines += [f"Class label: {one.output}", *([one.input] if one.input else [])]
        lines.append("")
    return "\n".join([*lines, *_of_kind(kind), f"Task: {instruction}", ""])


def _of_kind(kind: str) -> list[str]:
    return [f"For the last task, every example must be of this kind: {kind}.", ""] if kind else []


def demonstrations(seeds: Sequence[Seed], *, most: int) -> list[Demonstration]:
    """Seeds with their instances, as they are shown."""
    return [(" ".join(seed.instruction.split()), seed.instances[:most]) for seed in seeds if seed.instances]
