"""What source texts export, and what a name is; no file is read and no code is run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.handler.exports import Exports
from builder.handler.javascript_exports import javascript_exports
from builder.handler.name_resolution import HandlerReference, ResolutionKind, resolve_name
from builder.handler.python_exports import python_exports
from tests.support.repetitions import examples, exhaustive_after

FUNCTION, COROUTINE, NOT_A_FUNCTION, UNKNOWN = (
    ResolutionKind.FUNCTION,
    ResolutionKind.COROUTINE,
    ResolutionKind.NOT_A_FUNCTION,
    ResolutionKind.UNKNOWN,
)
NOT_EXPORTED, MISSING_MODULE, INVALID_SOURCE = (
    ResolutionKind.NOT_EXPORTED,
    ResolutionKind.MISSING_MODULE,
    ResolutionKind.INVALID_SOURCE,
)


class TextModules:
    """Modules as texts; every module whose name starts with ``other`` is a package."""

    def __init__(self, **texts: Exports) -> None:
        self.texts = texts

    def exports_of(self, file: str) -> Exports:
        return self.texts[file]

    def locate_import(self, module: str, *, importer: str) -> str | None:
        assert importer in self.texts
        if module.startswith("other"):
            return None
        return module if module in self.texts else ""


PYTHON = {
    "definition": ("def handler(event, context): ...", FUNCTION),
    "decorated": ("@trace\ndef handler(event, context): ...", FUNCTION),
    "decorated coroutine": ("@to_sync\nasync def handler(event, context): ...", FUNCTION),
    "coroutine": ("async def handler(event, context): ...", COROUTINE),
    "coroutine wrapped": ("async def handler(e, c): ...\nhandler = to_sync(handler)", FUNCTION),
    "coroutine under another name": ("async def run(e, c): ...\nhandler = run", COROUTINE),
    "partial": ("def run(a, e, c): ...\nhandler = partial(run, 1)", FUNCTION),
    "partial of a coroutine": ("async def run(a): ...\nhandler = functools.partial(run, 1)", COROUTINE),
    "lambda": ("handler = lambda event, context: None", FUNCTION),
    "call": ("handler = make()", FUNCTION),
    "attribute": ("import flow\nhandler = flow.run", FUNCTION),
    "subscript": ("handler = table['x']", FUNCTION),
    "annotated": ("handler: Callable = make()", FUNCTION),
    "annotation only": ("handler: Callable", NOT_EXPORTED),
    "several targets": ("run = handler = make()", FUNCTION),
    "tuple": ("run, handler = (make(), 5)", NOT_A_FUNCTION),
    "tuple of a call": ("run, handler = make()", FUNCTION),
    "if and else": ("if x:\n  handler = None\nelse:\n  def handler(e, c): ...", FUNCTION),
    "try": ("try:\n  from other import handler\nexcept ImportError:\n  handler = None", FUNCTION),
    "with": ("with x:\n  def handler(e, c): ...", FUNCTION),
    "match": ("match x:\n  case 1:\n    def handler(e, c): ...", FUNCTION),
    "loop": ("for x in y:\n  def handler(e, c): ...", FUNCTION),
    "conditional value": ("def a(e, c): ...\nhandler = a if x else None", FUNCTION),
    "never more than a value": ("if x:\n  handler = 1\nelse:\n  handler = None", NOT_A_FUNCTION),
    "number": ("handler = 5", NOT_A_FUNCTION),
    "f-string": ("handler = f'{x}'", NOT_A_FUNCTION),
    "list": ("handler = []", NOT_A_FUNCTION),
    "class": ("class handler: ...", NOT_A_FUNCTION),
    "module": ("import handler", NOT_A_FUNCTION),
    "replaced": ("def handler(e, c): ...\nhandler = None", NOT_A_FUNCTION),
    "deleted": ("def handler(e, c): ...\ndel handler", NOT_EXPORTED),
    "inside a function": ("def outer():\n  def handler(e, c): ...", NOT_EXPORTED),
    "method": ("class A:\n  def handler(e, c): ...", NOT_EXPORTED),
    "in a comment": ("# def handler(e, c): ...", NOT_EXPORTED),
    "in a text": ("'''\ndef handler(e, c): ...\n'''", NOT_EXPORTED),
    "from a package": ("from other import handler", FUNCTION),
    "all of a package": ("from other.flow import *", UNKNOWN),
    "all of the library": ("from os.path import *", NOT_EXPORTED),
    "from a missing file": ("from nowhere import handler", MISSING_MODULE),
    "re-exported": ("from there import run as handler", FUNCTION),
    "all re-exported": ("from there import *", FUNCTION),
    "re-exported but missing": ("from there import missing as handler", NOT_EXPORTED),
    "created on access": ("def __getattr__(name): ...", UNKNOWN),
    "empty": ("", NOT_EXPORTED),
    "invalid Python": ("def handler(", INVALID_SOURCE),
    "NUL": ("def handler(e, c): ...\0", INVALID_SOURCE),
    "nested too deeply": ("x = " + "-" * 400_000 + "1", INVALID_SOURCE),
    "a long sum": ("x = " + "1+" * 100_000 + "1", INVALID_SOURCE),
    "brackets": ("(" * 400_000, INVALID_SOURCE),
}


@pytest.mark.parametrize(("text", "kind"), PYTHON.values(), ids=PYTHON)
def test_the_kind_of_a_handler_in_python_source(text: str, kind: ResolutionKind) -> None:
    there = "def run(e, c): ...\ndef handler(e, c): ...\n"
    modules = TextModules(here=python_exports(text.encode()), there=python_exports(there.encode()))
    assert resolve_name("here", "handler", modules).kind is kind


def test_a_declared_encoding_is_respected() -> None:
    source = "# -*- coding: latin-1 -*-\nname = '\u00e4'\ndef handler(e, c): ...\n".encode("latin-1")
    assert "handler" in python_exports(source).names
    assert python_exports(b"'\xe4'").error_line == 1


ES_MODULES = {
    "async function": ("export async function handler(event) {}", FUNCTION),
    "generator": ("export function* handler() {}", FUNCTION),
    "constant": ("export const handler = async (event) => {};", FUNCTION),
    "wrapped": ("export const handler = wrap(run);", FUNCTION),
    "second of a list": ("export let a = 1, handler = () => 1;", FUNCTION),
    "renamed": ("function run() {}\nexport { run as handler };", FUNCTION),
    "before its definition": ("export { handler };\nfunction handler() {}", FUNCTION),
    "renamed by a text": ("function run() {}\nexport { run as 'handler' };", FUNCTION),
    "destructured": ("export const { handler } = make();", FUNCTION),
    "re-exported": ("export { run as handler } from 'there';", FUNCTION),
    "imported and re-exported": ("import { run } from 'there';\nexport { run as handler };", FUNCTION),
    "imported and set": ("import { run } from 'there';\nexport const handler = run;", FUNCTION),
    "default imported": ("import run from 'there';\nexport { run as handler };", FUNCTION),
    "all re-exported": ("export * from 'there';", FUNCTION),
    "all of a package": ("export * from 'other';", UNKNOWN),
    "a namespace": ("export * as handler from 'there';", NOT_A_FUNCTION),
    "missing": ("export { missing as handler } from 'there';", NOT_EXPORTED),
    "no such file": ("export { run as handler } from 'nowhere';", MISSING_MODULE),
    "number": ("export const handler = 5;", NOT_A_FUNCTION),
    "object": ("export const handler = {};", NOT_A_FUNCTION),
    "class": ("export class handler {}", NOT_A_FUNCTION),
    "only default": ("export default function handler() {}", NOT_EXPORTED),
    "default object": ("export default { handler() {} };", NOT_EXPORTED),
    "not exported": ("async function handler() {}", NOT_EXPORTED),
    "in a comment": ("// export function handler() {}", NOT_EXPORTED),
    "in a text": ("const a = `export function handler() {}`;", NOT_EXPORTED),
    "invalid JavaScript": ("export const handle = = 1;", INVALID_SOURCE),
    "NUL": ("const a = 1;\0", INVALID_SOURCE),
    "empty": ("", NOT_EXPORTED),
}


@pytest.mark.parametrize(("text", "kind"), ES_MODULES.values(), ids=ES_MODULES)
def test_the_kind_of_a_handler_in_an_es_module(text: str, kind: ResolutionKind) -> None:
    there = b"export const run = () => 1;\nexport { run as handler };\nexport default run;\n"
    modules = TextModules(here=javascript_exports(text.encode()).as_module, there=javascript_exports(there).as_module)
    assert resolve_name("here", "handler", modules).kind is kind


COMMONJS = {
    "exports": ("exports.handler = async (event) => {};", FUNCTION),
    "exports by text": ("exports['handler'] = run;", FUNCTION),
    "module.exports": ("module.exports.handler = function () {};", FUNCTION),
    "object": ("module.exports = { handler: async () => {} };", FUNCTION),
    "short object": ("async function handler() {}\nmodule.exports = { handler };", FUNCTION),
    "method": ("module.exports = { async handler(event) {} };", FUNCTION),
    "both names": ("module.exports = exports = { handler: run };", FUNCTION),
    "chain": ("exports.a = exports.handler = () => 1;", FUNCTION),
    "variable": ("const api = { handler: run };\nmodule.exports = api;", FUNCTION),
    "assign": ("Object.assign(module.exports, { handler: run });", FUNCTION),
    "assign of a file": ("Object.assign(exports, require('there'));", FUNCTION),
    "spread": ("module.exports = { ...require('there') };", FUNCTION),
    "whole file": ("module.exports = require('there');", FUNCTION),
    "one of a file": ("exports.handler = require('there').run;", FUNCTION),
    "destructured": ("const { run: handler } = require('there');\nmodule.exports = { handler };", FUNCTION),
    "in a condition": ("if (x) { exports.handler = run; }", FUNCTION),
    "compiled by TypeScript": (
        (
            '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n'
            "exports.handler = void 0;\nconst handler = async () => {};\nexports.handler = handler;"
        ),
        FUNCTION,
    ),
    "re-exported by TypeScript": (
        'Object.defineProperty(exports, "handler", { enumerable: true, get: function () { return a.b; } });',
        FUNCTION,
    ),
    "all re-exported by TypeScript": ('__exportStar(require("there"), exports);', FUNCTION),
    "bundled by esbuild": (
        (
            "var src_exports = {};\n__export(src_exports, { handler: () => handler });\n"
            "module.exports = __toCommonJS(src_exports);\n0 && (module.exports = { handler });"
        ),
        FUNCTION,
    ),
    "computed": ("exports[name] = run;", UNKNOWN),
    "result of a call": ("module.exports = make();", UNKNOWN),
    "no such file": ("exports.handler = require('nowhere').run;", MISSING_MODULE),
    "number": ("exports.handler = 5;", NOT_A_FUNCTION),
    "object instead": ("module.exports = { handler: {} };", NOT_A_FUNCTION),
    "the function itself": ("module.exports = async (event) => {};", NOT_EXPORTED),
    "a named function itself": ("function handler() {}\nmodule.exports = handler;", NOT_EXPORTED),
    "inside a function": ("function f() { exports.handler = run; }", NOT_EXPORTED),
    "of something else": ("other.handler = run;", NOT_EXPORTED),
    "missing": ("exports.handler = require('there').missing;", NOT_EXPORTED),
    "invalid JavaScript": ("exports.handle = ;", INVALID_SOURCE),
    "spread too deeply": ("module.exports = " + "{..." * 20_000 + "{}" + "}" * 20_000, INVALID_SOURCE),
}


@pytest.mark.parametrize(("text", "kind"), COMMONJS.values(), ids=COMMONJS)
def test_the_kind_of_a_handler_in_a_commonjs_file(text: str, kind: ResolutionKind) -> None:
    there = b"exports.run = () => 1;\nexports.handler = exports.run;\n"
    modules = TextModules(
        here=javascript_exports(text.encode()).as_commonjs, there=javascript_exports(there).as_commonjs
    )
    assert resolve_name("here", "handler", modules).kind is kind


def test_a_cycle_of_re_exports_does_not_export_the_name() -> None:
    modules = TextModules(
        a=python_exports(b"from b import handler"), b=python_exports(b"from a import handler\nfrom a import *")
    )
    assert resolve_name("a", "handler", modules).kind is NOT_EXPORTED


def test_files_that_import_each_other_are_read_once() -> None:
    names = [f"m{number}" for number in range(40)]
    everything = "\n".join(f"from {name} import *" for name in names).encode()
    started = time.process_time()
    assert (
        resolve_name("m0", "handler", TextModules(**dict.fromkeys(names, python_exports(everything)))).kind
        is NOT_EXPORTED
    )
    assert time.process_time() - started < 20  # a few milliseconds; following every path would never end


@pytest.mark.parametrize(
    ("handler", "language", "module", "name"),
    [
        ("index.handler", "python", "index", "handler"),
        ("src/app.run", "python", "src/app", "run"),
        ("src.app.run", "python", "src/app", "run"),
        ("index.handler", "nodejs", "index", "handler"),
        ("dist/src/app.run", "nodejs", "dist/src/app", "run"),
        ("app.api.run", "nodejs", "app", "api"),
    ],
)
def test_a_handler_is_split_as_its_runtime_does_it(handler: str, language: str, module: str, name: str) -> None:
    reference = HandlerReference.parse(handler, language, "")
    assert (reference.module, reference.name) == (module, name)


HOSTILE = {
    "parentheses": b"(" * 200_000,
    "lists": b"[" * 200_000,
    "calls": b"a" + b"()" * 100_000,
    "assignments": b"exports.a=" * 20_000 + b"1",
    "members": b"a" + b".b" * 100_000,
    "objects": b"module.exports=" + b"{a:" * 50_000 + b"1" + b"}" * 50_000,
    "conditions": b"if(1)" * 50_000,
    "binary": bytes(range(256)) * 500,
}


@pytest.mark.parametrize("source", exhaustive_after(1, HOSTILE.values()), ids=HOSTILE)
def test_a_hostile_javascript_file_is_read_in_bounded_time(source: bytes) -> None:
    started = time.process_time()
    javascript_exports(source)
    assert time.process_time() - started < 60  # about 1 s; work that grows with the square takes hours


fragments = st.sampled_from(
    [
        "export ",
        "default ",
        "exports.",
        "module.exports",
        "handler",
        " = ",
        "{",
        "}",
        "(",
        ")",
        "...",
        "require('x')",
        ",",
        "import ",
        " from 'x'",
        "async ",
        "function ",
        "def ",
        "class ",
        ":",
        "\n",
        "  ",
        "*",
        "=>",
        "\0",
        "'",
        "[",
        "]",
        "if x",
    ]
)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(fragments, max_size=40).map("".join) | st.text(max_size=100))
def test_every_text_can_be_read(text: str) -> None:
    """For every text, reading it returns exports and raises nothing."""
    source = text.encode("utf-8", "surrogatepass")
    assert isinstance(python_exports(source), Exports)
    read = javascript_exports(source)
    assert isinstance(read.as_module, Exports)
    assert isinstance(read.as_commonjs, Exports)
