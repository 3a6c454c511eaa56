"""The jobs that a CI system would run, read from the pipeline file of a generated plugin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema_rs
import tree_sitter
import tree_sitter_groovy
import yaml

FILES = {
    "github": ".github/workflows/ci.yml",
    "gitlab": ".gitlab-ci.yml",
    "bitbucket": "bitbucket-pipelines.yml",
    "jenkins": "Jenkinsfile",
}
SCHEMAS = {
    "github": ("github-workflows.json", ".github/workflows/ci.yml"),
    "dependabot": ("dependabot.json", ".github/dependabot.yml"),
    "gitlab": ("gitlab-ci.json", ".gitlab-ci.yml"),
    "bitbucket": ("bitbucket-pipelines.json", "bitbucket-pipelines.yml"),
}
"""The published schema of each, and the file that it is for."""
_CHECK_JSONSCHEMA = metadata.distribution("check-jsonschema")
_VENDORED_SCHEMAS = Path(str(_CHECK_JSONSCHEMA.locate_file("check_jsonschema/builtin_schemas/vendor")))
"""The published schemas. The program itself needs five seconds for each check."""
SECRETS = frozenset({"BIOT_SERVICE_USER_ID", "BIOT_SERVICE_USER_SECRET_KEY"})


@dataclass(frozen=True)
class Step:
    """One command line, and the secrets that it gets."""

    script: str
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Job:
    """Commands that run in order, in their own checkout.

    Attributes:
        receives: It gets the files that the first job kept.
        keeps: The glob of what is kept afterwards.
        one_shell: All steps are lines of one script.
    """

    steps: tuple[Step, ...]
    receives: bool
    keeps: str | None
    one_shell: bool = False

    @property
    def scripts(self) -> list[str]:
        return [step.script for step in self.steps]


def schema_errors(name: str, folder: Path) -> list[str]:
    """What the schema of a system finds in a generated file; a planted key must be found as well."""
    schema, file = SCHEMAS[name]
    validator = jsonschema_rs.validator_for((_VENDORED_SCHEMAS / schema).read_text("utf-8"), validate_formats=True)
    document = yaml.safe_load((folder / file).read_text("utf-8"))
    if True in document:
        document["on"] = document.pop(True)  # YAML 1.1, which PyYAML reads, has "on" as a word for true
    assert not validator.is_valid({**document, next(reversed(document)): 1})
    return [str(error) for error in validator.iter_errors(document)]


Pipeline = Mapping[str, Job]
"""The jobs ``plugin``, ``verify`` and ``publish``, in order."""


def read(system: str, folder: Path) -> Pipeline:
    """The pipeline of a generated plugin."""
    text = (folder / FILES[system]).read_text("utf-8")
    return {"github": github, "gitlab": gitlab, "bitbucket": bitbucket, "jenkins": jenkins}[system](text)


def read_many(system: str, folder: Path) -> Pipeline:
    """The jobs of a repository with many plugins, in order: their names are those of the system's file."""
    text = (folder / FILES[system]).read_text("utf-8")
    if system == "github":
        return github(text)
    if system == "gitlab":
        return gitlab(text, ("changed-plugins", "plan", "planned-plugins", "publish"))
    if system == "bitbucket":
        steps = [item["step"] for item in yaml.safe_load(text)["definitions"]["steps"]]
        return {step["name"]: _bitbucket_step(step, receives=False) for step in steps}
    stages = [call for call in calls(groovy(text)) if called(call) == "stage"]
    return {first_text(stage): _stage(stage) for stage in stages[1:]}  # the first one holds the second


def github(text: str) -> Pipeline:
    return {name: _github_job(job["steps"]) for name, job in yaml.safe_load(text)["jobs"].items()}


def _github_job(steps: list[dict[str, Any]]) -> Job:
    used = {step["uses"].partition("@")[0]: step.get("with", {}) for step in steps if "uses" in step}
    assert "actions/checkout" in used
    kept = used.get("actions/upload-artifact")
    return Job(
        steps=tuple(
            Step(step["run"], frozenset(name for name, value in step.get("env", {}).items() if "secrets." in value))
            for step in steps
            if "run" in step
        ),
        receives="actions/download-artifact" in used,
        keeps=kept and kept["path"],
    )


def gitlab(text: str, names: tuple[str, ...] = ("plugin", "verify", "publish")) -> Pipeline:
    document = yaml.safe_load(text)
    return {
        name: Job(
            steps=tuple(
                # GitLab gives a job all variables of its environment.
                Step(script, SECRETS if "environment" in document[name] else frozenset())
                for script in (*document["default"]["before_script"], *document[name]["script"])
            ),
            receives="plugin" in document[name].get("needs", []),
            keeps=document[name].get("artifacts", {}).get("paths", [None])[0],
            one_shell=True,
        )
        for name in names
    }


def bitbucket(text: str) -> Pipeline:
    document = yaml.safe_load(text)
    released = [item["step"] for item in document["pipelines"]["tags"]["v*"]]
    assert released == [item["step"] for item in document["pipelines"]["branches"]["{main,master}"]]
    assert document["pipelines"]["default"] == [{"step": released[0]}]
    return {
        name: _bitbucket_step(step, receives=step is not released[0])
        for name, step in zip(("plugin", "verify", "publish"), released, strict=True)
    }


def _bitbucket_step(step: dict[str, Any], *, receives: bool) -> Job:
    return Job(
        # Bitbucket gives a step all variables of its deployment, and the artifacts of the steps before it.
        steps=tuple(Step(script, SECRETS if "deployment" in step else frozenset()) for script in step["script"]),
        receives=receives,
        keeps=step.get("artifacts", [None])[0],
        one_shell=True,
    )


def jenkins(text: str) -> Pipeline:
    stages = [call for call in calls(groovy(text)) if called(call) == "stage"]
    return {name: _stage(stage) for name, stage in zip(("plugin", "verify", "publish"), stages, strict=True)}


def _stage(stage: tree_sitter.Node) -> Job:
    inside = list(calls(stage))
    kept = [first_text(call, "artifacts: ") for call in inside if called(call) == "archiveArtifacts"]
    assert "deleteDir" in {called(call) for call in inside}, "the agent's folder still holds the last build"
    return Job(
        steps=tuple(Step(first_text(call), bound(call)) for call in inside if called(call) == "sh"),
        receives="unstash" in {called(call) for call in inside},
        keeps=kept[0] if kept else None,
    )


def groovy(text: str) -> tree_sitter.Node:
    """A Jenkinsfile as Groovy's grammar reads it."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))
    return parser.parse(text.encode()).root_node


def calls(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Every call below a node, in the order of the text."""
    for child in node.children:
        if child.type in {"method_invocation", "juxt_function_call"}:
            yield child
        yield from calls(child)


def called(call: tree_sitter.Node) -> str:
    name = call.child_by_field_name("name")
    return source(name) if name else ""


def source(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode()


def first_text(call: tree_sitter.Node, before: str = "") -> str:
    """The first quoted argument of a call, without Groovy's escapes."""
    argument = re.search(before + r"'((?:[^'\\]|\\.)*)'", source(call))
    assert argument, source(call)
    return re.sub(r"\\(.)", r"\1", argument[1])


def bound(call: tree_sitter.Node) -> frozenset[str]:
    """The names that a ``withCredentials`` around a call gives to its environment."""
    node: tree_sitter.Node | None = call
    while node := node.parent if node else None:
        if called(node) == "withCredentials":
            return frozenset(re.findall(r"(?:username|password)Variable: '(\w+)'", source(node)))
    return frozenset()
