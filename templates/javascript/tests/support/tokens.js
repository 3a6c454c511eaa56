import { createHmac, generateKeyPairSync, sign } from "node:crypto";

/**
 * Keys are generated when a test first needs them: the repository contains no key.
 *
 * @type {Map<string, import("node:crypto").KeyPairKeyObjectResult>}
 */
const keys = new Map();

/** @param {string} name "current", "previous", "rotated" or "foreign" (one that BioT does not have). */
function keyPair(name) {
  const pair = keys.get(name) ?? generateKeyPairSync("rsa", { modulusLength: 2048 });
  keys.set(name, pair);
  return pair;
}

/**
 * @param {string} name
 * @returns {string} The public key as BioT publishes it: base64 without the lines of PEM.
 */
export function publicKey(name) {
  return keyPair(name).publicKey.export({ type: "spki", format: "der" }).toString("base64");
}

/**
 * @param {string} name
 * @returns {string}
 */
export function publicKeyPem(name) {
  return String(keyPair(name).publicKey.export({ type: "spki", format: "pem" }));
}

const ID = "00000000-0000-4000-8000-000000000001";

/** @type {Record<string, Record<string, unknown>>} The claims of the tokens that plugins get, as BioT issues them. */
const CLAIMS = {
  "platform-notification": {
    serviceUserId: ID,
    scopes: ["PROTECTED_API", "ACTION_NOTIFICATION", "PERMISSIONS_SYNC_PERMISSIONS"],
    tokenType: "SERVICE_INTERNAL",
    jti: ID,
  },
  "platform-interceptor": {
    serviceUserId: ID,
    scopes: ["PROTECTED_API", "PLUGIN_INTERCEPTOR", "UMS_USERS_UPDATE_USER"],
    tokenType: "SERVICE_INTERNAL",
    jti: ID,
  },
  user: { sub: ID, tenantId: ID, refreshTokenId: ID, scopes: ["PROTECTED_API"], tokenType: "USER", jti: ID },
  service: { serviceUserId: ID, scopes: ["PROTECTED_API"], tokenType: "SERVICE_EXTERNAL", jti: ID },
};

/**
 * @typedef {object} TokenRecipe
 * @property {string} like One of the names above.
 * @property {Record<string, any>} [claims] Changes to its claims. null removes one; `{ $now: n }` is n seconds from
 *   now, `{ $text: n }` a text of n letters, `{ $json: t }` the literal JSON text t.
 * @property {string} [key]
 * @property {string} [algorithm]
 * @property {Record<string, unknown>} [header] Added to the token's header.
 * @property {string} [raw] The literal text of the token.
 */

/**
 * @param {string | TokenRecipe} recipe
 * @returns {string} A token that is valid for half an hour, unless the recipe says otherwise.
 */
export function makeToken(recipe) {
  const {
    like,
    claims = {},
    key = "current",
    algorithm = "RS512",
    header = {},
    raw,
  } = typeof recipe === "string" ? /** @type {TokenRecipe} */ ({ like: recipe }) : recipe;
  if (raw !== undefined) {
    return raw;
  }
  const payload = claimsText({ ...CLAIMS[like], exp: { $now: 1790 }, ...claims });
  const signed = `${base64url(JSON.stringify({ alg: algorithm, ...header }))}.${base64url(payload)}`;
  return `${signed}.${signature(signed, key, algorithm)}`;
}

/**
 * @param {Record<string, any>} claims
 * @returns {string} Their JSON text.
 */
function claimsText(claims) {
  const members = Object.entries(claims)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${JSON.stringify(name)}:${claimText(value)}`);
  return `{${members.join(",")}}`;
}

/**
 * @param {any} value
 * @returns {string}
 */
function claimText(value) {
  if (value.$now !== undefined) {
    return String(Math.floor(Date.now() / 1000) + value.$now);
  }
  if (value.$text !== undefined) {
    return JSON.stringify("x".repeat(value.$text));
  }
  return value.$json ?? JSON.stringify(value);
}

/**
 * @param {string} text
 * @param {string} key
 * @param {string} algorithm
 */
function signature(text, key, algorithm) {
  if (algorithm === "none") {
    return "";
  }
  if (algorithm.startsWith("HS")) {
    // The classic attack: using the public key, which everybody has, as the secret of an HMAC.
    return createHmac(`sha${algorithm.slice(2)}`, publicKeyPem(key))
      .update(text)
      .digest("base64url");
  }
  return sign(`sha${algorithm.slice(2)}`, Buffer.from(text), keyPair(key).privateKey).toString("base64url");
}

/** @param {string} text */
function base64url(text) {
  return Buffer.from(text).toString("base64url");
}
