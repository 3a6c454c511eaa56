export const SERVICE_USER_ID = "00000000-0000-4000-8000-0000000000ff";
export const SERVICE_SECRET = "a-test-secret-key";

/**
 * The variables that BioT sets for a plugin, pointing at a fake.
 *
 * @param {string} baseUrl
 * @param {Record<string, string | null>} [changes] null removes a variable.
 * @returns {Record<string, string | undefined>}
 */
export function testEnvironment(baseUrl, changes = {}) {
  const environment = {
    BIOT_BASE_URL: baseUrl,
    BIOT_APP_NAME: "Case Plugin",
    BIOT_SERVICE_ENVIRONMENT: "test",
    BIOT_SERVICE_USER_ID: SERVICE_USER_ID,
    BIOT_SERVICE_USER_SECRET_KEY: SERVICE_SECRET,
    ...changes,
  };
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value ?? undefined]));
}
