import { configureLogger } from "../src/plugin/configureLogger.js";
import { createHandler } from "../src/plugin/flow.js";
import { hooks } from "../src/plugin/hooks.js";
import { readSettings } from "../src/plugin/settings.js";
import { App } from "./app.js";
import { readServerSettings, withSecretFiles } from "./settings.js";

// Serves the plugin until SIGTERM or SIGINT. README.md ("On your own account") lists the settings.

const NO_TRACE_ID = "0".repeat(32);

/** @param {string} line */
function writeLine(line) {
  process.stdout.write(`${line}\n`);
}

async function main() {
  const environment = withSecretFiles(process.env);
  const settings = readServerSettings(environment);
  const app = new App({
    handler: createHandler({ hooks, environment, writeLine }),
    settings,
    environment,
    writeLine,
  });
  const log = configureLogger(readSettings(environment), NO_TRACE_ID, writeLine);
  const port = await app.listen();
  log.info(`Listening on http://${settings.host}:${port}`);
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, async () => {
      log.info(`Stopped; ${await app.stop()} calls were given up`);
      process.exit(0);
    });
  }
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
