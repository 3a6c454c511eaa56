import { createServer } from "node:http";
import { publicKey, publicKeyPem } from "./tokens.js";

/**
 * How the fake behaves. tests/cases.json explains the words.
 *
 * @typedef {{ public_key?: string, login?: string, entity?: string }} Behaviour
 *
 * @typedef {object} FakeBiot
 * @property {string} url
 * @property {Record<string, number>} requests How often "public-key", "login" and "entity" were asked for.
 * @property {{ path: string, headers: import("node:http").IncomingHttpHeaders, body: string }[]} received
 * @property {() => Promise<void>} close
 */

const PATHS = new Map([
  ["/ums/v1/security/public-key", "public-key"],
  ["/ums/v2/services/accessToken", "login"],
]);
const SLOW_MILLISECONDS = 5000;
const PATIENT = { _id: "00000000-0000-4000-8000-000000000001", _name: { firstName: "Ann" } };

/**
 * Starts a BioT on this machine that knows three things: its public keys, the login of service users, and one patient.
 *
 * @param {Behaviour} [behaviour]
 * @returns {Promise<FakeBiot>}
 */
export async function startFakeBiot(behaviour = {}) {
  /** @type {Record<string, number>} */
  const requests = { "public-key": 0, login: 0, entity: 0 };
  /** @type {FakeBiot["received"]} */
  const received = [];
  const server = createServer(async (request, response) => {
    const path = new URL(String(request.url), "http://localhost").pathname;
    const what = PATHS.get(path) ?? "entity";
    requests[what] += 1;
    const count = requests[what];
    received.push({ path: String(request.url), headers: request.headers, body: await readAll(request) });
    const answer = answerTo(what, behaviour, count);
    if (answer === "drop") {
      request.socket.destroy();
      return;
    }
    if (answer === "slow") {
      setTimeout(() => response.destroy(), SLOW_MILLISECONDS).unref();
      return;
    }
    response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, requests, received, close };
}

/** @typedef {"drop" | "slow" | { status: number, text: string }} Answer */

/**
 * @param {string} what
 * @param {Behaviour} behaviour
 * @param {number} count How many requests of this kind there were, with this one.
 * @returns {Answer}
 */
function answerTo(what, behaviour, count) {
  if (what === "public-key") {
    return answerPublicKey(behaviour.public_key ?? "ok", count);
  }
  return what === "login" ? answerLogin(behaviour.login ?? "ok", count) : answerEntity(behaviour.entity ?? "ok");
}

/**
 * @param {string} behaviour
 * @param {number} count
 * @returns {Answer}
 */
function answerPublicKey(behaviour, count) {
  switch (behaviour) {
    case "slow":
      return "slow";
    case "down":
      return json(503, { code: "INTERNAL_SERVER_ERROR" });
    case "garbage":
      return json(200, { publicKey: "no key", previousPublicKey: "no key either" });
    case "previous_too":
      return json(200, { publicKey: publicKey("current"), previousPublicKey: publicKey("previous") });
    case "pem":
      return json(200, { publicKey: publicKeyPem("current"), previousPublicKey: null });
    case "rotate_after_first":
      return json(200, { publicKey: publicKey(count === 1 ? "current" : "rotated"), previousPublicKey: null });
    default:
      return json(200, { publicKey: publicKey("current"), previousPublicKey: null });
  }
}

/**
 * @param {string} behaviour
 * @param {number} count
 * @returns {Answer}
 */
function answerLogin(behaviour, count) {
  const seconds = behaviour === "short" ? 30 : 1800;
  const accessTokenExpiration = new Date(Date.now() + seconds * 1000).toISOString();
  switch (behaviour) {
    case "slow":
      return "slow";
    case "forbidden":
      return json(403, { code: "LOGIN_FAILED" });
    case "bad_json":
      return { status: 200, text: "{not json" };
    case "drop_once":
      return count === 1 ? "drop" : json(200, { accessToken: "synthetic-access-token", accessTokenExpiration });
    default:
      return json(200, { accessToken: "synthetic-access-token", accessTokenExpiration });
  }
}

/**
 * @param {string} behaviour
 * @returns {Answer}
 */
function answerEntity(behaviour) {
  switch (behaviour) {
    case "404":
      return json(404, { code: "ENTITY_NOT_FOUND", message: "patient-data" });
    case "500":
      return json(500, { code: "INTERNAL_SERVER_ERROR", message: "patient-data" });
    default:
      return json(200, PATIENT);
  }
}

/**
 * @param {number} status
 * @param {unknown} body
 */
function json(status, body) {
  return { status, text: JSON.stringify(body) };
}

/** @param {AsyncIterable<Buffer>} request */
async function readAll(request) {
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
