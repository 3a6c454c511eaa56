"""``biot-plugin completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(
    short_help="Print the shell completion script.",
    epilog="""\b
Examples:
  eval "$(biot-plugin completion bash)"       in ~/.bashrc
  eval "$(biot-plugin completion zsh)"        in ~/.zshrc
  biot-plugin completion fish > ~/.config/fish/completions/biot-plugin.fish
""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that completes biot-plugin's commands and options in your shell."""
    completion = get_completion_class(shell)
    if completion is None:  # click knows the three shells of the choice above
        raise click.BadParameter(shell)
    click.echo(completion(context.find_root().command, {}, "biot-plugin", "_BIOT_PLUGIN_COMPLETE").source())
