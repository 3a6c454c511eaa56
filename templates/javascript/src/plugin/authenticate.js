import { PluginError } from "./errors.js";
import { verifyToken } from "./verifyToken.js";

/** BioT's own calls have a token of this type. The tokens of people have the type USER. */
const PLATFORM_TOKEN_TYPE = "SERVICE_INTERNAL";

/** The scope that BioT's own token has for each hook. */
const SCOPE_OF_HOOK = {
  notification: "ACTION_NOTIFICATION",
  interceptor_pre: "PLUGIN_INTERCEPTOR",
  interceptor_post: "PLUGIN_INTERCEPTOR",
  interceptor_post_entity: "PLUGIN_INTERCEPTOR",
};

/**
 * Checks that the caller may call this hook. The plugin's URL is public: only the token protects it.
 *
 * @param {string | undefined} token
 * @param {import("./checkRequestType.js").RequestType} requestType
 * @param {import("./hook.js").Hook} hook
 * @param {import("./publicKeys.js").PublicKeys} publicKeys
 * @param {import("./flow.js").Call} call
 * @returns {Promise<import("./verifyToken.js").Claims>} The claims of the token; empty when none was needed.
 */
export async function authenticate(token, requestType, hook, publicKeys, call) {
  const { trigger, hook: name } = requestType;
  if (trigger === "cron" || (trigger === "http" && hook.REQUIRE_TOKEN_FOR_DIRECT_CALLS === false)) {
    return {};
  }
  if (token === undefined || token === "") {
    throw new PluginError(401, "NO_TOKEN", "A BioT token is needed.");
  }
  const claims = await verifyToken(token, publicKeys, call);
  if (name === "nonspecific") {
    checkScopes(claims, hook.DIRECT_CALL_SCOPES ?? []);
    return claims;
  }
  if (claims.tokenType !== PLATFORM_TOKEN_TYPE) {
    throw new PluginError(403, "ACCESS_DENIED", "Only BioT itself may call this hook.");
  }
  checkScopes(claims, [SCOPE_OF_HOOK[name]]);
  return claims;
}

/**
 * @param {import("./verifyToken.js").Claims} claims
 * @param {readonly string[]} needed All of these, as items of a list, not as parts of a text.
 */
function checkScopes({ scopes }, needed) {
  if (!needed.every((scope) => Array.isArray(scopes) && scopes.includes(scope))) {
    throw new PluginError(403, "ACCESS_DENIED", "The token lacks the scope for this call.", {}, needed.join(", "));
  }
}
