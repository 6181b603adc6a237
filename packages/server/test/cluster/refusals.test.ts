import { describe, expect, test } from "vitest";
import { render } from "./chart.ts";

type Wrong = readonly [fault: string, set: Readonly<Record<string, string>>, message: RegExp];

/** The message of helm. @throws if helm accepts the values */
async function refusal(file: string, set: Readonly<Record<string, string>>): Promise<string> {
  const rendered = await render({ file, set }).catch((error: Error) => error);
  if (rendered instanceof Error) return rendered.message;
  throw new Error(`accepted: ${JSON.stringify(set)}`);
}

describe("values that do not fit together are refused", () => {
  test.each<Wrong>([
    ["no issuer", { issuer: "" }, /issuer is required: .*--set issuer=https:/],
    ["no image", { "image.repository": "" }, /image.repository is required/],
    [
      "no database",
      { "secrets.database.name": "" },
      /secrets.database.name is required: .*sqlite.enabled=true/,
    ],
    ["replicas without a shared secret", { "secrets.secret.name": "" }, /secrets.secret.name is required/],
    ["no first password", { "secrets.adminPassword.name": "" }, /secrets.adminPassword.name is required/],
    ["both databases", { "sqlite.enabled": "true", replicas: "1" }, /exclude each other/],
    [
      "a realm without its name",
      { provider: "keycloak", "keycloak.url": "https://k.example" },
      /keycloak.realm/,
    ],
    ["a secret as text", { "settings.LATCHKEY_SECRET": "x" }, /LATCHKEY_SECRET .*: set secrets.secret.name/],
    ["a file of a secret", { "settings.LATCHKEY_SECRET_FILE": "x" }, /set secrets.secret.name/],
    ["the issuer as a setting", { "settings.LATCHKEY_ISSUER": "x" }, /: set issuer/],
  ])("%s", async (_, set, message) => {
    expect(await refusal("postgres-values.yaml", set)).toMatch(message);
  });

  test("several replicas on one SQLite file", async () => {
    const message = await refusal("sqlite-values.yaml", { replicas: "2" });
    expect(message).toMatch(/replicas is 2, but a SQLite file serves one replica: set replicas=1, or/);
  });

  test.each<Wrong>([
    [
      "two ways for mails",
      { "secrets.mailWebhookSecret.name": "latchkey" },
      /secrets.smtpUrl.name and .* exclude/,
    ],
    ["an ingress without trusted proxies", { trustedProxies: "null" }, /trustedProxies is required/],
    ["an ingress that no policy lets in", { "networkPolicy.from": "null" }, /networkPolicy.from is required/],
    ["a monitor without a key", { "secrets.metricsKeys.name": "" }, /secrets.metricsKeys.name is required/],
  ])("%s", async (_, set, message) => {
    expect(await refusal("full-values.yaml", set)).toMatch(message);
  });
});

describe("a wrong value is refused by its name", () => {
  test.each<Wrong>([
    ["an unknown value", { replica: "3" }, /additional properties 'replica' not allowed/],
    [
      "an unknown value inside",
      { "image.repo": "x" },
      /at '\/image': additional properties 'repo' not allowed/,
    ],
    ["a number as text", { replicas: "many" }, /at '\/replicas': got string, want integer/],
    ["no replica number", { replicas: "-1" }, /at '\/replicas'/],
    ["an issuer without a scheme", { issuer: "login.example.com" }, /at '\/issuer'.*does not match pattern/],
    [
      "a setting that is none of the server's",
      { "settings.PATH": "x" },
      /at '\/settings': additional properties 'PATH'/,
    ],
    ["a proxy's name", { "trustedProxies[0]": "ingress" }, /at '\/trustedProxies\/0'/],
    ["a digest that is cut short", { "image.digest": "sha256:ab" }, /at '\/image\/digest'/],
    ["a Secret's name with a blank", { "secrets.secret.name": "my secret" }, /at '\/secrets\/secret\/name'/],
    [
      "an interval that the alarms do not bear",
      { "metrics.serviceMonitor.interval": "1m" },
      /at '\/metrics\/serviceMonitor\/interval'/,
    ],
    ["a budget of zero", { "podDisruptionBudget.maxUnavailable": "0" }, /maxUnavailable/],
  ])("%s", async (_, set, message) => {
    expect(await refusal("postgres-values.yaml", set)).toMatch(message);
  });
});
