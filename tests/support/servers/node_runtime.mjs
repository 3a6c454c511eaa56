// A runtime client for Node.js: fetches events from the Runtime API and calls the handler, as Lambda's own client does.
// Source: AWS, "Using the Lambda runtime API", version 2018-06-01. Started as: node node_runtime.mjs index.handler
import path from "node:path";
import { pathToFileURL } from "node:url";

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const root = process.env.LAMBDA_TASK_ROOT ?? process.cwd();
const [file, name] = (process.argv[2] ?? "index.handler").split(".");

const post = (where, body) => fetch(`${api}/${where}`, { method: "POST", body: JSON.stringify(body ?? null) });
const describeError = (error) => ({ errorMessage: String(error?.message ?? error), errorType: error?.name ?? "Error" });

let handler;
try {
  const module = await import(pathToFileURL(path.join(root, `${file}.js`)).href);
  handler = module[name] ?? module.default?.[name];
  if (typeof handler !== "function") throw new TypeError(`${file}.js does not export ${name}`);
} catch (error) {
  await post("init/error", describeError(error));
  process.exit(1);
}

for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get("lambda-runtime-aws-request-id");
  const deadline = Number(next.headers.get("lambda-runtime-deadline-ms"));
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadline - Date.now() };
  try {
    await post(`invocation/${id}/response`, await handler(await next.json(), context));
  } catch (error) {
    await post(`invocation/${id}/error`, describeError(error));
  }
}
