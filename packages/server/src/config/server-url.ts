import type { Config } from "./config.ts";

/** The URL of a server at an address of its own machine. */
export function serverUrl({ host, port }: Pick<Config, "host" | "port">): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The issuer of a server with these settings. Port 0 has no URL that a setting tells. */
export function issuerOf(config: Pick<Config, "issuer" | "host" | "port">): string {
  return config.issuer ?? serverUrl(config);
}
