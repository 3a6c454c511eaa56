import { PluginError } from "./errors.js";
import { sendTwice } from "./sendRequest.js";
import { biotUrl } from "./settings.js";

/** @typedef {import("jose").CryptoKey} Key */

const KEY_PATH = "/ums/v1/security/public-key";
const TIMEOUT_SECONDS = 2;

/** Not more often, so that a flood of forged tokens does not become a flood of requests to BioT. */
const MILLISECONDS_BETWEEN_REFETCHES = 60_000;

/**
 * The keys with which BioT signs its tokens. They are fetched once and kept for as long as Lambda keeps the plugin in
 * memory. BioT changes its key from time to time: a signature that fits none of the keys makes the plugin look again,
 * so no restart is needed.
 */
export class PublicKeys {
  /** @type {Key[]} */
  #keys = [];
  #refetchedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param {import("./flow.js").Call} call
   * @returns {Promise<Key[]>}
   */
  async get(call) {
    if (this.#keys.length === 0) {
      this.#keys = await fetchKeys(call);
    }
    return this.#keys;
  }

  /**
   * @param {import("./flow.js").Call} call
   * @returns {Promise<Key[]>} The keys of now; none when the plugin looked already within the last minute.
   */
  async getChanged(call) {
    if (Date.now() - this.#refetchedAt < MILLISECONDS_BETWEEN_REFETCHES) {
      return [];
    }
    this.#refetchedAt = Date.now();
    this.#keys = await fetchKeys(call);
    return this.#keys;
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
    const message = "The token cannot be checked now. Try again later.";
    throw new PluginError(503, "PUBLIC_KEY_NOT_AVAILABLE", message, {}, cause);
  }
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
