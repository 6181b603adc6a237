import AjvCompiler from "@fastify/ajv-compiler";
import { expect, test } from "vitest";
import { adminModels } from "../../src/http/admin/admin-models.ts";
import { oauthModels } from "../../src/http/oauth/oauth-models.ts";
import { models } from "../../src/http/schemas.ts";
import { selfServiceModels } from "../../src/http/self-service-models.ts";

const all = [...models, ...adminModels, ...oauthModels, ...selfServiceModels];

/** A compiler that checks each schema by the schema of schemas, which a running server does not. */
function checkingCompiler(more: readonly object[] = []) {
  return AjvCompiler()(
    {},
    {
      customOptions: { allErrors: true, strict: true },
      onCreate(ajv) {
        for (const model of [...all, ...more]) ajv.addSchema({ ...model });
      },
    },
  );
}

test.each(all)("the schema $$id is valid, and so are its references", ({ $id }) => {
  expect(checkingCompiler()({ schema: { $ref: `${$id}#` } })).toBeTypeOf("function");
});

test("the check finds a wrong schema", () => {
  expect(() => checkingCompiler([{ $id: "Wrong", type: "text" }])).toThrow(/schema is invalid/);
});
