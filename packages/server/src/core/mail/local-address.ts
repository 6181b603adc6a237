/**
 * Whether an address is at `localhost`, as that of the first administrator of a new database. A mail server of another
 * machine takes no mail for it.
 */
export function isAtLocalhost(email: string): boolean {
  return email.toLowerCase().endsWith("@localhost");
}
