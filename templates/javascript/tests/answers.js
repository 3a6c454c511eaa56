/**
 * What the fake BioT answers in every test. Add an answer for each request that your perform sends.
 *
 * @type {Record<string, unknown>}
 */
export const answers = {
  // "GET /organization/v1/users/patients/00000000-0000-4000-8000-000000000001": { _name: { firstName: "Ann" } },
};
