import { PluginError } from "./errors.js";
import { sendTwice } from "./sendRequest.js";
import { biotUrl } from "./settings.js";

/** @typedef {import("jose").CryptoKey} Key */

const KEY_PATH = "/ums/v1/security/public-key";
const TIMEOUT_SECONDS = 2;
const FETCHES_AT_ONCE = 5;
const SECONDS_PER_FETCH = 1;

/**
 * The keys with which BioT signs its tokens. They are fetched once and cached for as long as Lambda keeps the plugin in
 * memory. BioT changes its key from time to time. When a signature fits none of the keys, the plugin fetches them
 * again, so it needs no restart.
 *
 * A forged signature looks exactly like a signature by a new key, and anybody can send forged tokens. So the number of
 * fetches is limited, in a way that an attacker cannot use up: five at once, and one more every second. A few forged
 * tokens do not delay a genuine one at all. During a flood of forged tokens the keys in memory are never older than one
 * second, so after a change of the key genuine tokens are refused for one second at most.
 *
 * Two other ways were rejected. A token cannot prove that it is newer than the keys, because the forger also writes its
 * iat. And if calls waited for the next fetch, forged calls would wait as well, each of them in a Lambda process of its
 * own, until none is left for BioT. One fetch a second is little: the key is public, and an attacker can ask BioT for
 * it directly.
 */
export class PublicKeys {
  /** @type {Key[]} */
  #keys = [];
  /** When five fetches at once are allowed again. */
  #fullAt = Number.NEGATIVE_INFINITY;
  #monotonicSeconds;

  /** @param {() => number} [monotonicSeconds] A clock that never goes back. */
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
   * @returns {Promise<Key[]>} Empty when the limit does not allow another fetch.
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
    throw new Error("BioT's answer contains no readable public key");
  }
  return keys;
}

/**
 * BioT sends a PEM without its first and last line.
 *
 * @param {unknown} text
 */
function toPem(text) {
  const pem = String(text).trim();
  return pem.startsWith("-----BEGIN") ? pem : `-----BEGIN PUBLIC KEY-----\n${pem}\n-----END PUBLIC KEY-----`;
}
