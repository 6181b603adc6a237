import type { Config } from "./config.ts";
import { insecurities, isPlainIssuer, type SecurityFacts } from "./insecure.ts";
import { secretsBeside } from "./secret-file.ts";
import { SettingProblem } from "./setting-text.ts";

/**
 * Judges the settings of a server before it starts.
 *
 * @returns a line for the log for each insecure combination, and for each allowed one that does not apply
 * @throws {SettingProblem} for all dangerous combinations that `LATCHKEY_ALLOW_INSECURE` does not name, in one line;
 * for OAuth in plain text, which nothing allows: the SDKs refuse such a token endpoint
 */
export function assertSecure(config: Config): string[] {
  assertOauthEncrypted(config);
  const allowed = new Set(config.allowInsecure);
  const facts = factsOf(config);
  const found = insecurities.filter(({ applies }) => applies(facts));
  const refused = found.filter(({ name, effect }) => effect === "refuses" && !allowed.has(name));
  if (refused.length > 0) {
    const names = [...allowed, ...refused.map(({ name }) => name)].join(",");
    throw new SettingProblem(
      `${refused.map(({ sentence }) => `${sentence}. `).join("")}To start in spite of it, set LATCHKEY_ALLOW_INSECURE=${names}`,
    );
  }
  const needed = new Set(found.map(({ name }) => name));
  return [
    ...found.map(({ sentence }) => sentence),
    ...[...allowed]
      .filter((name) => !needed.has(name))
      .map((name) => `LATCHKEY_ALLOW_INSECURE allows ${name} without need: remove it`),
  ];
}

/** Refuses OAuth in plain text, also for the demo. @throws {SettingProblem} */
export function assertOauthEncrypted(config: Config): void {
  if (config.oauth === "on" && isPlainIssuer(config)) throw new SettingProblem(plainOauth);
}

const plainOauth =
  "LATCHKEY_OAUTH=on needs an https:// or a loopback address as LATCHKEY_ISSUER: OAuth clients refuse a token endpoint in plain text. Set the https:// address of the proxy in front, or LATCHKEY_OAUTH=off";

function factsOf(config: Config): SecurityFacts {
  const secrets = config.secret ?? secretsBeside(config.database) ?? [];
  return { ...config, secrets: [...secrets, ...config.guardKeys, ...config.metricsKeys] };
}
