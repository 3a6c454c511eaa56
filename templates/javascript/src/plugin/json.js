/**
 * JSON whose integers keep all their digits. A number of JavaScript keeps about 16 digits, so a longer integer becomes a
 * BigInt, such as 9007199254740993n, and is written as a number again. Node.js 20 cannot do that: there such an integer
 * is rounded, and a warning says so.
 */

const LONG_NUMBER = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** @type {((text: string) => unknown) | undefined} Node.js 22 and later have it, and pass the digits to a reviver. */
const rawJson = /** @type {any} */ (JSON).rawJSON;
let warned = false;

/**
 * @param {string} text
 * @returns {unknown}
 */
export function parseJson(text) {
  if (!LONG_NUMBER.test(text)) {
    return JSON.parse(text);
  }
  return JSON.parse(text, /** @type {any} */ (keepDigits));
}

/**
 * @param {unknown} value
 * @returns {string}
 */
export function toJson(value) {
  const text = JSON.stringify(value, writeNumber);
  if (text === undefined) {
    throw new TypeError(`perform must return a JSON value, not a ${typeof value}`);
  }
  return text;
}

/**
 * @param {string} _key
 * @param {unknown} value
 * @param {{ source?: string }} [context] The digits in the text.
 */
function keepDigits(_key, value, context) {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) {
    return value;
  }
  if (rawJson !== undefined) {
    return INTEGER.test(context?.source ?? "") ? BigInt(String(context?.source)) : value;
  }
  if (!warned) {
    warned = true;
    process.emitWarning("An integer with more than 15 digits was rounded. Node.js 22 and later keep its digits.");
  }
  return value;
}

/**
 * JSON has no NaN and no Infinity. JavaScript would silently write null instead.
 *
 * @param {string} key
 * @param {unknown} value
 */
function writeNumber(key, value) {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`JSON cannot express ${value}, the value of ${key}`);
  }
  return typeof value === "bigint" && rawJson !== undefined ? rawJson(String(value)) : value;
}
