"""Verbs that use a model: chat, predict, serve."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from luthier.cli.terminal import JSON_OPTION, OPTIONS, Progress, emit_json

_MODEL = typer.Argument(..., metavar="MODEL", help="A run, a model or adapter id, a folder, a hub id, or nano.")


def add_to(app: typer.Typer) -> None:
    """Put these verbs on the command tree."""
    app.command()(chat)
    app.command()(predict)
    app.command()(serve)


def chat(
    model: str = _MODEL,
    system: str | None = typer.Option(
        None, "--system", help="A system message (default: the one it was trained with)."
    ),
    message: str | None = typer.Option(None, "--message", "-m", help="Ask once, print the answer, leave."),
    max_tokens: int = typer.Option(512, "--max-tokens", min=1),
    temperature: float = typer.Option(0.0, "--temperature", min=0.0, help="0 is greedy and repeatable."),
    json: bool = JSON_OPTION,
) -> int:
    """Talk to a model in the terminal. Empty line or Ctrl-D leaves; /reset starts anew.

    Example: luthier chat quickstart -m "My Corvo does not turn on and guests arrive tonight."
    """
    from luthier.engines.chat import Conversation
    from luthier.pipeline.resolve import open_engine
    from luthier.store import Store

    with open_engine(Store.open(), model) as opened:
        talk = Conversation(
            opened.engine,
            system=system if system is not None else opened.system,
            adapter=opened.adapter,
            max_tokens=max_tokens,
            temperature=temperature,
        )
        if message is not None:
            answer = "".join(talk.ask(message))
            emit_json({"model": model, "answer": answer}) if json else typer.echo(answer)
            return 0
        typer.echo(f"{opened.name}: empty line or Ctrl-D leaves, /reset starts anew", err=True)
        while True:
            try:
                line = input("\nyou> " if sys.stdin.isatty() else "").strip()
            except EOFError:
                return 0
            if not line:
                return 0
            if line == "/reset":
                talk.reset()
                continue
            for piece in talk.ask(line):
                typer.echo(piece, nl=False)
            typer.echo("")


def predict(
    model: str = _MODEL,
    file: str = typer.Argument(
        ..., metavar="FILE", help="Rows in any shape that training reads; answers may be absent."
    ),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Where answers go (JSONL); default FILE.answers.jsonl."
    ),
    max_tokens: int = typer.Option(512, "--max-tokens", min=1),
    best_of: int | None = typer.Option(
        None, "--best-of", min=1, help="Draw so many answers to each row and keep the best; needs --by."
    ),
    by: str | None = typer.Option(None, "--by", metavar="REWARD", help="The reward model that finds it best."),
    json: bool = JSON_OPTION,
) -> int:
    """Answer every row of a file. Stopped half-way, the same command goes on where it was. A reward model scores the
    answers that stand in the file.

    Example: luthier predict quickstart new.csv -o answers.jsonl
    """
    from luthier.pipeline.predict import predict_file
    from luthier.pipeline.reward import is_reward, score_file
    from luthier.store import Store

    store = Store.open()
    if best_of is None and by is None and is_reward(store, model):
        told = score_file(store, model, file, output=output, progress=Progress())
        if OPTIONS.json:
            emit_json(told)
        else:
            left = f" ({told['unscored']:,} rows could not be scored, each says why)" if told["unscored"] else ""
            typer.echo(f"the rewards of {told['scored']:,} rows in {told['output']}{left}")
        return 0
    done = predict_file(
        store, model, file, output=output, max_tokens=max_tokens, progress=Progress(), best_of=best_of, by=by
    )
    if OPTIONS.json:
        emit_json(done)
    else:
        refused = f", {done['refused']} refused (each says why)" if done["refused"] else ""
        typer.echo(f"{done['answered']:,} answers in {done['output']} ({done['reused']:,} were there already{refused})")
    return 0


def serve(
    models: list[str] = typer.Argument(
        ..., metavar="MODEL…", help="Runs, ids or folders; adapters of one base share it."
    ),
    host: str = typer.Option("127.0.0.1", "--host", help="Address to listen on; loopback unless you say otherwise."),
    port: int = typer.Option(8000, "--port", min=0, max=65535, help="0 takes any free port."),
    key: list[str] = typer.Option(
        [], "--key", envvar="LUTHIER_API_KEYS", help="Require this API key; may be repeated."
    ),
    json: bool = JSON_OPTION,
) -> int:
    """Serve base and adapters behind an OpenAI-compatible API; the 'model' field chooses.

    Example: luthier serve quickstart --port 8000
    """
    from luthier.pipeline.serving import serve_models
    from luthier.store import Store

    serve_models(Store.open(), models, host=host, port=port, keys=key, announce=lambda text: typer.echo(text, err=True))
    return 0
