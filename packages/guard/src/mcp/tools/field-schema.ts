import { isObject, type Members, own } from "../objects.ts";

/** Keywords whose subschemas judge the same object as the schema that holds them. */
const several = ["allOf", "anyOf", "oneOf"] as const;
const single = ["if", "then", "else"] as const;
const named = ["dependentSchemas"] as const;
const localReference = /^#\/(\$defs|definitions)\/([^/~%]+)$/;

/**
 * The input schema of a tool with one more field, for its list entry: what the schema accepted, it accepts
 * with the field, also where it or a part of it is closed to other names.
 *
 * @param schema a JSON Schema of an object (draft 7 or 2020-12)
 * @throws {Error} where the schema has a field of that name already
 */
export function withField(
  schema: Members,
  field: string,
  { description, required }: { readonly description: string; readonly required: boolean },
): Members {
  if (mentions(schema, field)) throw new Error(`its input schema already has a field "${field}"`);
  const opened = new Opening(schema, field).open(schema);
  const properties = own(opened, "properties");
  const needed = own(opened, "required");
  const most = own(opened, "maxProperties");
  return {
    ...opened,
    type: "object",
    properties: { ...(isObject(properties) && properties), [field]: { type: "string", description } },
    ...(required && { required: [...(Array.isArray(needed) ? needed : []), field] }),
    ...(typeof most === "number" && { maxProperties: most + 1 }),
  };
}

/** Whether a schema, or a part of it that judges the same object, says something about a field. */
export function mentions(schema: Members, field: string): boolean {
  const seen = new Set<Members>();
  function said(part: unknown): boolean {
    if (!isObject(part) || seen.has(part)) return false;
    seen.add(part);
    const properties = own(part, "properties");
    const required = own(part, "required");
    const patterns = own(part, "patternProperties");
    return (
      (isObject(properties) && Object.hasOwn(properties, field)) ||
      (Array.isArray(required) && required.includes(field)) ||
      (isObject(patterns) && Object.keys(patterns).some((pattern) => matches(pattern, field))) ||
      several.some((keyword) => listOf(own(part, keyword)).some(said)) ||
      single.some((keyword) => said(own(part, keyword))) ||
      named.some((keyword) => Object.values(membersOf(own(part, keyword))).some(said)) ||
      said(referred(schema, own(part, "$ref"))?.definition)
    );
  }
  return said(schema);
}

/** Lets one more field through every part of a schema that is closed to names it does not know. */
class Opening {
  readonly #root: Members;
  readonly #field: string;
  /** Definitions that judge the whole object, under the names of their opened copies. */
  readonly #copies = new Map<string, Members | undefined>();

  constructor(root: Members, field: string) {
    this.#root = root;
    this.#field = field;
  }

  open(schema: Members): Members {
    const opened = this.#part(schema);
    const { $defs, definitions } = opened;
    const copies = [...this.#copies].flatMap(([name, copy]) => (copy === undefined ? [] : [[name, copy]]));
    if (copies.length === 0) return opened;
    return {
      ...opened,
      ...(definitions !== undefined && { definitions }),
      $defs: { ...membersOf($defs), ...Object.fromEntries(copies) },
    };
  }

  #part(part: Members): Members {
    const result: Record<string, unknown> = { ...part };
    for (const keyword of several) {
      const parts = own(part, keyword);
      if (Array.isArray(parts)) result[keyword] = parts.map((one) => this.#maybe(one));
    }
    for (const keyword of single) {
      if (Object.hasOwn(part, keyword)) result[keyword] = this.#maybe(part[keyword]);
    }
    for (const keyword of named) {
      const parts = own(part, keyword);
      if (!isObject(parts)) continue;
      result[keyword] = Object.fromEntries(
        Object.entries(parts).map(([name, one]) => [name, this.#maybe(one)]),
      );
    }
    const reference = referred(this.#root, own(part, "$ref"));
    if (reference !== undefined) result["$ref"] = this.#copyOf(reference);
    const names = own(part, "propertyNames");
    if (names !== undefined) result["propertyNames"] = { anyOf: [{ const: this.#field }, names] };
    if (isClosed(part)) result["properties"] = { ...membersOf(own(part, "properties")), [this.#field]: {} };
    return result;
  }

  #maybe(part: unknown): unknown {
    return isObject(part) ? this.#part(part) : part;
  }

  /** Elsewhere the same definition may judge another object, so it stays as it is and a copy is opened. */
  #copyOf({ name, definition }: Reference): string {
    const copy = `${name}+${this.#field}`;
    if (!this.#copies.has(copy)) {
      this.#copies.set(copy, undefined);
      this.#copies.set(copy, this.#part(definition));
    }
    return `#/$defs/${copy}`;
  }
}

interface Reference {
  readonly name: string;
  readonly definition: Members;
}

/** What a reference into the schema's own definitions names. */
function referred(root: Members, reference: unknown): Reference | undefined {
  const [, keyword, name] = localReference.exec(typeof reference === "string" ? reference : "") ?? [];
  if (keyword === undefined || name === undefined) return undefined;
  const definition = own(membersOf(own(root, keyword)), name);
  return isObject(definition) ? { name, definition } : undefined;
}

function isClosed(part: Members): boolean {
  return ["additionalProperties", "unevaluatedProperties"].some((keyword) => {
    const others = own(part, keyword);
    return others !== undefined && others !== true;
  });
}

function matches(pattern: string, field: string): boolean {
  try {
    return new RegExp(pattern, "u").test(field);
  } catch {
    return false;
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function membersOf(value: unknown): Members {
  return isObject(value) ? value : {};
}
