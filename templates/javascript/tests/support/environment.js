/** A secret that must never be seen in the log. */
export const SECRET = "synthetic-secret-key";

/**
 * The environment that BioT gives to a plugin, pointing at the fake.
 *
 * @param {string} baseUrl
 * @param {Record<string, string | null>} [changes] null removes a variable.
 * @returns {Record<string, string>}
 */
export function testEnvironment(baseUrl, changes = {}) {
  /** @type {Record<string, string | null>} */
  const environment = {
    BIOT_APP_NAME: "Case Plugin",
    BIOT_BASE_URL: baseUrl,
    BIOT_SERVICE_ENVIRONMENT: "test",
    BIOT_SERVICE_USER_ID: "00000000-0000-4000-8000-0000000000aa",
    BIOT_SERVICE_USER_SECRET_KEY: SECRET,
    ...changes,
  };
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}
