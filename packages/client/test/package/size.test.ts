import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "rolldown";
import { expect, inject, test } from "vitest";

const limit = 6_272;

test(`the whole client is at most ${limit} bytes, minified and compressed`, async () => {
  const { output } = await build({
    input: join(inject("client").installed, "esm/index.js"),
    platform: "browser",
    write: false,
    output: { minify: true },
  });
  expect(output).toHaveLength(1);
  const [{ code, exports }] = output;
  expect(exports).toContain("AuthClient");
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(limit);
});

test("unused exports are tree-shaken", async () => {
  const { output } = await build({
    input: "entry",
    platform: "browser",
    write: false,
    plugins: [
      {
        name: "entry",
        resolveId: (name) => (name === "entry" ? name : undefined),
        load: (name) =>
          name === "entry"
            ? `import "${join(inject("client").installed, "esm/index.js")}"; export const only = 1;`
            : undefined,
      },
    ],
    output: { minify: true },
  });
  expect(output[0].code).toBe("const e=1;export{e as only};");
});
