"""The ``shoplens`` command and its verbs.

Exit codes: 0 done; 1 an error, told on standard error with what to do next; 2 the command was called wrongly;
3 the removal guard stopped a feed; 4 ``doctor`` found errors.
"""

from __future__ import annotations

import sys
import traceback

import typer
import typer.exceptions

from shoplens.cli.backup import backup, restore
from shoplens.cli.comparing import compare
from shoplens.cli.crops import crops
from shoplens.cli.demo import demo
from shoplens.cli.describe import describe
from shoplens.cli.doctor import doctor
from shoplens.cli.encoder import group as encoder
from shoplens.cli.evaluate import evaluate
from shoplens.cli.export import export
from shoplens.cli.index import index
from shoplens.cli.jobs import group as jobs
from shoplens.cli.judging import judge
from shoplens.cli.key import group as key
from shoplens.cli.mcp import mcp
from shoplens.cli.migrate import migrate
from shoplens.cli.output import tell_error
from shoplens.cli.queries import queries
from shoplens.cli.rule import group as rule
from shoplens.cli.search import search
from shoplens.cli.serve import serve
from shoplens.cli.suggest import suggest
from shoplens.cli.uploads import group as uploads
from shoplens.errors import ConfigError, RemovalGuardError, ShopLensError

app = typer.Typer(
    name="shoplens",
    help="Visual and multimodal product search: words, photos, and both.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (index, search, suggest, serve, evaluate, compare, judge, queries, describe, crops, doctor, demo):
    app.command()(verb)
for later in (backup, restore, migrate, export, mcp):
    app.command()(later)
app.add_typer(encoder)
app.add_typer(key)
app.add_typer(rule)
app.add_typer(jobs)
app.add_typer(uploads)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version and end."),
) -> None:
    if version:
        from shoplens import __version__

        typer.echo(__version__)
        raise typer.Exit


def exit_code(error: ShopLensError) -> int:
    """The exit code that tells a script what kind of error this is."""
    if isinstance(error, RemovalGuardError):
        return 3
    return 2 if isinstance(error, ConfigError) else 1


def main() -> None:
    """Runs the command; an error that ShopLens knows is told in words, never as a traceback."""
    as_json = "--json" in sys.argv
    try:
        # Not in standalone mode typer returns the code of typer.Exit, and errors of the call come to us.
        code = app(standalone_mode=False) or 0
    except ShopLensError as error:
        tell_error(error, as_json)
        code = exit_code(error)
    except typer.exceptions.TyperException as error:
        show = getattr(error, "show", None)  # with the usage, where the error knows its command
        show() if show else typer.echo(f"Error: {error}", err=True)
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("stopped; what was reported as written is safe", err=True)
        code = 130
    except BrokenPipeError:
        # The reader has gone (| head): not an error of ours. Closing stderr keeps Python from telling of it.
        sys.stderr.close()
        code = 0
    except OSError as error:
        # Of files that are ours ShopLensErrors tell: this is the terminal's or the pipe's (a full disk behind >).
        typer.echo(f"Error: the output cannot be written: {error}", err=True)
        code = 1
    except MemoryError:
        traceback.print_exc()
        code = 1
    sys.exit(code)
