import { PluginError } from "../src/plugin/errors.js";

export const PATIENTS = "/organization/v1/users/patients";
export const PATIENT_ID = "00000000-0000-4000-8000-000000000001";
export const PATIENT = { _id: PATIENT_ID, _name: { firstName: "Ann" } };

/** @typedef {import("../src/plugin/context.js").Context} Context */

/**
 * The doubles that stand in for the author's perform; "about" in cases.json explains each.
 *
 * @type {Record<string, (data: any, context: Context) => unknown>}
 */
export const performs = {
  echo: (data) => data,
  keep: () => undefined,
  change,
  change_and_keep: (data, context) => {
    change(data, context);
  },
  reject: () => {
    throw new PluginError(409, "MODIFICATION_FORBIDDEN", "Not on weekends");
  },
  crash: async () => {
    throw new Error("secret-internal-detail");
  },
  log: (_data, context) => context.log.info("perform was here"),
  respond: () => ({ statusCode: 201, headers: { location: "/things/1" }, body: { made: true } }),
  return_text: () => "not an object",
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
  switch (hook) {
    case "interceptor_pre":
    case "interceptor_post":
      data.body.changed = true;
      return data;
    case "interceptor_post_entity":
      for (const entity of data.entities) {
        entity.changed = true;
      }
      return data;
    default:
      return { changed: true };
  }
}

/**
 * @param {any} data
 * @param {Context} context
 */
async function callBiot(data, { hook, biot }) {
  const patient = await biot.get(`${PATIENTS}/${PATIENT_ID}`);
  if (hook === "nonspecific") {
    return patient;
  }
  if (hook === "interceptor_pre" || hook === "interceptor_post") {
    data.body.fetched = patient;
  }
  return undefined;
}
