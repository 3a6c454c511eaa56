"""``biot-plugin completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(
    short_help="Print a script for shell completion.",
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
    """Print a script that makes your shell complete the commands and options of biot-plugin."""
    completion = get_completion_class(shell)
    if completion is None:  # cannot happen: click knows the three shells above
        raise click.BadParameter(shell)
    click.echo(completion(context.find_root().command, {}, "biot-plugin", "_BIOT_PLUGIN_COMPLETE").source())
