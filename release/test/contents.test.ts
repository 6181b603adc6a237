import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { rootManifest } from "../manifest.ts";
import { folderOf, packages } from "../packages.ts";

describe.each(packages)("$name", (each) => {
  const { installed } = inject(each.folder);
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));

  test("has the version and the address of the repository", () => {
    const { version, repository, homepage } = rootManifest();
    const directory = `packages/${each.folder}`;
    expect(manifest).toMatchObject({ version, homepage, repository: { ...repository, directory } });
  });

  test("has a description, keywords, engines and a licence", () => {
    expect(manifest).toMatchObject({
      description: expect.any(String),
      keywords: expect.arrayContaining(["jwt", "mcp"]),
      license: "MIT",
      engines: { node: expect.stringMatching(/^>=\d/) },
    });
    expect(readdirSync(installed)).toEqual(expect.arrayContaining(["LICENSE", "README.md"]));
  });

  test("is private in the repository, so only the built package is published", () => {
    const source = JSON.parse(readFileSync(join(folderOf(each), "package.json"), "utf8"));
    expect(source).toMatchObject({ private: true, version: manifest.version });
    expect(manifest).not.toHaveProperty("private");
  });

  test("its README has absolute links alone, and each linked file exists", () => {
    const links = [...readFileSync(join(installed, "README.md"), "utf8").matchAll(/\]\(([^)#]+)/g)];
    const address = `${rootManifest().repository?.url.replace(/^git\+|\.git$/g, "")}/blob/v${manifest.version}/`;
    const ours = links.flatMap(([, link = ""]) =>
      link.startsWith(address) ? link.slice(address.length) : [],
    );
    const others = links.flatMap(([, link = ""]) => (link.startsWith(address) ? [] : link));
    expect(ours.length).toBeGreaterThan(0);
    const root = join(folderOf(each), "../..");
    expect(ours.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(others.filter((link) => !/^https?:/.test(link))).toEqual([]);
  });

  test("its README has no command of a clone alone", () => {
    const readme = readFileSync(join(installed, "README.md"), "utf8");
    expect(readme.match(/npm (?:run|start|test)\b.*/g) ?? []).toEqual([]);
  });
});

test("the server brings the files of deploy/ that its installation needs, without their tests", () => {
  const files = readdirSync(join(inject("server").installed, "deploy"));
  expect(files).toEqual(
    expect.arrayContaining([
      ...["latchkey.service", "latchkey.env.example", "latchkey-command.sh", "nginx.conf"],
      ...["latchkey-backup.service", "latchkey-backup.timer", "prometheus-rules.yml", "grafana.json"],
    ]),
  );
  expect(files.filter((file) => file.includes(".test."))).toEqual([]);
});
