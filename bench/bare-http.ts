import { createServer } from "node:http";

/** A bare server: every response has the status, header lines and body of the arguments. */
const [status = "200", headers = "[]", body = ""] = process.argv.slice(2);
const code = Number(status);
const lines: string[] = JSON.parse(headers);
const bytes = Buffer.from(body);

const server = createServer({ keepAliveTimeout: 65_000 }, (_request, response) => {
  response.writeHead(code, lines).end(bytes);
});
server.listen(0, "127.0.0.1", () => {
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : undefined;
  process.stdout.write(`listening at http://127.0.0.1:${port}\n`);
});
