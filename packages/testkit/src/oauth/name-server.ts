import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";

/** The types of questions. */
const types = { a: 1, aaaa: 28 } as const;

/** A name server on this machine. It knows the names of a test, and never answers about a silent one. */
export class NameServer implements AsyncDisposable {
  readonly address: string;
  readonly names = new Map<string, readonly string[]>();
  readonly silent = new Set<string>();
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.address = `127.0.0.1:${socket.address().port}`;
    socket.on("message", (question, { port, address }: RemoteInfo) => {
      const answer = this.#answer(question);
      if (answer !== undefined) socket.send(answer, port, address);
    });
  }

  static async start(): Promise<NameServer> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new NameServer(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }

  /** Answers one question (RFC 1035 §4). Further sections of the message are ignored. */
  #answer(message: Buffer): Buffer | undefined {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join(".").toLowerCase();
    if (this.silent.has(name)) return undefined;
    const type = message.readUInt16BE(at + 1);
    const known = this.names.get(name);
    const records = (known ?? [])
      .filter((address) => type === (isIPv4(address) ? types.a : types.aaaa))
      .map((address) => recordOf(type, bytesOf(address)));
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(known === undefined ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, message.subarray(12, at + 5), ...records]);
  }
}

/** A record for the name of the question, with a life of one second. */
function recordOf(type: number, data: Buffer): Buffer {
  const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 1, 0, data.length]);
  return Buffer.concat([head, data]);
}

/** The bytes of an address. At most one `::` stands for groups of zeros. */
function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [front = [], back = []] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array<string>(8 - front.length - back.length).fill("0");
  const groups = [...front, ...zeros, ...back].map((group) => group.padStart(4, "0"));
  return Buffer.from(groups.join(""), "hex");
}
