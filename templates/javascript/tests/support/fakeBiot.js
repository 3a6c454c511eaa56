import { createServer } from "node:http";
import { SERVICE_SECRET, SERVICE_USER_ID } from "./environment.js";
import { publicKey, publicKeyPem } from "./tokens.js";

export const PATIENTS = "/organization/v1/users/patients";
export const PATIENT_ID = "00000000-0000-4000-8000-000000000001";
export const PATIENT = { _id: PATIENT_ID, _name: { firstName: "Ann" } };
export const SERVICE_TOKEN = "eyJhbGciOiJSUzUxMiJ9.c2VydmljZQ.c2lnbmF0dXJl";

const SLOW_MILLISECONDS = 5000;
/** How many answers hold the old key. */
const ROTATIONS = new Map([
  ["rotated", 0],
  ["rotate_after_first", 1],
  ["rotate_after_second", 2],
]);
const KIND_OF_PATH = new Map([
  ["/ums/v1/security/public-key", "public-key"],
  ["/ums/v2/services/accessToken", "login"],
]);

/**
 * What goes wrong: tests/cases.json explains the words.
 *
 * @typedef {{ public_key?: string, login?: string, entity?: string }} Behaviour
 *
 * @typedef {object} Received
 * @property {string} method
 * @property {URL} url
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {any} body
 *
 * @typedef {object} FakeBiot
 * @property {string} url
 * @property {Behaviour} behaviour
 * @property {Record<string, number>} requests How many of each kind came: "public-key", "login" and "entity".
 * @property {Received[]} received
 * @property {() => Promise<void>} close
 *
 * @typedef {[status: number, json: unknown, headers?: Record<string, string>] | "drop" | "slow"} Answer
 */

/**
 * Starts a small BioT on this machine: public key, login of service users, and the API of one patient.
 *
 * @param {Behaviour} [behaviour]
 * @returns {Promise<FakeBiot>}
 */
export async function startFakeBiot(behaviour = {}) {
  const server = createServer(async (incoming, outgoing) => {
    const request = await receive(incoming);
    const kind = KIND_OF_PATH.get(request.url.pathname) ?? "entity";
    biot.requests[kind] += 1;
    biot.received.push(request);
    send(outgoing, answerTo(kind, request, biot));
  });
  /** @type {FakeBiot} */
  const biot = {
    url: await listen(server),
    behaviour,
    requests: { "public-key": 0, login: 0, entity: 0 },
    received: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return biot;
}

/**
 * @param {import("node:http").Server} server
 * @returns {Promise<string>}
 */
async function listen(server) {
  // A test run that is over does not wait for the fake.
  server.unref();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

/**
 * @param {import("node:http").IncomingMessage} incoming
 * @returns {Promise<Received>}
 */
async function receive(incoming) {
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) {
    text += chunk;
  }
  return {
    method: String(incoming.method),
    url: new URL(String(incoming.url), "http://localhost"),
    headers: incoming.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

/**
 * @param {import("node:http").ServerResponse} outgoing
 * @param {Answer} answer
 */
function send(outgoing, answer) {
  if (answer === "drop") {
    outgoing.destroy();
  } else if (answer === "slow") {
    setTimeout(() => outgoing.destroy(), SLOW_MILLISECONDS).unref();
  } else {
    const [status, json, headers] = answer;
    outgoing.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(json));
  }
}

/**
 * @param {string} kind
 * @param {Received} request
 * @param {FakeBiot} biot
 * @returns {Answer}
 */
function answerTo(kind, request, { behaviour, requests }) {
  if (kind === "public-key") {
    return keyAnswer(behaviour.public_key, requests["public-key"]);
  }
  return kind === "login"
    ? loginAnswer(behaviour.login, requests.login, request)
    : entityAnswer(behaviour.entity, request);
}

/**
 * @param {string | undefined} how
 * @param {number} count
 * @returns {Answer}
 */
function keyAnswer(how, count) {
  switch (how) {
    case "slow":
      return "slow";
    case "down":
      return [503, { code: "GATEWAY_TIMEOUT" }];
    case "garbage":
      return [200, { publicKey: "bm8ga2V5", previousPublicKey: 7 }];
    case "pem":
      return [200, { publicKey: publicKeyPem("current") }];
    case "previous_too":
      return [200, { publicKey: publicKey("current"), previousPublicKey: publicKey("previous") }];
    default:
      return [200, { publicKey: publicKey(isRotated(how, count) ? "rotated" : "current"), previousPublicKey: null }];
  }
}

/**
 * @param {string | undefined} how
 * @param {number} count
 */
function isRotated(how, count) {
  return count > (ROTATIONS.get(String(how)) ?? Number.POSITIVE_INFINITY);
}

/**
 * @param {string | undefined} how
 * @param {number} count
 * @param {Received} request
 * @returns {Answer}
 */
function loginAnswer(how, count, { body }) {
  if (how === "slow") {
    return "slow";
  }
  if (how === "drop_once" && count === 1) {
    return "drop";
  }
  if (how === "bad_json") {
    return [200, ["no", "token"]];
  }
  if (how === "forbidden" || body.id !== SERVICE_USER_ID || body.secretKey !== SERVICE_SECRET) {
    return [403, { code: "LOGIN_FAILED", message: "patient-data" }];
  }
  const expiration = new Date(Date.now() + (how === "short" ? 30 : 1800) * 1000);
  // BioT writes times with up to nine digits of a second.
  const accessTokenExpiration = expiration.toISOString().replace("Z", "456789Z");
  return [200, { accessToken: SERVICE_TOKEN, accessTokenExpiration }];
}

/**
 * @param {string | undefined} how
 * @param {Received} request
 * @returns {Answer}
 */
function entityAnswer(how, { method, url, headers }) {
  if (headers.authorization !== `Bearer ${SERVICE_TOKEN}`) {
    return [401, { code: "TOKEN_NOT_VALID" }];
  }
  switch (how) {
    case "drop":
      return "drop";
    case "redirect":
      return [307, {}, { location: "/elsewhere" }];
    case "404":
      return [404, { code: "ENTITY_NOT_FOUND", message: "patient-data" }];
    case "500":
      return [500, { code: "INTERNAL_SERVER_ERROR", message: "patient-data" }];
    default:
      return [200, method === "GET" && url.pathname === PATIENTS ? searchAnswer(url) : PATIENT];
  }
}

/**
 * @param {URL} url
 * @returns {object} One page of three patients.
 */
function searchAnswer(url) {
  const { page, limit = 100 } = JSON.parse(String(url.searchParams.get("searchRequest")));
  const found = ["0", "1", "2"].map((id) => ({ ...PATIENT, _id: id }));
  const data = found.slice(page * limit, (page + 1) * limit);
  return { data, metadata: { page: { totalResults: found.length, page, limit } } };
}
