/**
 * The path of a request, without what follows it: people put tokens there.
 *
 * @param url as it was sent, or as a whole URL
 */
export function pathOf(url: string): string {
  const [path = ""] = url.split(/[?#]/, 1);
  return path.startsWith("/") || !URL.canParse(path) ? path : new URL(path).pathname;
}
