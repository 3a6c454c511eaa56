"""What source texts offer, and what a name turns out to be; no file is read and nothing is run."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.handler.exports import Exports
from builder.handler.javascript_exports import javascript_exports
from builder.handler.name_resolution import HandlerReference, ResolutionKind, resolve
from builder.handler.python_exports import python_exports

FUNCTION, COROUTINE, VALUE, UNKNOWN = (
    ResolutionKind.FUNCTION,
    ResolutionKind.COROUTINE,
    ResolutionKind.VALUE,
    ResolutionKind.UNKNOWN,
)
NOT_OFFERED, NO_MODULE, BROKEN = ResolutionKind.NOT_OFFERED, ResolutionKind.NO_MODULE, ResolutionKind.BROKEN


class Shelf:
    """Modules as texts: ``a`` is the plugin's own, everything that starts with ``other`` is a package."""

    def __init__(self, **texts: Exports) -> None:
        self.texts = texts

    def exports_of(self, file: str) -> Exports:
        return self.texts[file]

    def locate(self, module: str, *, importer: str) -> str | None:
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
    "annotation only": ("handler: Callable", NOT_OFFERED),
    "several targets": ("run = handler = make()", FUNCTION),
    "tuple": ("run, handler = (make(), 5)", VALUE),
    "tuple of a call": ("run, handler = make()", FUNCTION),
    "if and else": ("if x:\n  handler = None\nelse:\n  def handler(e, c): ...", FUNCTION),
    "try": ("try:\n  from other import handler\nexcept ImportError:\n  handler = None", FUNCTION),
    "with": ("with x:\n  def handler(e, c): ...", FUNCTION),
    "match": ("match x:\n  case 1:\n    def handler(e, c): ...", FUNCTION),
    "loop": ("for x in y:\n  def handler(e, c): ...", FUNCTION),
    "conditional value": ("def a(e, c): ...\nhandler = a if x else None", FUNCTION),
    "never more than a value": ("if x:\n  handler = 1\nelse:\n  handler = None", VALUE),
    "number": ("handler = 5", VALUE),
    "f-string": ("handler = f'{x}'", VALUE),
    "list": ("handler = []", VALUE),
    "class": ("class handler: ...", VALUE),
    "module": ("import handler", VALUE),
    "replaced": ("def handler(e, c): ...\nhandler = None", VALUE),
    "deleted": ("def handler(e, c): ...\ndel handler", NOT_OFFERED),
    "inside a function": ("def outer():\n  def handler(e, c): ...", NOT_OFFERED),
    "method": ("class A:\n  def handler(e, c): ...", NOT_OFFERED),
    "in a comment": ("# def handler(e, c): ...", NOT_OFFERED),
    "in a text": ("'''\ndef handler(e, c): ...\n'''", NOT_OFFERED),
    "from a package": ("from other import handler", FUNCTION),
    "all of a package": ("from other.flow import *", UNKNOWN),
    "all of the library": ("from os.path import *", NOT_OFFERED),
    "from a file that is not there": ("from nowhere import handler", NO_MODULE),
    "passed on": ("from there import run as handler", FUNCTION),
    "passed on all": ("from there import *", FUNCTION),
    "passed on and not there": ("from there import missing as handler", NOT_OFFERED),
    "made when asked": ("def __getattr__(name): ...", UNKNOWN),
    "empty": ("", NOT_OFFERED),
    "no Python": ("def handler(", BROKEN),
    "NUL": ("def handler(e, c): ...\0", BROKEN),
    "nested too deep": ("x = " + "-" * 400_000 + "1", BROKEN),
    "a long sum": ("x = " + "1+" * 100_000 + "1", BROKEN),
    "brackets": ("(" * 400_000, BROKEN),
}


@pytest.mark.parametrize(("text", "answer"), PYTHON.values(), ids=PYTHON)
def test_what_a_python_text_offers_as_handler(text: str, answer: ResolutionKind) -> None:
    there = "def run(e, c): ...\ndef handler(e, c): ...\n"
    shelf = Shelf(here=python_exports(text.encode()), there=python_exports(there.encode()))
    assert resolve("here", "handler", shelf).answer is answer


def test_a_python_text_of_another_encoding_is_read_by_its_own_declaration() -> None:
    source = "# -*- coding: latin-1 -*-\nname = '\u00e4'\ndef handler(e, c): ...\n".encode("latin-1")
    assert "handler" in python_exports(source).names
    assert python_exports(b"'\xe4'").broken_line == 1


ES_MODULES = {
    "async function": ("export async function handler(event) {}", FUNCTION),
    "generator": ("export function* handler() {}", FUNCTION),
    "constant": ("export const handler = async (event) => {};", FUNCTION),
    "wrapped": ("export const handler = wrap(run);", FUNCTION),
    "second of a list": ("export let a = 1, handler = () => 1;", FUNCTION),
    "renamed": ("function run() {}\nexport { run as handler };", FUNCTION),
    "before its definition": ("export { handler };\nfunction handler() {}", FUNCTION),
    "renamed by a text": ("function run() {}\nexport { run as 'handler' };", FUNCTION),
    "picked apart": ("export const { handler } = make();", FUNCTION),
    "passed on": ("export { run as handler } from 'there';", FUNCTION),
    "imported and passed on": ("import { run } from 'there';\nexport { run as handler };", FUNCTION),
    "imported and set": ("import { run } from 'there';\nexport const handler = run;", FUNCTION),
    "default imported": ("import run from 'there';\nexport { run as handler };", FUNCTION),
    "all passed on": ("export * from 'there';", FUNCTION),
    "all of a package": ("export * from 'other';", UNKNOWN),
    "a namespace": ("export * as handler from 'there';", VALUE),
    "not there": ("export { missing as handler } from 'there';", NOT_OFFERED),
    "no such file": ("export { run as handler } from 'nowhere';", NO_MODULE),
    "number": ("export const handler = 5;", VALUE),
    "object": ("export const handler = {};", VALUE),
    "class": ("export class handler {}", VALUE),
    "only default": ("export default function handler() {}", NOT_OFFERED),
    "default object": ("export default { handler() {} };", NOT_OFFERED),
    "not exported": ("async function handler() {}", NOT_OFFERED),
    "in a comment": ("// export function handler() {}", NOT_OFFERED),
    "in a text": ("const a = `export function handler() {}`;", NOT_OFFERED),
    "no JavaScript": ("export const handle = = 1;", BROKEN),
    "NUL": ("const a = 1;\0", BROKEN),
    "empty": ("", NOT_OFFERED),
}


