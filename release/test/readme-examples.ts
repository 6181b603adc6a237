/**
 * The first TypeScript example under a heading of a README.
 *
 * @param heading the whole line, such as `### Fastify`
 * @param issuer the address of the running demo, which takes the place of the printed one
 */
export function exampleUnder(readme: string, heading: string, issuer: string): string {
  const [, after = ""] = readme.split(`\n${heading}\n`);
  const [, code] = /```ts\n(.*?)```/s.exec(after) ?? [];
  if (code === undefined) throw new Error(`there is no example under ${heading}`);
  return code.replaceAll("http://127.0.0.1:8000", issuer);
}
