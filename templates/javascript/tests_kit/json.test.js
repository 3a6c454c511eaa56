import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson, toJson } from "../src/plugin/json.js";
import { startPlugin } from "../tests/support/plugin.js";
import { makeToken } from "../tests/support/tokens.js";

const KEEPS_DIGITS = "rawJSON" in JSON;
const LONG =
  '{"a":9007199254740993,"b":[-12345678901234567890],"c":{"d":9007199254740991,"e":0.1,"text":"1234567890123456789"}}';
const ROUNDED =
  '{"a":9007199254740992,"b":[-12345678901234567000],"c":{"d":9007199254740991,"e":0.1,"text":"1234567890123456789"}}';

test("integers keep all their digits on the way through the plugin", async (t) => {
  const { handler } = await startPlugin(t, { hooks: { nonspecific: { perform: (data) => data } } });

  const answer = await handler({
    headers: { authorization: `Bearer ${makeToken("user")}` },
    requestContext: {},
    body: LONG,
  });

  assert.equal(answer.body, KEEPS_DIGITS ? LONG : ROUNDED);
});

test("an integer beyond 2^53 is a BigInt, every other number is a number", () => {
  const text = "[9007199254740993, 9007199254740991, 1e20, 0.1234567890123456, 1234567890123456789012345]";

  const [long, ...others] = /** @type {unknown[]} */ (parseJson(text));

  assert.equal(long, KEEPS_DIGITS ? 9007199254740993n : 9007199254740992);
  const expected = [9007199254740991, 1e20, 0.1234567890123456];
  assert.deepEqual(others, [...expected, KEEPS_DIGITS ? 1234567890123456789012345n : 1.2345678901234568e24]);
});

test("a BigInt of perform is written as a number, or is an error where Node.js cannot write it", () => {
  const next = () => toJson({ next: 9007199254740993n + 1n });

  if (KEEPS_DIGITS) {
    assert.equal(next(), '{"next":9007199254740994}');
  } else {
    assert.throws(next, TypeError);
  }
});
