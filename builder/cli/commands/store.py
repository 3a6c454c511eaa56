"""``biot-plugin store``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option
from builder.cli.output import print_document, print_lines, readable_size, table
from builder.dependencies import default_store
from builder.dependencies.store import maintenance
from builder.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Bytes(click.ParamType[int]):
    """A number of bytes: ``500M``, ``2G``, ``1048576``."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes that a text names."""
        match = re.fullmatch(r"(\d+)([kMG]?)B?", str(value))
        if match is None:
            self.fail(f"{value!r} is not a number of bytes, such as 500M, 2G or 1048576.", param, ctx)
        return int(match[1]) * _UNITS[match[2]]


@click.group(
    short_help="Show, verify and clean the store of packages.",
    epilog="""\b
Examples:
  biot-plugin store show                     list packages by size
  biot-plugin store verify --repair          remove damaged packages
  biot-plugin store prune --older-than 30    remove what is unused 30 days
  biot-plugin store prune --keep-bytes 2G    keep the 2 GB that were used last
""",
)
def command() -> None:
    """Show, verify and clean the store of packages on this machine.

    The store is the folder BIOT_PLUGIN_STORE, or your cache folder. Everything in it can be downloaded again, so
    removing a package never changes a result.
    """


@command.command(epilog="\b\nExample:\n  biot-plugin store show")
@json_option
def show(*, as_json: bool) -> None:
    """List the stored packages with their sizes and last uses."""
    store = default_store()
    rows = maintenance.list_entries(store)
    total = sum(row.size for row in rows)
    if as_json:
        packs = [
            {"package": row.label, "key": row.key, "bytes": row.size, "lastUsed": _time(row.used, "seconds")}
            for row in rows
        ]
        print_document({"status": "ok", "store": str(store.folder), "bytes": total, "packs": packs})
        return
    lines = [f"{store.folder}: {len(rows)} packages, {readable_size(total)}"]
    if rows:
        cells = [(row.label or row.key, _time(row.used), readable_size(row.size)) for row in rows]
        lines += ["", *table([("package", "last used", "size"), *cells], right=(2,))]
    print_lines(lines)


@command.command(epilog="\b\nExample:\n  biot-plugin store verify --repair")
@click.option("repair", "--repair", is_flag=True, help="Remove damaged packages; builds download them again.")
@json_option
def verify(*, repair: bool, as_json: bool) -> int:
    """Verify the hash and the contents of every stored package.

    Builds verify each package that they use, so a damaged one never gets into an artifact. Exit code 7 if a damaged
    package remains.
    """
    store = default_store()
    count, damaged = maintenance.find_damaged(store)
    if repair:
        maintenance.remove(damaged)
    code = VerificationError.exit_code if damaged and not repair else 0
    if as_json:
        rows = [{"key": pack.key, "file": str(pack.file), "reason": pack.reason} for pack in damaged]
        status = "damaged" if code else "ok"
        print_document({"status": status, "exitCode": code, "packs": count, "damaged": rows, "removed": repair})
        return code
    removed = " and removed" if damaged and repair else ""
    lines = [f"{store.folder}: {count} packages, {len(damaged)} damaged{removed}"]
    lines += [f"  {pack.file.name}: {pack.reason}" for pack in damaged]
    lines += ["Run `biot-plugin store verify --repair` to remove them; builds download them again."] if code else []
    print_lines(lines)
    return code


@command.command(epilog="\b\nExample:\n  biot-plugin store prune --older-than 30 --keep-bytes 2G")
@click.option(
    "days",
    "--older-than",
    type=click.IntRange(1),
    metavar="DAYS",
    help="Remove packages that were unused for so many days.",
)
@click.option(
    "keep",
    "--keep-bytes",
    type=Bytes(),
    metavar="SIZE",
    help="Keep the packages that were used last, up to this size, such as 2G.",
)
@click.option("dry_run", "--dry-run", is_flag=True, help="Only print what would be removed.")
@json_option
def prune(days: int | None, keep: int | None, *, dry_run: bool, as_json: bool) -> None:
    """Remove packages that were not used lately.

    A package that was used in the last hour always stays.
    """
    if days is None and keep is None:
        message = "Give --older-than DAYS, --keep-bytes SIZE, or both."
        raise click.UsageError(message)
    store = default_store()
    rows = maintenance.list_entries(store)
    removable = maintenance.select_prunable(rows, now=maintenance.seconds_now(), older_than_days=days, keep_bytes=keep)
    if not dry_run:
        maintenance.remove(removable)
    freed, total = sum(row.size for row in removable), sum(row.size for row in rows)
    if as_json:
        removed = [{"package": row.label, "key": row.key, "bytes": row.size} for row in removable]
        print_document({"status": "ok", "dryRun": dry_run, "bytes": freed, "removed": removed})
        return
    removed_text = f"{'Would remove' if dry_run else 'Removed'} {len(removable)} packages, {readable_size(freed)}"
    rest = f"{len(rows) - len(removable)} stay, {readable_size(total - freed)}"
    print_lines([*_lines(removable), f"{removed_text}; {rest}"])


def _lines(rows: Sequence[maintenance.StoreEntry]) -> list[str]:
    return [f"  {row.label or row.key}, last used {_time(row.used)}" for row in rows]


def _time(seconds: float, precision: str = "minutes") -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
