import type { Site } from "../core/site.ts";
import type { Config } from "./config.ts";

/** The site of the settings. Its name is the host of the issuer if none is set. */
export function siteOf({ siteName, siteUrl }: Pick<Config, "siteName" | "siteUrl">, issuer: string): Site {
  return { name: siteName ?? new URL(issuer).host, url: siteUrl };
}
