"""The provenance of an artifact: an in-toto statement (v1) with SLSA's provenance predicate (v1).

It claims only Build L1: provenance exists. A signature from a workstation proves who had the key,
but not where the build ran, so even a signed statement is L1. L2 needs a hosted build platform that
signs (https://slsa.dev/spec/v1.1/levels).
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from msgspec import Struct

import builder
from builder.archive.compression import compressor
from builder.evidence.checksums import file_digest
from builder.evidence.provenance.signing import Signer, envelope
from builder.json_keys import to_document
from builder.quoting import printable_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from builder.build_values import Artifact, Bundle
    from builder.evidence.components import Inventory
    from builder.manifest.model import Manifest

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:biot-plugin-kit:package:1"
BUILDER = "urn:biot-plugin-kit:workstation"
LEVEL = "SLSA Build L1: the statement exists; nothing proves where the build ran"

_Document = dict[str, object]


class StatementInputs(Struct, frozen=True, kw_only=True):
    """What decided the build besides the plugin's own files and its packages.

    Attributes:
        files: Name -> sha256 in hex of the manifest, the lock and ``soup.toml``.
        epoch: ``SOURCE_DATE_EPOCH``, or None.
    """

    files: Mapping[str, str]
    epoch: int | None


def build_statement(
    manifest: Manifest, bundle: Bundle, inventory: Inventory, artifact: Artifact, inputs: StatementInputs
) -> _Document:
    """The statement without ``runDetails``, which ``with_run`` adds.

    ``externalParameters`` has everything that a user can decide: the manifest's tables that affect
    the artifact, and the chosen environment. Environment variables are not in the artifact, so
    their names and values are not here either.
    """
    plugin = manifest.plugin
    return {
        "_type": STATEMENT,
        "subject": [{"name": artifact.file.name, "digest": {"sha256": artifact.sha256}}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "plugin": {
                        "name": plugin.name,
                        "version": plugin.version,
                        "runtime": plugin.runtime,
                        "handler": plugin.handler,
                    },
                    "build": to_document(manifest.build),
                    "environment": manifest.environment,
                },
                "internalParameters": {
                    "level": LEVEL,
                    "treeDigest": artifact.tree_digest,
                    "sourceDateEpoch": inputs.epoch,
                },
                "resolvedDependencies": [
                    *({"name": name, "digest": {"sha256": digest}} for name, digest in inputs.files.items()),
                    *(
                        {"name": entry.path, "digest": {"sha256": entry.sha256}}
                        for entry in bundle.entries
                        if not entry.owner
                    ),
                    *_packages(inventory),
                ],
            },
        },
    }


def with_run(
    statement: _Document, *, started: datetime, finished: datetime, byproducts: Iterable[Path]
) -> Mapping[str, object]:
    """The statement with the details of the run: its time, and the files beside the artifact."""
    predicate = statement["predicate"]
    run = {
        "builder": {
            "id": BUILDER,
            "version": {"biot-plugin-kit": builder.__version__, "compressor": compressor()},
        },
        "metadata": {
            "invocationId": str(uuid.uuid4()),
            "startedOn": _time(started),
            "finishedOn": _time(finished),
        },
        "byproducts": [{"name": file.name, "digest": {"sha256": file_digest(file)}} for file in byproducts],
    }
    return statement | {"predicate": (predicate if isinstance(predicate, dict) else {}) | {"runDetails": run}}


def render_statement(statement: Mapping[str, object], signer: Signer | None) -> bytes:
    """The file's bytes: the plain statement, or a signed DSSE envelope with it."""
    text = printable_json(json.dumps(statement, indent=2, ensure_ascii=False)) + "\n"
    payload = text.encode("utf-8", "replace")
    return payload if signer is None else (json.dumps(envelope(payload, signer), indent=2) + "\n").encode()


def signed_by(file: Path, keyid: str) -> bool:
    """Whether a provenance file names this key as its signer. The checksums beside it protect the file itself."""
    try:
        document = json.loads(file.read_bytes())
        return any(signature["keyid"] == keyid for signature in document["signatures"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _packages(inventory: Inventory) -> list[_Document]:
    return [
        {
            **({"uri": package.purl} if package.purl else {"name": f"{package.name} {package.version}".strip()}),
            "digest": {name.replace("-", "").lower(): digest for name, digest in package.hashes},
        }
        for package in inventory.packages
    ]


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
