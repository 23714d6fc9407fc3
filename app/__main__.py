"""The composition root: the command line, and each command built from its parts.

The module of a command is imported only when that command runs, so that `gazeroom readings` loads no Qt.
"""

from __future__ import annotations

from importlib import import_module

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from acquisition import command_line

COMMANDS = {
    "demo": ("app.commands.demo", "demo_command"),
    "read": ("app.commands.read", "read_command"),
    "import": ("app.commands.importing", "import_command"),
    "worklist": ("app.commands.worklist", "worklist_command"),
    "record": ("app.commands.record", "record_command"),
    "sources": ("app.commands.sources", "sources_command"),
    "readings": ("app.commands.listing", "readings_command"),
    "export": ("app.commands.listing", "export_command"),
    "doctor": ("app.commands.doctor", "doctor_command"),
}


class LazyCommands(TyperGroup):
    """Loads the module of a command when the command is asked for."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        """All names, the main job first."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | None:  # type: ignore[override]  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name]
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(cmd_name)(getattr(import_module(module), function))
        command = get_command(single)
        assert isinstance(command, TyperCommand)
        command.name = cmd_name
        return command


gazeroom = typer.Typer(cls=LazyCommands, add_completion=False, no_args_is_help=True, rich_markup_mode=None)


@gazeroom.callback()
def about() -> None:
    """A reading room that learns: read mammograms and X-rays while gaze is recorded, then learn from it.

    For research use only; not a medical device.
    """


def main() -> None:
    """Run `gazeroom`."""
    command_line.run(gazeroom)


if __name__ == "__main__":
    main()
