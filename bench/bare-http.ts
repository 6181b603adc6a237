import { createServer } from "node:http";

/**
 * A bare server: every response has the status, header lines and body of the arguments. It uses Node as its documentation
 * shows it: `writeHead` and a body of text, which Node sends in one write. A Buffer takes a second one. Of the options, the
 * keep-alive time alone is not the default: it is one of the bytes.
 */
const [status = "200", headers = "[]", body = ""] = process.argv.slice(2);
const code = Number(status);
const lines: string[] = JSON.parse(headers);

const server = createServer({ keepAliveTimeout: 65_000 }, (_request, response) => {
  response.writeHead(code, lines).end(body);
});
server.listen(0, "127.0.0.1", () => {
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : undefined;
  process.stdout.write(`listening at http://127.0.0.1:${port}\n`);
});
