import { isIP } from "node:net";
import { allSettings, fileVariableOf, variableOf } from "./settings.ts";

/** The names and values of service links in Kubernetes. Docker's legacy links have the same form. */
const forms: readonly (readonly [name: RegExp, fits: (value: string) => boolean])[] = [
  [/^LATCHKEY_(?:\w+_)?SERVICE_HOST$/, isAddress],
  [/^LATCHKEY_(?:\w+_)?SERVICE_PORT(?:_\w+)?$/, isPort],
  [/^LATCHKEY_(?:\w+_)?PORT$/, isLink],
  [/^LATCHKEY_(?:\w+_)?PORT_\d+_(?:TCP|UDP|SCTP)$/, isLink],
  [/^LATCHKEY_(?:\w+_)?PORT_\d+_(?:TCP|UDP|SCTP)_PROTO$/, (value) => /^(?:tcp|udp|sctp)$/.test(value)],
  [/^LATCHKEY_(?:\w+_)?PORT_\d+_(?:TCP|UDP|SCTP)_PORT$/, isPort],
  [/^LATCHKEY_(?:\w+_)?PORT_\d+_(?:TCP|UDP|SCTP)_ADDR$/, isAddress],
];

/**
 * Whether a variable is a service link. Kubernetes sets them in every pod, for each Service of the namespace. For a
 * Service named `latchkey` they begin as settings do, such as `LATCHKEY_PORT=tcp://10.43.7.9:8000`.
 */
export function isServiceLink(name: string, value: string | undefined): boolean {
  return value !== undefined && forms.some(([form, fits]) => form.test(name) && fits(value));
}

/** The service links in an environment. */
export function serviceLinks(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment).filter((name) => isServiceLink(name, environment[name]));
}

/** Read by the client, which may share the environment. */
const elsewhere = ["LATCHKEY_TOKEN"];

/** The names of unknown variables with the prefix of settings, most likely misspelt. Their values may be secret. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set([...elsewhere, ...allSettings.flatMap(variablesOf)]);
  return Object.keys(environment).filter(
    (name) => name.startsWith("LATCHKEY_") && !known.has(name) && !isServiceLink(name, environment[name]),
  );
}

function variablesOf([name, setting]: (typeof allSettings)[number]): string[] {
  const file = fileVariableOf(name, setting);
  return [variableOf(name), ...(file === undefined ? [] : [file])];
}

function isLink(value: string): boolean {
  const [, six, four = "", port = ""] =
    /^(?:tcp|udp|sctp):\/\/(?:\[([^\]]+)\]|([\d.]+)):(\d+)$/.exec(value) ?? [];
  return isPort(port) && (six === undefined ? isIP(four) === 4 : isIP(six) === 6);
}

function isAddress(value: string): boolean {
  return isIP(value) !== 0;
}

function isPort(value: string): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) < 65_536;
}
