"""``biot-plugin store``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option
from builder.cli.output import print_document, print_lines, readable_size, shorten, table
from builder.dependencies import default_store
from builder.dependencies.store import maintenance
from builder.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Sequence

LABEL_WIDTH = 40
_UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Bytes(click.ParamType[int]):
    """A number of bytes: ``500M``, ``2G``, ``1048576``."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes that a text names."""
        found = re.fullmatch(r"(\d+)([kMG]?)B?", str(value))
        if found is None:
            self.fail(f"{value!r} is not a number of bytes such as 500M, 2G or 1048576", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.group(
    epilog="""\b
Examples:
  biot-plugin store show                     packs by package and size
  biot-plugin store verify --repair          remove what is damaged
  biot-plugin store prune --older-than 30    remove what 30 days did not use
  biot-plugin store prune --keep-bytes 2G    keep the 2 GB that were used last
"""
)
def command() -> None:
    """Look after the store of packages on this machine.

    The store is BIOT_PLUGIN_STORE, else your cache folder. All of it can be fetched again: removing something costs
    one download, never a result.
    """


@command.command()
@json_option
def show(*, as_json: bool) -> None:
    """Show the packs, their sizes and last uses."""
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
    lines = [f"{store.folder}: {len(rows)} packs, {readable_size(total)}"]
    if rows:
        cells = [(shorten(row.label or row.key, LABEL_WIDTH), _time(row.used), readable_size(row.size)) for row in rows]
        lines += ["", *table([("package", "last used", "size"), *cells], right=(2,))]
    print_lines(lines)


@command.command()
@click.option("repair", "--repair", is_flag=True, help="Remove damaged packs; builds fetch them again.")
@json_option
def verify(*, repair: bool, as_json: bool) -> int:
    """Hash every pack and read it strictly. Exit code 7 when one is damaged and stays.

    Builds do the same with each pack they use: a damaged one is never built in.
    """
    store = default_store()
    count, found = maintenance.find_damaged(store)
    if repair:
        maintenance.remove(found)
    code = VerificationError.exit_code if found and not repair else 0
    if as_json:
        damaged = [{"key": one.key, "file": str(one.file), "reason": one.reason} for one in found]
        status = "damaged" if code else "ok"
        print_document({"status": status, "exitCode": code, "packs": count, "damaged": damaged, "removed": repair})
        return code
    lines = [f"{store.folder}: {count} packs, {len(found)} damaged{' and removed' if found and repair else ''}"]
    lines += [f"  {one.file.name}: {one.reason}" for one in found]
    lines += ["Remove them with `biot-plugin store verify --repair`; builds fetch them again."] if code else []
    print_lines(lines)
    return code


@command.command()
@click.option("days", "--older-than", type=click.IntRange(1), metavar="DAYS", help="Packs unused for so many days go.")
@click.option("keep", "--keep-bytes", type=Bytes(), metavar="SIZE", help="Packs used last stay, up to this size (2G).")
@click.option("dry_run", "--dry-run", is_flag=True, help="Only tell what would go.")
@json_option
def prune(days: int | None, keep: int | None, *, dry_run: bool, as_json: bool) -> None:
    """Remove packs unused lately, never one of the last hour."""
    if days is None and keep is None:
        message = "say what may go: --older-than DAYS, --keep-bytes SIZE, or both"
        raise click.UsageError(message)
    store = default_store()
    rows = maintenance.list_entries(store)
    gone = maintenance.select_prunable(rows, now=maintenance.seconds_now(), older_than_days=days, keep_bytes=keep)
    if not dry_run:
        maintenance.remove(gone)
    freed, left = sum(row.size for row in gone), sum(row.size for row in rows)
    if as_json:
        removed = [{"package": row.label, "key": row.key, "bytes": row.size} for row in gone]
        print_document({"status": "ok", "dryRun": dry_run, "bytes": freed, "removed": removed})
        return
    told = f"{'Would remove' if dry_run else 'Removed'} {len(gone)} packs, {readable_size(freed)}"
    print_lines([*_lines(gone), f"{told}; {len(rows) - len(gone)} stay, {readable_size(left - freed)}"])


def _lines(rows: Sequence[maintenance.StoreEntry]) -> list[str]:
    return [f"  {shorten(row.label or row.key, LABEL_WIDTH)}, last used {_time(row.used)}" for row in rows]


def _time(seconds: float, precision: str = "minutes") -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
