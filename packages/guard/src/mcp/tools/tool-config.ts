import { isObject, type Members, own } from "../objects.ts";
import { mentions } from "./field-schema.ts";

/**
 * Checks what a tool is registered with, or updated with.
 *
 * @param config the SDK's configuration of a tool, or, in its older form, the shape of its input
 * @throws {Error} where the tool's input has the token's field already, or it brings a policy of its own
 */
export function assertConfig(tool: string, config: unknown, field: string | undefined): void {
  if (!isObject(config)) return;
  if (own(config, "scopeChallenge") != null) {
    throw new Error(
      `guardTools: tool "${tool}" has a scopeChallenge; say it with allow.scopes() in the policy`,
    );
  }
  if (field === undefined) return;
  const schema = own(config, "inputSchema") ?? own(config, "paramsSchema") ?? config;
  if (isObject(schema) && withoutField.get(schema) === field) return;
  if (hasField(schema, field)) {
    throw new Error(`guardTools: tool "${tool}": its input schema already has a field "${field}"`);
  }
  // A plain record of schemas may get another member; a schema stays as it is.
  if (isObject(schema) && isObject(Reflect.get(schema, "~standard"))) withoutField.set(schema, field);
}

/** Schemas that were checked, with the field that each lacks: a server may be made anew for each request. */
const withoutField = new WeakMap<Members, string>();

/** Whether a schema of any library, or a plain record of such schemas, says something about a field. */
function hasField(schema: unknown, field: string): boolean {
  if (!isObject(schema)) return false;
  const shape: unknown = Reflect.get(schema, "shape");
  if (isObject(shape)) return Object.hasOwn(shape, field);
  const standard: unknown = Reflect.get(schema, "~standard");
  if (!isObject(standard)) return Object.hasOwn(schema, field);
  const json = asJsonSchema(standard["jsonSchema"]);
  return isObject(json) && mentions(json, field);
}

/** The JSON Schema that a schema says it is (Standard JSON Schema); undefined where it says none. */
function asJsonSchema(converter: unknown): unknown {
  const convert = isObject(converter) ? converter["input"] : undefined;
  if (typeof convert !== "function") return undefined;
  try {
    return Reflect.apply(convert, converter, [{ target: "draft-2020-12" }]);
  } catch {
    // What cannot be converted cannot be listed either: the SDK says so when it is.
    return undefined;
  }
}
