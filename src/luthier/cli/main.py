"""The entry point: builds the command tree and turns every failure into four lines and an exit code.

Exit codes: 0 done or PROMOTE, 10 REJECT, 11 INCONCLUSIVE, 1 an error, 2 wrong usage, 130 interrupted. Verdict codes
come from a computed verdict only. A traceback is shown only with LUTHIER_DEBUG=1.
"""

from __future__ import annotations

import errno
import os
import sys
import warnings
from typing import Any, NoReturn

import typer

from luthier import __version__
from luthier.cli import augment, data, jobs, lineage, models, runs, search, shop
from luthier.cli.terminal import OPTIONS, emit_error
from luthier.errors import ExitCode, LuthierError, UsageError

# typer carries click inside since 0.2x and depended on it before: this is UsageError in both
_ClickUsageError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="luthier",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=(
        "From a file of examples to a fine-tuned model that is proven better, proven not worse elsewhere, "
        "and served.\n\n"
        "Start with: luthier quickstart (the whole way in minutes, on a CPU), then luthier tune YOUR_FILE."
    ),
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"luthier {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    OPTIONS.reset()


for group in (jobs, search, data, augment, models, runs, lineage, shop):
    group.add_to(app)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit code. Never raises for a user's mistake."""
    OPTIONS.json = "--json" in arguments
    if not os.environ.get("LUTHIER_DEBUG"):  # other libraries' notes to their own developers
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=DeprecationWarning)
    try:
        result = app(arguments, standalone_mode=False)
        sys.stdout.flush()
        return int(result) if isinstance(result, int) else 0
    except LuthierError as error:
        return emit_error(error)
    except _ClickUsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(error.format_message())
            return ExitCode.USAGE
        command = error.ctx.command_path if error.ctx else "luthier"
        return emit_error(UsageError(_lower_first(error.format_message()), where=command, fix=f"{command} --help"))
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return emit_error(_interrupted())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ExitCode.OK
    except MemoryError:
        return emit_error(
            LuthierError(
                "this machine ran out of memory",
                why="nothing was lost: finished stages are kept",
                fix="a smaller base, a smaller train.micro_tokens, or luthier plan to see what fits",
            )
        )
    except OSError as error:
        return emit_error(_os_error(error))
    except Exception as error:
        if os.environ.get("LUTHIER_DEBUG"):
            raise
        return emit_error(_our_fault(error))


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _interrupted() -> LuthierError:
    error = LuthierError("stopped", why="finished stages and checkpoints are kept", fix="the same command goes on")
    error.exit_code = ExitCode.INTERRUPTED
    return error


def _os_error(error: OSError) -> LuthierError:
    place = error.filename or ""
    reason = (error.strerror or str(error)).lower()
    fixes = {
        errno.ENOSPC: "free some space (luthier gc shows what can go), then the same command goes on",
        errno.EROFS: "choose a folder that can be written: LUTHIER_HOME=/some/folder",
        errno.EACCES: "check the permissions, or choose another folder: LUTHIER_HOME=/some/folder",
        errno.EMFILE: "raise the limit of open files (ulimit -n 4096)",
    }
    return LuthierError(reason, where=place, why=f"{type(error).__name__}", fix=fixes.get(error.errno or 0, ""))


def _our_fault(error: Exception) -> LuthierError:
    trace = error.__traceback__
    place = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "luthier" in code.co_filename:
            place = f"{code.co_filename.rpartition('luthier/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return LuthierError(
        f"Luthier itself failed: {type(error).__name__}: {str(error)[:300]}",
        where=place,
        why="this is a defect of Luthier, not of your data; nothing that was finished is lost",
        fix="run it again with LUTHIER_DEBUG=1 for the whole story, and report it",
    )


if __name__ == "__main__":
    main()
