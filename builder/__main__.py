"""``python -m builder``: the same as the ``biot-plugin`` command."""

from builder.cli import main

main()
