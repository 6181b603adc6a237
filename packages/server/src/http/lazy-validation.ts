import type { FastifyInstance, FastifySchemaCompiler } from "fastify";
import type { FastifySchema, FastifyValidationResult } from "fastify/types/schema.js";

/**
 * Compiles each schema of a scope at its first request. A compiled schema costs two milliseconds of the start, and a
 * start uses few of them.
 *
 * @param app a scope around it with the compiler to use
 */
export function lazyValidation(app: FastifyInstance): FastifySchemaCompiler<FastifySchema> {
  return (route) => {
    let compiled: FastifyValidationResult | undefined;
    const validate: FastifyValidationResult = (data) => {
      compiled ??= app.validatorCompiler?.(route) ?? unusable();
      const result = compiled(data);
      validate.errors = compiled.errors ?? null;
      return result;
    };
    return validate;
  };
}

function unusable(): never {
  throw new Error("the scope has no compiler of schemas");
}
