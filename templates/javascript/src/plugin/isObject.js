/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>} True for a JSON object: not for null, not for a list.
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
