/**
 * What the fake BioT answers in every test. Yours: add what your perform asks BioT for, also in the examples.
 *
 * @type {Record<string, unknown>}
 */
export const answers = {
  // "GET /organization/v1/users/patients/00000000-0000-4000-8000-000000000001": { _name: { firstName: "Ann" } },
};
