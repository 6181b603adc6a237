import AjvCompiler from "@fastify/ajv-compiler";
import type { FastifySchemaCompiler } from "fastify";
import type { FastifySchema, FastifyValidationResult } from "fastify/types/schema.js";

// All broken fields are reported, with the descriptions of their schemas. Types are never coerced, because 5 is not a
// password. A test checks the schemas themselves, so no start compiles the schema of schemas.
const rules = {
  allErrors: true,
  coerceTypes: false,
  meta: false,
  removeAdditional: false,
  validateSchema: false,
  verbose: true,
} as const;

/**
 * Compiles each schema at its first request. The compiler itself took a third of the start, and a start uses few
 * schemas.
 *
 * @param models schemas that others refer to by their id
 */
export function lazyValidation(
  models: readonly { readonly $id: string }[],
): FastifySchemaCompiler<FastifySchema> {
  let compiler: FastifySchemaCompiler<FastifySchema> | undefined;
  const compile = (route: Parameters<FastifySchemaCompiler<FastifySchema>>[0]) => {
    compiler ??= AjvCompiler()(
      {},
      {
        customOptions: rules,
        onCreate(ajv) {
          for (const model of models) ajv.addSchema(model);
        },
      },
    );
    return compiler(route);
  };
  return (route) => {
    let compiled: FastifyValidationResult | undefined;
    const validate: FastifyValidationResult = (data) => {
      compiled ??= compile(route);
      const result = compiled(data);
      validate.errors = compiled.errors ?? null;
      return result;
    };
    return validate;
  };
}
