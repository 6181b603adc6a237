import { isObject, type Members, own } from "../../support/own-members.ts";

/** Keywords of JSON Schema that judge a whole object, and so may refuse the token's field. */
const wholeObject = [
  ...["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "not", "if", "const", "enum"],
  ...["dependentSchemas", "dependentRequired", "dependencies", "patternProperties", "propertyNames"],
  ...["minProperties", "maxProperties"],
];

/**
 * Adds the token's field to the input schema of a tool, beside the fields that the tool names itself.
 *
 * @param schema a JSON Schema of an object (draft 7 or 2020-12)
 * @throws {Error} if the schema has no room for the field
 */
export function withField(
  schema: Members,
  field: string,
  { description, required }: { readonly description: string; readonly required: boolean },
): Members {
  assertRoom(schema, field);
  const properties = own(schema, "properties");
  const needed = own(schema, "required");
  return {
    ...schema,
    type: "object",
    properties: { ...(isObject(properties) && properties), [field]: { type: "string", description } },
    ...(required && { required: [...(Array.isArray(needed) ? needed : []), field] }),
  };
}

/** @throws {Error} if the schema has the field already, or decides by more than its own `properties` */
function assertRoom(schema: Members, field: string): void {
  const [properties, needed, type] = ["properties", "required", "type"].map((name) => own(schema, name));
  if (
    (isObject(properties) && Object.hasOwn(properties, field)) ||
    (Array.isArray(needed) && needed.includes(field))
  ) {
    throw new Error(
      `its input schema already has a field "${field}". Rename that argument, or choose another tokenField`,
    );
  }
  const keyword = wholeObject.find((name) => Object.hasOwn(schema, name));
  const cause =
    keyword !== undefined
      ? `uses "${keyword}" at its top level`
      : type !== undefined && type !== "object"
        ? "does not describe an object"
        : undefined;
  if (cause !== undefined) {
    throw new Error(
      `its input schema ${cause}, so the token's field "${field}" cannot be added. ` +
        `List all arguments in one object's "properties", or leave out tokenField`,
    );
  }
}

/**
 * Checks a tool's configuration when the tool is registered or updated.
 *
 * @param config the SDK's configuration of a tool. Its `inputSchema` is a schema, or a record of schemas by field
 * @throws {Error} if the input schema has no room for the token's field, or the tool has a `scopeChallenge`
 */
export function assertConfig(tool: string, config: unknown, field: string | undefined): void {
  if (!isObject(config)) return;
  if (own(config, "scopeChallenge") != null) {
    throw new Error(
      `guardTools: tool "${tool}" has a scopeChallenge. Use allow.scopes() in the policy instead`,
    );
  }
  const schema = own(config, "inputSchema");
  if (field === undefined || !isObject(schema) || roomFor.get(schema) === field) return;
  const standard: unknown = Reflect.get(schema, "~standard");
  const described = isObject(standard) ? jsonSchemaOf(schema, standard) : { properties: schema };
  ofTool(tool, () => assertRoom(described, field));
  // A plain record of schemas may get another member. A schema stays the same.
  if (isObject(standard)) roomFor.set(schema, field);
}

/** Schemas that were checked, with the field. A server over HTTP may register the same schema for each request. */
const roomFor = new WeakMap<Members, string>();

/** Runs a check, and names the tool in its error. */
export function ofTool<Result>(tool: string, check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw new Error(`guardTools: tool "${tool}": ${error instanceof Error ? error.message : error}`);
  }
}

/** The schema as JSON Schema, by its own converter (Standard JSON Schema). Zod 3 has none, and lists its fields in `shape`. */
function jsonSchemaOf(schema: Members, standard: Members): Members {
  const shape: unknown = Reflect.get(schema, "shape");
  const fields = isObject(shape) ? { properties: shape } : {};
  const converter: unknown = standard["jsonSchema"];
  const convert = isObject(converter) ? converter["input"] : undefined;
  if (typeof convert !== "function") return fields;
  try {
    const converted: unknown = Reflect.apply(convert, converter, [{ target: "draft-2020-12" }]);
    return isObject(converted) ? converted : fields;
  } catch {
    // The SDK cannot convert it either, and says so when it lists the tool.
    return fields;
  }
}
