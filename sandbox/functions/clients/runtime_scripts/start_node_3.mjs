// Starts aws-lambda-ric 3 as the managed runtime does, without the line that its own command prints.
import { run } from "./index.mjs";

await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