@pytest.mark.parametrize(("text", "answer"), ES_MODULES.values(), ids=ES_MODULES)
def test_what_an_es_module_offers_as_handler(text: str, answer: ResolutionKind) -> None:
    there = b"export const run = () => 1;\nexport { run as handler };\nexport default run;\n"
    shelf = Shelf(here=javascript_exports(text.encode()).as_module, there=javascript_exports(there).as_module)
    assert resolve("here", "handler", shelf).answer is answer


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
    "picked apart": ("const { run: handler } = require('there');\nmodule.exports = { handler };", FUNCTION),
    "in a condition": ("if (x) { exports.handler = run; }", FUNCTION),
    "compiled by TypeScript": (
        (
            '"use strict";\nObject.defineProperty(exports, "__esModule", { value: true });\n'
            "exports.handler = void 0;\nconst handler = async () => {};\nexports.handler = handler;"
        ),
        FUNCTION,
    ),
    "passed on by TypeScript": (
        'Object.defineProperty(exports, "handler", { enumerable: true, get: function () { return a.b; } });',
        FUNCTION,
    ),
    "all passed on by TypeScript": ('__exportStar(require("there"), exports);', FUNCTION),
    "bundled by esbuild": (
        (
            "var src_exports = {};\n__export(src_exports, { handler: () => handler });\n"
            "module.exports = __toCommonJS(src_exports);\n0 && (module.exports = { handler });"
        ),
        FUNCTION,
    ),
    "computed": ("exports[name] = run;", UNKNOWN),
    "made by a call": ("module.exports = make();", UNKNOWN),
    "no such file": ("exports.handler = require('nowhere').run;", NO_MODULE),
    "number": ("exports.handler = 5;", VALUE),
    "object instead": ("module.exports = { handler: {} };", VALUE),
    "the function itself": ("module.exports = async (event) => {};", NOT_OFFERED),
    "a named function itself": ("function handler() {}\nmodule.exports = handler;", NOT_OFFERED),
    "inside a function": ("function f() { exports.handler = run; }", NOT_OFFERED),
    "of something else": ("other.handler = run;", NOT_OFFERED),
    "not there": ("exports.handler = require('there').missing;", NOT_OFFERED),
    "no JavaScript": ("exports.handle = ;", BROKEN),
    "spread too deep": ("module.exports = " + "{..." * 20_000 + "{}" + "}" * 20_000, BROKEN),
}


@pytest.mark.parametrize(("text", "answer"), COMMONJS.values(), ids=COMMONJS)
def test_what_a_commonjs_file_offers_as_handler(text: str, answer: ResolutionKind) -> None:
    there = b"exports.run = () => 1;\nexports.handler = exports.run;\n"
    shelf = Shelf(here=javascript_exports(text.encode()).as_commonjs, there=javascript_exports(there).as_commonjs)
    assert resolve("here", "handler", shelf).answer is answer


def test_files_that_pass_a_name_round_in_a_circle_do_not_offer_it() -> None:
    shelf = Shelf(
        a=python_exports(b"from b import handler"), b=python_exports(b"from a import handler\nfrom a import *")
    )
    assert resolve("a", "handler", shelf).answer is NOT_OFFERED


def test_a_web_of_files_is_looked_through_once() -> None:
    names = [f"m{number}" for number in range(40)]
    everything = "\n".join(f"from {name} import *" for name in names).encode()
    started = time.process_time()
    assert resolve("m0", "handler", Shelf(**dict.fromkeys(names, python_exports(everything)))).answer is NOT_OFFERED
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
def test_a_handler_is_taken_apart_as_its_runtime_does_it(handler: str, language: str, module: str, name: str) -> None:
    request = HandlerReference.of(handler, language, "")
    assert (request.module, request.name) == (module, name)


HOSTILE = {
    "parentheses": b"(" * 200_000,
    "lists": b"[" * 200_000,
    "calls": b"a" + b"()" * 100_000,
    "assignments": b"exports.a=" * 20_000 + b"1",
    "members": b"a" + b".b" * 100_000,
    "objects": b"module.exports=" + b"{a:" * 50_000 + b"1" + b"}" * 50_000,
    "conditions": b"if(1)" * 50_000,
    "no text": bytes(range(256)) * 500,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
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


@settings(max_examples=200, deadline=None)
@given(st.lists(fragments, max_size=40).map("".join) | st.text(max_size=100))
def test_every_text_is_answered(text: str) -> None:
    """Law: whatever the text, reading it ends in exports and raises nothing."""
    source = text.encode("utf-8", "surrogatepass")
    assert isinstance(python_exports(source), Exports)
    read = javascript_exports(source)
    assert isinstance(read.as_module, Exports)
    assert isinstance(read.as_commonjs, Exports)
