from __future__ import annotations

import pytest

from builder.image.dockerfile.dockerfile_instructions import needs_buildkit, parse_dockerfile, unrepeatable_steps

PINNED = f"FROM public.ecr.aws/lambda/python:3.13@sha256:{'a' * 64}\n"


def test_instructions_have_their_line_and_their_text_without_comments_and_continuations() -> None:
    text = "# a comment\nFROM scratch as base\n\nRUN a \\\n  # not a part\n\n  && b\ncopy --from=base x y\n"

    found = [(one.line, one.keyword, one.arguments) for one in parse_dockerfile(text)]

    assert found == [(2, "FROM", "scratch as base"), (4, "RUN", "a && b"), (8, "COPY", "--from=base x y")]


def test_the_text_of_a_here_document_is_not_read_as_instructions() -> None:
    text = "FROM scratch\nCOPY <<EOF <<-'B' /x/\nRUN no\nEOF\nFROM no\n\tB\nCMD [\"a\"]\n"

    assert [(one.line, one.keyword) for one in parse_dockerfile(text)] == [(1, "FROM"), (2, "COPY"), (7, "CMD")]


def test_another_escape_character_continues_lines() -> None:
    text = "# escape=`\nFROM scratch\nCOPY a `\n  c:\\\nRUN b\n"

    assert [one.arguments for one in parse_dockerfile(text)] == ["scratch", "a c:\\", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# syntax=docker/dockerfile:1\nFROM scratch\n", True),
        ("FROM scratch\n# syntax=docker/dockerfile:1\n", False),
        ("FROM a\nRUN --mount=type=cache,target=/c pip install x\n", True),
        ("FROM a\nRUN --network=none make\n", True),
        ("FROM a\nCOPY --chmod=755 a b\n", True),
        ("FROM a\nCOPY --from=b --chown=1 a b\n", False),
        ("FROM a\nRUN <<EOF\necho 1\nEOF\n", True),
        ("FROM a\nRUN cat <<<hello; x=$((1<<2))\n", False),
        ("FROM a\nRUN echo --mount\n", False),
        ('FROM a\nCMD ["<<EOF"]\n', False),
    ],
)
def test_only_some_dockerfiles_need_buildkit(text: str, expected: bool) -> None:
    assert needs_buildkit(text) is expected


def test_a_dockerfile_that_only_copies_onto_a_pinned_base_is_repeatable() -> None:
    text = PINNED + 'COPY src/ /var/task/\nENV A=b\nCMD ["index.handler"]\n'

    assert unrepeatable_steps(parse_dockerfile(text)) == ()


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("RUN dnf install -y ffmpeg", "The step can use the network"),
        ("ADD https://example.com/a.tgz /opt/", "The step downloads a file that can change."),
        ("FROM python:3.13", "The tag of python:3.13 can be moved"),
        ("COPY --from=busybox:1 /bin/sh /bin/sh", "The tag of busybox:1 can be moved"),
    ],
)
def test_steps_that_depend_on_more_than_the_files_are_named(step: str, reason: str) -> None:
    found = unrepeatable_steps(parse_dockerfile(f"{PINNED}{step}\n"))

    assert [(one.instruction.line, one.reason.startswith(reason)) for one in found] == [(2, True)]
    assert found[0].hint


@pytest.mark.parametrize(
    "step",
    [
        "RUN --network=none make",
        f"ADD --checksum=sha256:{'a' * 64} https://example.com/a.tgz /opt/",
        "FROM scratch",
        "COPY --from=0 a b",
        "COPY --from=Build a b",
    ],
)
def test_pinned_and_local_steps_are_repeatable(step: str) -> None:
    text = PINNED.replace("\n", " AS build\n") + f"{step}\n"

    assert unrepeatable_steps(parse_dockerfile(text)) == ()
