import { AjvJsonSchemaValidator } from "@modelcontextprotocol/server/validators/ajv";
import { describe, expect, it } from "vitest";
import { withField } from "../../src/mcp/tools/field-schema.ts";

const validators = new AjvJsonSchemaValidator();
const accepts = (schema: object, value: unknown) => validators.getValidator(schema)(value).valid;
const required = { description: "A token", required: true };
const text = { type: "string" };

/** Schemas of a tool, with arguments that they accept and arguments that they do not. */
const schemas: readonly (readonly [what: string, schema: object, accepted: object, refused: object])[] = [
  ["none at all", {}, {}, { token: 1 }],
  ["properties", { type: "object", properties: { a: text }, required: ["a"] }, { a: "x" }, { a: 1 }],
  ["closed", { properties: { a: text }, additionalProperties: false }, { a: "x" }, { b: "x" }],
  ["a record", { additionalProperties: { type: "number" } }, { a: 1 }, { a: "x" }],
  ["closed as a whole", { properties: { a: text }, unevaluatedProperties: false }, { a: "x" }, { b: "x" }],
  [
    "closed parts",
    { allOf: [{ properties: { a: text }, additionalProperties: false }, { required: ["a"] }] },
    { a: "x" },
    { a: "x", b: "x" },
  ],
  [
    "closed cases",
    {
      oneOf: [
        { properties: { a: text }, required: ["a"], additionalProperties: false },
        { properties: { b: text }, required: ["b"], additionalProperties: false },
      ],
    },
    { b: "x" },
    { a: "x", b: "x" },
  ],
  [
    "a reference to a closed definition",
    {
      $ref: "#/$defs/node",
      $defs: {
        node: { properties: { next: { $ref: "#/$defs/node" } }, additionalProperties: false, type: "object" },
      },
    },
    { next: { next: {} } },
    { next: { token: "x" } },
  ],
  [
    "a reference in the older form",
    {
      $schema: "http://json-schema.org/draft-07/schema#",
      allOf: [{ $ref: "#/definitions/a" }],
      definitions: { a: { properties: { a: text }, additionalProperties: false } },
    },
    { a: "x" },
    { b: "x" },
  ],
  [
    "conditions",
    {
      properties: { a: text },
      if: { properties: { a: { const: "x" } } },
      // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
      then: { required: ["b"], properties: { a: text, b: text }, additionalProperties: false },
    },
    { a: "x", b: "y" },
    { a: "x", b: "y", c: "z" },
  ],
  [
    "dependent parts",
    { dependentSchemas: { a: { properties: { a: text }, additionalProperties: false } } },
    { a: "x" },
    { a: "x", b: 1 },
  ],
  ["rules for names", { propertyNames: { maxLength: 1 } }, { a: 1 }, { ab: 1 }],
  ["a bound on how many", { maxProperties: 1 }, { a: 1 }, { a: 1, b: 1 }],
  [
    "names like those of all objects",
    { properties: { constructor: text }, required: ["constructor"] },
    { constructor: "x" },
    {},
  ],
];

describe("a tool's input schema, with the token's field", () => {
  it.each(schemas)(
    "%s: accepts what it accepted, with a token, and refuses what it refused",
    (_what, schema, accepted, refused) => {
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

  it.each(schemas)("%s: does without a token where one comes another way", (_what, schema, accepted) => {
    const listed = withField({ ...schema }, "token", { description: "A token", required: false });
    expect(accepts(listed, accepted)).toBe(true);
    expect(accepts(listed, { ...accepted, token: "t" })).toBe(true);
  });

  it("is an object's, and says what the field is", () => {
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
    ["a part's property", { allOf: [{ anyOf: [{ properties: { token: text } }] }] }],
    ["a condition's property", { if: { properties: { token: text } } }],
    ["a definition's property", { $ref: "#/$defs/a", $defs: { a: { properties: { token: {} } } } }],
    ["a pattern that takes it in", { patternProperties: { "^t": { type: "number" } } }],
  ])("is refused where it says something about the field already: %s", (_what, schema) => {
    expect(() => withField(schema, "token", required)).toThrow('already has a field "token"');
  });

  it("is not refused for a field of something inside it", () => {
    const schema = {
      properties: { inner: { properties: { token: text } } },
      $defs: { other: { required: ["token"] } },
    };
    expect(() => withField(schema, "token", required)).not.toThrow();
  });
});
