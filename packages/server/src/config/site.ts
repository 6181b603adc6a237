import type { Config } from "./config.ts";

/** The operator's site, as pages and mails name it. */
export interface Site {
  readonly name: string;
  /** The address that its name links to. Undefined: the name is plain text. */
  readonly url: string | undefined;
}

/** The site of the settings. Its name is the host of the issuer if none is set. */
export function siteOf({ siteName, siteUrl }: Pick<Config, "siteName" | "siteUrl">, issuer: string): Site {
  return { name: siteName ?? new URL(issuer).host, url: siteUrl };
}
