import { Connection } from "./connection.ts";
import { type Service, startService } from "./service.ts";

/** A bare server with the response of the real one. `node:http` itself adds `Date` and `Connection`. */
export async function startCopy(folder: string, server: Service, request: string): Promise<Service> {
  const connection = await Connection.open(server.port);
  const { status, head, body } = await connection.send(Buffer.from(request));
  connection.close();
  if (status !== 200) throw new Error(`the server answered ${status}: ${body}`);
  const own = ["date", "connection", "keep-alive"];
  const headers = head
    .split("\r\n")
    .slice(1)
    .map((line) => /^([^:]+): (.*)$/.exec(line)?.slice(1) ?? [])
    .filter(([name = ""]) => !own.includes(name.toLowerCase()));
  const script = new URL("./bare-http.ts", import.meta.url);
  const copy = await startService(folder, {
    script,
    args: [String(status), JSON.stringify(headers.flat()), body.toString()],
    processor: 0,
  });
  await assertSame(copy, request, head, body);
  return copy;
}

async function assertSame(copy: Service, request: string, head: string, body: Buffer): Promise<void> {
  const connection = await Connection.open(copy.port);
  const copied = await connection.send(Buffer.from(request));
  connection.close();
  const undated = (text: string) =>
    text
      .split("\r\n")
      .filter((line) => !/^date:/i.test(line))
      .join("\n");
  if (undated(copied.head) !== undated(head) || !copied.body.equals(body)) {
    throw new Error(`the bare server does not send the same bytes:\n${copied.head}\n\n${head}`);
  }
}
