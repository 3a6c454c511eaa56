import { PluginError } from "../../src/plugin/errors.js";

const PATIENT = "/organization/v1/users/patients/00000000-0000-4000-8000-000000000001";

/** @typedef {import("../../src/plugin/flow.js").PerformContext} Context */

/**
 * What stands in for the author's perform in the table of cases: tests/cases.json explains each.
 *
 * @type {Record<string, (data: any, context: Context) => unknown>}
 */
export const performDoubles = {
  echo: (data) => data,
  keep: () => undefined,
  change,
  reject: () => {
    throw new PluginError(409, "MODIFICATION_FORBIDDEN", "Not on weekends");
  },
  crash: async () => {
    throw new Error("secret-internal-detail");
  },
  log: (_data, context) => context.log.info("perform was here"),
  respond: () => ({ statusCode: 201, headers: { location: "/things/1" }, body: { made: true } }),
  call_biot: callBiot,
  show_context: (_data, { hook, trigger, traceId, metadata, claims }) => ({
    hook,
    trigger,
    traceId,
    metadata,
    claims: Object.keys(claims).sort(),
  }),
};

/**
 * @param {any} data
 * @param {Context} context
 */
function change(data, { hook }) {
  if (hook === "nonspecific") {
    return { changed: true };
  }
  if (hook === "interceptor_post_entity") {
    for (const entity of data.entities) {
      entity.changed = true;
    }
  } else if (hook !== "notification") {
    data.body.changed = true;
  }
  return data;
}

/**
 * @param {any} data
 * @param {Context} context
 */
async function callBiot(data, { hook, biot }) {
  const patient = await biot.get(PATIENT);
  if (hook === "nonspecific") {
    return patient;
  }
  if (hook === "interceptor_pre" || hook === "interceptor_post") {
    data.body.fetched = patient;
    return data;
  }
  return undefined;
}
