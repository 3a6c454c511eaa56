// Replaces the native part of aws-lambda-ric (src/rapid-client.cc), with the same three functions over node:http.
//
// The native `done` and `error` return after the Runtime API has answered. Here they return at once, so the next event
// is fetched only after that answer, and `process.exit` waits for it.
"use strict";
const http = require("node:http");

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1, noDelay: true });
const pending = new Set();
const NAMES = [
  "lambda-runtime-aws-request-id",
  "lambda-runtime-trace-id",
  "lambda-runtime-invoked-function-arn",
  "lambda-runtime-client-context",
  "lambda-runtime-cognito-identity",
  "lambda-runtime-aws-tenant-id",
];

function send(method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const options = { agent, headers, host, method, path: `/2018-06-01/runtime/invocation/${path}`, port };
    const request = http.request(options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ body: Buffer.concat(parts), headers: response.headers }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function post(path, text, headers) {
  const body = Buffer.from(text, "utf8");
  const all = { "content-type": "application/json", "content-length": body.length, ...headers };
  // The native part ignores a refusal as well.
  const sent = send("POST", path, body, all).catch(() => undefined);
  pending.add(sent);
  sent.finally(() => pending.delete(sent));
}

async function next() {
  await Promise.all(pending);
  const { body, headers } = await send("GET", "next");
  const kept = { "lambda-runtime-deadline-ms": Number(headers["lambda-runtime-deadline-ms"]) };
  for (const name of NAMES) if (headers[name]) kept[name] = headers[name];
  return { bodyJson: body.toString("utf8"), headers: kept };
}

function header(text) {
  // A header can neither contain line ends nor characters beyond Latin-1.
  return text.replace(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character.toWellFormed?.() ?? "?"));
}

function error(id, body, xrayCause) {
  post(`${id}/error`, body, xrayCause ? { "lambda-runtime-function-xray-error-cause": header(xrayCause) } : {});
}

const exit = process.exit.bind(process);
process.exit = (code) => {
  if (pending.size === 0) exit(code);
  process.exitCode = code ?? process.exitCode;
  Promise.all(pending).then(() => exit());
};

module.exports = { next, done: (id, body) => post(`${id}/response`, body), error };
