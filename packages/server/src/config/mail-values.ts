import { canonicalName, emailProblem } from "../core/passwords/account-names.ts";
import { isLoopback } from "../core/throttle/addresses.ts";
import { SettingProblem, trimmed } from "./setting-text.ts";

/** A mail server, as `LATCHKEY_SMTP_URL` names it. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte. `starttls`: nothing is sent before STARTTLS. `none`: plain text. */
  readonly tls: "implicit" | "starttls" | "none";
  readonly login: { readonly user: string; readonly password: string } | undefined;
}

const expectedSmtp =
  "expected a URL such as smtps://user:password@mail.example.com, or smtp:// for STARTTLS; special characters of user and password are percent-encoded";

/** The ports of submission without and with TLS from the first byte (RFC 8314). */
const ports = { "smtp:": 587, "smtps:": 465 } as const;

/** The URL of a mail server. `smtp:` needs STARTTLS, unless the host is this machine or the query is `tls=off`. */
export function smtpServer(given: string): SmtpServer {
  const url = URL.parse(given);
  if (url === null || (url.protocol !== "smtp:" && url.protocol !== "smtps:") || url.hostname === "")
    throw new SettingProblem(expectedSmtp);
  if (!/^\/?$/.test(url.pathname) || url.hash !== "") throw new SettingProblem(expectedSmtp);
  const tls = url.searchParams.get("tls");
  if ([...url.searchParams.keys()].some((name) => name !== "tls") || ![null, "on", "off"].includes(tls))
    throw new SettingProblem("expected no query but ?tls=on or ?tls=off");
  if (url.protocol === "smtps:" && tls === "off")
    throw new SettingProblem("smtps:// always has TLS: write smtp:// for a server without it");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const user = decoded(url.username);
  const password = decoded(url.password);
  if ((user === "") !== (password === ""))
    throw new SettingProblem("expected both user and password, or neither");
  return {
    host,
    port: url.port === "" ? ports[url.protocol] : Number(url.port),
    tls:
      url.protocol === "smtps:"
        ? "implicit"
        : tls === "off" || (tls === null && isLoopback(host))
          ? "none"
          : "starttls",
    login: user === "" ? undefined : { user, password },
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new SettingProblem("user or password has a % that encodes no character: write %25 for a %");
  }
}

/** The sender of mails. */
export interface Sender {
  /** The name before the address. Undefined: the name of the site. */
  readonly name: string | undefined;
  readonly address: string;
}

/** An address, or a name with an address in angle brackets. */
export function sender(given: string): Sender {
  const [, name = "", inBrackets] = /^([^<>]*)<([^<>]+)>$/.exec(given) ?? [];
  const address = inBrackets ?? given;
  const problem = emailProblem(address);
  if (problem !== undefined)
    throw new SettingProblem("expected an address such as login@example.com, or Example <login@example.com>");
  const plain = trimmed(name).replace(/^"(.*)"$/, "$1");
  if (plain !== "") assertVisible(plain, 100);
  return { name: plain === "" ? undefined : plain, address };
}

/** A name that people see on pages and in mails. */
export function shownName(given: string): string {
  assertVisible(given, 100);
  return given;
}

function assertVisible(text: string, most: number): void {
  if (text !== "" && text.length <= most && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return;
  throw new SettingProblem(`expected a name of at most ${most} visible characters`);
}

/** The key that signs requests to the webhook, in the form of Standard Webhooks. */
export function webhookSecret(given: string): Buffer {
  const key = Buffer.from(/^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/.exec(given)?.[1] ?? "", "base64");
  if (key.length >= 24 && key.length <= 64 && new Set(key).size >= 8) return key;
  throw new SettingProblem(
    "expected 24 to 64 random bytes in base64, such as whsec_ and the output of `openssl rand -base64 32`",
  );
}

/** `off`, `invitation`, or the domains of addresses that may sign up, in Unicode, separated by commas. */
export function signUp(given: string): "off" | "invitation" | readonly string[] {
  if (given === "off" || given === "invitation") return given;
  const domains = given.split(",").map(trimmed).filter(Boolean);
  const fits = (domain: string) =>
    /^[\p{L}\p{M}\p{N}.-]+$/u.test(domain) &&
    domain.includes(".") &&
    emailProblem(`x@${domain}`) === undefined;
  if (domains.length > 0 && domains.every(fits))
    return domains.map((domain) => canonicalName(`x@${domain}`).slice(2));
  throw new SettingProblem("expected off, invitation, or domains such as example.com, separated by commas");
}
