import { readFileSync } from "node:fs";
import { testServer } from "@latchkey/testkit/server/test-server";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { errorCodes, statusOf } from "../../src/core/errors.ts";
import { alarmedCodes } from "../../src/metrics/alarmed-codes.ts";
import { postgresWorld } from "../api/postgres-world.ts";
import { dashboardQueries } from "../replicas/dashboard.ts";

const textOf = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8");

/** An alarm of `deploy/prometheus-rules.yml`. */
interface Alarm {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}
const rules: { groups: { rules: Alarm[] }[] } = parse(textOf("deploy/prometheus-rules.yml"));
const alarms = rules.groups.flatMap((group) => group.rules);

/** A test of an alarm, for `promtool test rules`. */
interface AlarmTest {
  readonly alert_rule_test: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }[];
}
const testsIn = (path: string): { tests: AlarmTest[] } => parse(textOf(path));
const expectations = ["deploy/prometheus-rules.test.yml", "deploy/prometheus-rules-days.test.yml"]
  .flatMap((path) => testsIn(path).tests)
  .flatMap(({ alert_rule_test }) => alert_rule_test);

const dashboard = dashboardQueries({ job: "latchkey", instance: ".*", __rate_interval: "1m" });
const expressions = [...alarms.map(({ expr }) => expr), ...dashboard.map(({ expression }) => expression)];

/** The codes that an expression names by their text. */
const codesIn = (expression: string): string[] =>
  [...expression.matchAll(/\bcode=~?"([^"]*)"/g)].flatMap(([, codes = ""]) => codes.split("|"));

test("docs/operations.md has the alarms of deploy/prometheus-rules.yml", () => {
  const page = textOf("docs/operations.md");
  const table = page.slice(page.indexOf("## Alarms"));
  const rows = [...table.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) +\| (.*?) +\|$/gm)].map(
    ([, ...cells]) => cells,
  );
  expect(rows).toEqual(
    alarms.map(({ alert, labels, annotations }) => [
      alert,
      labels.severity,
      annotations.summary,
      annotations.description,
    ]),
  );
});

test("alarms and dashboard name only metrics of the server", async () => {
  await using server = await postgresWorld.open();
  await using onFile = await testServer({ MAILBOX: "on" });
  const served = await Promise.all(
    [server, onFile].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
  );
  const metrics = new Set([...served.join("").matchAll(/^([a-z_]+)(?:\{.*\})? /gm)].map(([, name]) => name));
  const named = expressions.flatMap(
    (expression) => expression.match(/\b(?:latchkey|process|nodejs)_\w+/g) ?? [],
  );
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((name) => !metrics.has(name))).toEqual([]);
});

test("every code that an alarm or the dashboard names begins with zero", () => {
  const begins = new Set<string>(alarmedCodes);
  const named = expressions.flatMap(codesIn).filter((code) => !code.startsWith("status_"));
  expect(named.filter((code) => !begins.has(code))).toEqual([]);
  expect(alarmedCodes.filter((code) => code !== "ok" && !named.includes(code))).toEqual([]);
});

test("the share of 5xx counts every code with such a status that the server causes", () => {
  const { expr = "" } = alarms.find(({ alert }) => alert === "LatchkeyServerErrors") ?? {};
  const counted = codesIn(expr).filter((code) => !code.startsWith("status_"));
  // The host of a client document causes this one. Anybody can name such a host, so it must raise no alarm.
  const byOthers = "client_document_unavailable";
  const serverErrors = errorCodes.filter((code) => statusOf(code) >= 500 && code !== byOthers);
  expect(counted.sort()).toEqual(serverErrors.toSorted());
});

test.each(alarms.map(({ alert }) => alert))(
  "%s has a test in which it fires and one in which it does not",
  (alert) => {
    const own = expectations.filter(({ alertname }) => alertname === alert);
    expect(own.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    expect(own.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(true);
  },
);
