/** What of `value` a JSON Schema does not allow; as much of JSON Schema as the schema of the manifest uses. */
function problems(schema, value, path = "") {
  const found = [];
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const type = Array.isArray(value) ? "array" : isObject ? "object" : typeof value;
  if (schema.type && schema.type !== type) return [`${path} is ${type} and no ${schema.type}`];
  if (schema.enum && !schema.enum.includes(value)) found.push(`${path}: ${value} is none of ${schema.enum.join(", ")}`);
  if (schema.pattern && !new RegExp(schema.pattern).test(value)) found.push(`${path}: ${value} does not match ${schema.pattern}`);
  if (type === "array" && schema.items) value.forEach((item, index) => found.push(...problems(schema.items, item, `${path}[${index}]`)));
  if (!isObject) return found;
  for (const name of schema.required ?? []) if (!(name in value)) found.push(`${path}.${name} is missing`);
  for (const [name, member] of Object.entries(value)) {
    const inner = schema.properties?.[name] ?? schema.additionalProperties;
    if (inner === false) found.push(`${path}.${name} is not known`);
    else if (inner) found.push(...problems(inner, member, `${path}.${name}`));
  }
  return found;
}

module.exports = { problems };
