import { AjvJsonSchemaValidator } from "@modelcontextprotocol/server/validators/ajv";
import { describe, expect, it } from "vitest";
import { withField } from "../../src/mcp/tools/input-schema.ts";

const validators = new AjvJsonSchemaValidator();
const accepts = (schema: object, value: unknown) => validators.getValidator(schema)(value).valid;
const required = { description: "A token", required: true };
const text = { type: "string" };

/** Schemas of a tool, with arguments that they accept and arguments that they refuse. */
const schemas: readonly (readonly [name: string, schema: object, accepted: object, refused: object])[] = [
  ["empty", {}, {}, { token: 1 }],
  ["properties", { type: "object", properties: { a: text }, required: ["a"] }, { a: "x" }, { a: 1 }],
  ["closed", { properties: { a: text }, additionalProperties: false }, { a: "x" }, { b: "x" }],
  ["a record", { additionalProperties: { type: "number" } }, { a: 1 }, { a: "x" }],
  ["closed as a whole", { properties: { a: text }, unevaluatedProperties: false }, { a: "x" }, { b: "x" }],
  [
    "a reference in a property",
    {
      properties: { node: { $ref: "#/$defs/node" } },
      additionalProperties: false,
      $defs: { node: { properties: { token: text }, additionalProperties: false, type: "object" } },
    },
    { node: { token: "x" } },
    { node: { b: "x" } },
  ],
  [
    "names like those of all objects",
    { properties: { constructor: text }, required: ["constructor"] },
    { constructor: "x" },
    {},
  ],
];

describe("a tool's input schema, with the token's field", () => {
  it.each(schemas)(
    "%s: with a token, accepts and refuses the same arguments as before",
    (_name, schema, accepted, refused) => {
      const before = structuredClone(schema);
      const listed = withField({ ...schema }, "token", required);
      expect(accepts(schema, accepted)).toBe(true);
      expect(accepts(listed, { ...accepted, token: "t" })).toBe(true);
      expect(accepts(listed, { token: "t", ...refused })).toBe(false);
      expect(accepts(listed, accepted)).toBe(false);
      expect(accepts(listed, { ...accepted, token: 1 })).toBe(false);
      expect(schema).toEqual(before);
    },
  );

  it.each(schemas)("%s: needs no token if the request brings one otherwise", (_name, schema, accepted) => {
    const listed = withField({ ...schema }, "token", { description: "A token", required: false });
    expect(accepts(listed, accepted)).toBe(true);
    expect(accepts(listed, { ...accepted, token: "t" })).toBe(true);
  });

  it("describes an object, and describes the field", () => {
    const schema = withField({ properties: { a: text }, required: ["a"], title: "T" }, "token", required);
    expect(schema).toEqual({
      type: "object",
      title: "T",
      properties: { a: text, token: { type: "string", description: "A token" } },
      required: ["a", "token"],
    });
  });

  it.each([
    ["a property", { properties: { token: text } }],
    ["a required name", { required: ["token"] }],
  ])("is refused if it has the field already: %s", (_name, schema) => {
    expect(() => withField(schema, "token", required)).toThrow('already has a field "token"');
  });

  it("is accepted if only an inner object has a field of that name", () => {
    const schema = {
      properties: { inner: { properties: { token: text } } },
      $defs: { other: { required: ["token"] } },
    };
    expect(() => withField(schema, "token", required)).not.toThrow();
  });

  const closed = { properties: { a: text }, additionalProperties: false };
  it.each<[string, object]>([
    ["allOf", { allOf: [closed, { required: ["a"] }] }],
    ["anyOf", { anyOf: [{ properties: { token: text } }, closed] }],
    ["oneOf", { oneOf: [closed, { properties: { b: text }, additionalProperties: false }] }],
    ["not", { not: { required: ["token"] } }],
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
    ["if", { properties: { a: text }, if: { properties: { a: { const: "x" } } }, then: closed }],
    ["$ref", { $ref: "#/$defs/node", $defs: { node: closed } }],
    [
      "$ref",
      { $schema: "http://json-schema.org/draft-07/schema#", $ref: "#/definitions/a", definitions: {} },
    ],
    ["$dynamicRef", { $dynamicRef: "#node" }],
    ["dependentSchemas", { dependentSchemas: { a: closed } }],
    ["dependentRequired", { dependentRequired: { token: ["a"] } }],
    ["dependencies", { dependencies: { a: closed } }],
    ["patternProperties", { patternProperties: { "^t": { type: "number" } } }],
    ["propertyNames", { propertyNames: { maxLength: 1 } }],
    ["minProperties", { minProperties: 1 }],
    ["maxProperties", { maxProperties: 1 }],
    ["enum", { enum: [{}] }],
    ["const", { const: {} }],
  ])("is refused with %s at its top level, with the cause and the cure", (keyword, schema) => {
    expect(() => withField({ ...schema }, "token", required)).toThrow(
      `its input schema uses "${keyword}" at its top level, so the token's field "token" cannot be added. ` +
        `List all arguments in one object's "properties", or leave out tokenField`,
    );
  });

  it.each([["string"], [["object", "null"]]])("is refused if it describes no object: type %j", (type) => {
    expect(() => withField({ type }, "token", required)).toThrow("does not describe an object");
  });
});
