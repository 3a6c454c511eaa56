import { PluginError } from "./errors.js";

/** @typedef {Record<string, unknown>} Claims The content of a token. */

/** Platform tokens list about twenty scopes and have less than 2 KB. */
const LONGEST_TOKEN = 16 * 1024;

/** How far BioT's clock and Lambda's clock may differ. */
const CLOCK_SKEW_SECONDS = 30;

/** BioT's tokens are valid for half an hour. A token that claims more than a year is not from BioT. */
const LONGEST_LIFE_SECONDS = 366 * 24 * 60 * 60;

/**
 * Checks who signed the token, how, and when it is valid. What it allows is decided in authenticate.js.
 *
 * @param {string} token
 * @param {import("./publicKeys.js").PublicKeys} publicKeys
 * @param {import("./flow.js").Call} call
 * @returns {Promise<Claims>}
 */
export async function verifyToken(token, publicKeys, call) {
  if (token.length > LONGEST_TOKEN) {
    throw notValid("it is too long");
  }
  const claims =
    (await verifyWithAny(token, await publicKeys.get(call))) ??
    (await verifyWithAny(token, await publicKeys.getChanged(call)));
  if (claims === undefined) {
    throw notValid("BioT has not signed it");
  }
  return claims;
}

/**
 * @param {string} token
 * @param {import("./publicKeys.js").Key[]} keys
 * @returns {Promise<Claims | undefined>} Undefined when the signature fits none of the keys.
 */
async function verifyWithAny(token, keys) {
  // Imported here and not at the top of the file, because this makes cold starts faster.
  const { errors, jwtVerify } = await import("jose");
  const rules = { algorithms: ["RS512"], requiredClaims: ["exp"], clockTolerance: CLOCK_SKEW_SECONDS };
  for (const key of keys) {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, key, rules);
      checkOwnRules(payload, protectedHeader);
      return payload;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) {
        continue;
      }
      throw error instanceof errors.JOSEError ? notValid(error.code) : error;
    }
  }
  return undefined;
}

/**
 * The checks that the library does not make.
 *
 * @param {Claims} claims
 * @param {object} header
 */
function checkOwnRules(claims, header) {
  if ("crit" in header) {
    throw notValid("it needs an extension (crit) that BioT does not use");
  }
  if ("aud" in claims) {
    throw notValid("it was made for somebody else (aud)");
  }
  const lifeSeconds = Number(claims.exp) - Date.now() / 1000;
  if (!(lifeSeconds <= LONGEST_LIFE_SECONDS)) {
    throw notValid("its exp is more than 366 days ahead");
  }
}

/** @param {string} why For the log: the caller must not learn which check a forged token failed. */
function notValid(why) {
  return new PluginError(401, "TOKEN_NOT_VALID", "The token is not valid.", {}, why);
}
