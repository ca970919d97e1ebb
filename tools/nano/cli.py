"""The command line of nano's workshop ; each verb is a thin call into the module of its name."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.nano import mixture


def _sample(args: argparse.Namespace) -> None:
    from tools.nano.world import SKILLS

    for name in [args.skill] if args.skill else list(SKILLS):
        for k in range(args.count):
            item = mixture.item(args.side, name, k)
            print(f"--- {name}\n" + "\n".join(f"{m['role']}: {m['content']}" for m in item.chat()))
    if not args.skill:
        for k in range(args.count):
            print("--- document\n" + mixture.text(args.side, k))


def _tokenizer(args: argparse.Namespace) -> None:
    from tools.nano import tokenizer

    learned = tokenizer.learn(args.seed, vocabulary=args.vocabulary)
    tokenizer.write(learned, args.out, 1024)
    print(f"{learned.get_vocab_size():,} tokens in {args.out}")


def _train(args: argparse.Namespace) -> None:
    import torch
    from tools.nano.train import Plan, Shape, run

    if args.threads:
        torch.set_num_threads(args.threads)
    shape = Shape(args.width, args.layers, args.heads, args.kv_heads, args.ffn)
    plan = Plan(
        shape,
        args.seed,
        args.steps,
        tokens_per_step=args.tokens_per_step,
        peak_lr=args.lr,
        turn=args.turn,
        again=args.again,
        bf16=not args.fp32,
        processes=args.processes,
        skills=tuple(args.skills),
    )
    run(args.out, plan, minutes=args.minutes, device=args.device, compiled=args.compile, rank=args.rank)


def _score(args: argparse.Namespace) -> None:
    from tools.nano.package import scores_by_skill

    from tools.nano import card, guards, score

    model, tokenizer = score.load(args.model)
    skills = scores_by_skill(model, tokenizer, guards.read_items(args.suites / "skills.jsonl.gz"))
    bits = score.bits_per_byte(
        model, tokenizer, [str(r["text"]) for r in guards.read_rows(args.suites / "text.jsonl.gz")]
    )
    print(card.table({name: list(figures) for name, figures in skills.items()}))
    print(f"bits per byte {sum(b for b, _ in bits) / sum(n for _, n in bits):.4f} on {len(bits)} documents")


def _package(args: argparse.Namespace) -> None:
    from tools.nano.package import package

    package(
        args.run,
        args.model,
        args.suites,
        per_skill=args.per_skill,
        documents=args.documents,
        training_samples=args.training_samples,
        replay_rows=args.replay,
        notes=args.notes,
        able_from=args.able,
    )


def _guards(args: argparse.Namespace) -> None:
    import itertools

    from tools.nano.package import quickstart_messages

    from tools.nano import coverage, guards

    before = guards.read_items(args.suites / "skills.jsonl.gz")
    files = (args.model / f"{name}.jsonl.gz" for name in ("replay", "rough"))
    known = [guards.row_text(row) for file in files for row in guards.read_rows(file)]
    texts = coverage.training_texts(args.seed, args.training_samples, 4096)
    seen = coverage.Seen(itertools.chain(texts, known))
    drawn = guards.draw(seen, list(dict.fromkeys(item.skill for item in before)), args.per_skill, args.documents)
    kept = sum(item in drawn.items for item in before)
    guards.write_suites(args.suites, drawn)
    print(f"{len(drawn.items):,} items, {kept:,} of the {len(before):,} before among them")
    job = [seen.coverage(text) for text in quickstart_messages()]
    print(f"the quickstart's messages: mean {sum(job) / len(job):.1%}, greatest {max(job):.1%}")
    print(f"coverage: mean {drawn.mean_coverage:.1%}, greatest {drawn.greatest_coverage:.1%}, refused {drawn.refused}")
    _score(args)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.nano", description=__doc__)
    verbs = parser.add_subparsers(required=True)

    verb = verbs.add_parser("sample", help="print generated items")
    verb.add_argument("--side", choices=("train", "held"), default="train")
    verb.add_argument("--skill")
    verb.add_argument("--count", type=int, default=3)
    verb.set_defaults(do=_sample)

    verb = verbs.add_parser("tokenizer", help="learn the tokenizer")
    verb.add_argument("--out", type=Path, required=True)
    verb.add_argument("--seed", type=int, default=1)
    verb.add_argument("--vocabulary", type=int, default=3072)
    verb.set_defaults(do=_tokenizer)

    verb = verbs.add_parser("train", help="train in a folder that holds tokenizer.json; resumes by itself")
    verb.add_argument("--out", type=Path, required=True)
    verb.add_argument("--seed", type=int, default=1)
    verb.add_argument("--steps", type=int, default=6000)
    verb.add_argument("--minutes", type=float, help="derive the number of steps from a short measurement")
    verb.add_argument("--device", default="cpu")
    verb.add_argument(
        "--compile", action="store_true", help="torch.compile (needs a C++ compiler): about 1.3 times faster"
    )
    verb.add_argument(
        "--fp32", action="store_true", help="no bf16 autocast (for processors without AMX or AVX512-bf16)"
    )
    verb.add_argument("--processes", type=int, default=1, help="each with one thread and its share of a step")
    verb.add_argument("--rank", type=int, help=argparse.SUPPRESS)
    verb.add_argument("--threads", type=int, default=0)
    verb.add_argument("--tokens-per-step", type=int, default=6144)
    verb.add_argument("--turn", type=int, default=1700, help="steps at the full learning rate")
    verb.add_argument("--again", type=int, default=0, help="the step at which the rate goes up once more")
    verb.add_argument("--lr", type=float, default=2e-2)
    verb.add_argument("--width", type=int, default=192)
    verb.add_argument("--layers", type=int, default=6)
    verb.add_argument("--heads", type=int, default=6)
    verb.add_argument("--kv-heads", type=int, default=3)
    verb.add_argument("--ffn", type=int, default=512)
    verb.add_argument("--skills", nargs="*", default=mixture.TAUGHT, help="skills to teach")
    verb.set_defaults(do=_train)

    home = Path(__file__).parents[2] / "src" / "luthier"
    model, suites = home / "models" / "nano", home / "evaluate" / "suites"
    verb = verbs.add_parser("score", help="score a model folder on the packaged guard suites")
    verb.add_argument("--model", type=Path, default=model)
    verb.add_argument("--suites", type=Path, default=suites)
    verb.set_defaults(do=_score)

    verb = verbs.add_parser("guards", help="draw the guard suites of the packaged nano anew, with more items or fewer")
    verb.add_argument("--model", type=Path, default=model)
    verb.add_argument("--suites", type=Path, default=suites)
    verb.add_argument("--per-skill", type=int, default=600)
    verb.add_argument("--documents", type=int, default=320)
    verb.add_argument("--training-samples", type=int, default=200_000)
    verb.add_argument("--seed", type=int, default=1, help="of the training")
    verb.set_defaults(do=_guards)

    verb = verbs.add_parser("package", help="put a finished run in its place: model, replay rows, guard suites, card")
    verb.add_argument("--run", type=Path, required=True)
    verb.add_argument("--model", type=Path, default=model)
    verb.add_argument("--suites", type=Path, default=suites)
    verb.add_argument("--per-skill", type=int, default=110)
    verb.add_argument("--documents", type=int, default=320)
    verb.add_argument("--training-samples", type=int, default=200_000)
    verb.add_argument("--replay", type=int, default=6000)
    verb.add_argument("--able", type=float, default=0.6, help="held-out accuracy from which a skill becomes a guard")
    verb.add_argument("--notes", type=Path, help="a text for the card: machine, time, what was tried")
    verb.set_defaults(do=_package)

    args = parser.parse_args()
    args.do(args)
