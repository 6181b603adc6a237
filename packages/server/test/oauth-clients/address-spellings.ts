/** The names of this machine that people enter. */
export const hosts = ["127.0.0.1", "localhost"] as const;

/** The same address with another name of this machine. */
export function spelled(address: string, host: (typeof hosts)[number]): string {
  const url = new URL(address);
  url.hostname = host;
  return url.href;
}
