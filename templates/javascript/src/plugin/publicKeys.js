import { PluginError } from "./errors.js";
import { sendTwice } from "./sendRequest.js";
import { biotUrl } from "./settings.js";

/** @typedef {import("jose").CryptoKey} Key */

const KEY_PATH = "/ums/v1/security/public-key";
const TIMEOUT_SECONDS = 2;
const FETCHES_AT_ONCE = 5;
const SECONDS_PER_FETCH = 1;

/**
 * The keys with which BioT signs its tokens. They are fetched once and kept for as long as Lambda keeps the plugin in
 * memory. BioT changes its key from time to time: a signature that fits none of the keys makes the plugin fetch them
 * again, so no restart is needed.
 *
 * A forged signature looks exactly like one by a new key, and anybody can send forged tokens. So the fetches are
 * limited, by a limit that a stranger cannot use up: several may follow each other at once, and one more is allowed
 * every second. A few forged tokens do not delay a genuine one at all. During a flood the keys in memory are never
 * older than one second, whoever sent the token that had them fetched, so genuine tokens are refused for one second at
 * most after a change.
 *
 * Two other ways were rejected. A token cannot say that it is newer than the keys: whoever forges it also writes its
 * iat. And a call that waits for the next fetch would also let forged calls wait, each of them in a Lambda process of
 * its own, until none is left for BioT. One fetch a second is little: the key is public, a stranger can also ask BioT
 * for it directly.
 */
export class PublicKeys {
  /** @type {Key[]} */
  #keys = [];
  /** When five fetches at once are allowed again. */
  #fullAt = Number.NEGATIVE_INFINITY;
  #monotonicSeconds;

  /** @param {() => number} [monotonicSeconds] A clock that does not go back. */
  constructor(monotonicSeconds = () => performance.now() / 1000) {
    this.#monotonicSeconds = monotonicSeconds;
  }

  /**
   * @param {import("./flow.js").Call} call
   * @returns {Promise<Key[]>}
   */
  async get(call) {
    if (this.#keys.length === 0) {
      if (!this.#allowsFetch()) {
        throw notAvailable("the keys were asked for too often");
      }
      this.#keys = await fetchKeys(call);
    }
    return this.#keys;
  }

  /**
   * Fetches the keys again because none of them fits.
   *
   * @param {import("./flow.js").Call} call
   * @returns {Promise<Key[]>} None when the limit does not allow another fetch.
   */
  async getChanged(call) {
    if (!this.#allowsFetch()) {
      return [];
    }
    this.#keys = await fetchKeys(call);
    return this.#keys;
  }

  /** Counts a fetch, and says whether it may be made. */
  #allowsFetch() {
    const now = this.#monotonicSeconds();
    const fullAt = Math.max(this.#fullAt, now) + SECONDS_PER_FETCH;
    if (fullAt - now > FETCHES_AT_ONCE * SECONDS_PER_FETCH) {
      return false;
    }
    this.#fullAt = fullAt;
    return true;
  }
}

/**
 * @param {import("./flow.js").Call} call
 * @returns {Promise<Key[]>}
 */
async function fetchKeys({ settings, traceparent, remainingSeconds }) {
  const request = { method: "GET", url: biotUrl(settings, KEY_PATH), headers: { traceparent } };
  try {
    const { status, json } = await sendTwice(request, { limitSeconds: TIMEOUT_SECONDS, remainingSeconds });
    if (status !== 200) {
      throw new Error(`BioT answered ${status} to GET ${KEY_PATH}`);
    }
    // BioT before 2.3.30 sends no previousPublicKey.
    return await readKeys([json?.publicKey, json?.previousPublicKey]);
  } catch (cause) {
    throw notAvailable(cause);
  }
}

/** @param {unknown} cause */
function notAvailable(cause) {
  const message = "The token cannot be checked now. Try again later.";
  return new PluginError(503, "PUBLIC_KEY_NOT_AVAILABLE", message, {}, cause);
}

/**
 * @param {unknown[]} texts
 * @returns {Promise<Key[]>} At least one.
 */
async function readKeys(texts) {
  const { importSPKI } = await import("jose");
  const results = await Promise.allSettled(texts.map((text) => importSPKI(toPem(text), "RS512")));
  const keys = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  if (keys.length === 0) {
    throw new Error("BioT's answer holds no public key that can be read");
  }
  return keys;
}

/**
 * BioT sends the base64 of a PEM without its first and last line.
 *
 * @param {unknown} text
 */
function toPem(text) {
  const pem = String(text).trim();
  return pem.startsWith("-----BEGIN") ? pem : `-----BEGIN PUBLIC KEY-----\n${pem}\n-----END PUBLIC KEY-----`;
}
