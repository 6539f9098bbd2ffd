"""``parlance simulate``: the options, the progress bar, the report."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from parlance.terminal import progress, say


def simulate(
    conversations: Annotated[int, typer.Option(min=1, metavar="N", help="How many customers come.")] = 500,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same data: same customers.")] = 1,
    profile: Annotated[Path, typer.Option(metavar="FILE", help="What customers want, and what may not be.")] = Path(
        "simulation.yml"
    ),
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="A running assistant; without it one is started as conftest.yml says."),
    ] = None,
    token: Annotated[
        str, typer.Option(metavar="TOKEN", envvar="RASA_TOKEN", help="The running assistant's --auth-token.")
    ] = "",
    database: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The running assistant's SQLite file; it is put back again and again."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="How many conversations at once.")] = 4,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="The time for one answer.")] = 30.0,
    start_timeout: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="The time for starting.")] = 600.0,
    tests: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many kinds of failure become conversation tests.")
    ] = 20,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write every figure here.")] = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder for conversations, logs and conversation tests.")
    ] = Path("results/simulation"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
) -> None:
    """Let simulated customers talk to a live assistant; exit status 1 if anything did harm."""
    from parlance.simulation.report import harmful, print_report
    from parlance.simulation.session import Options, run_simulation

    if url is None:
        say(f"Starting the assistant; its logs are in {out}.")
    options = Options(
        conversations=conversations,
        seed=seed,
        profile=profile,
        url=url,
        token=token,
        database=database,
        jobs=jobs,
        timeout=timeout,
        start_timeout=start_timeout,
        tests=tests,
        json_file=json_file,
        out=out,
        resume=resume,
    )
    with progress("Simulation") as bar:
        task = bar.add_task("", total=None)
        came = run_simulation(options, lambda done, total: bar.update(task, completed=done, total=total))
    for goal in came.left_out:
        say(f"The database has nobody for the goal '{goal}'.")
    print_report(came.report, Console())
    say(f"The conversations are in {out}{f', the figures in {json_file}' if json_file else ''}.")
    if came.stopped is not None:
        say("It was stopped early; --resume goes on.")
        raise typer.Exit(came.stopped.exit_status)
    if came.lost:
        say(f"It ended early: {came.lost}")
        raise typer.Exit(3)
    raise typer.Exit(1 if harmful(came.report) else 0)
