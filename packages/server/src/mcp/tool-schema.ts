import { fromJsonSchema, type JsonSchemaType, type StandardSchemaV1 } from "@modelcontextprotocol/server";
import type { FromSchema, JSONSchema } from "json-schema-to-ts";

/** An object without further properties. */
export const closed = { type: "object", additionalProperties: false } as const;

/** Compiles the schema of a tool, once for all requests. */
export function compiled<const Schema extends JSONSchema & JsonSchemaType>(schema: Schema) {
  return fromJsonSchema<FromSchema<Schema>>(schema);
}

/** The values that a compiled schema accepts. */
export type ValueOf<Schema extends StandardSchemaV1> = StandardSchemaV1.InferOutput<Schema>;
