import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { messageBody } from "./message-body.ts";

export interface Answer {
  readonly status: number;
  /** Status line and header lines. */
  readonly head: string;
  readonly body: Buffer;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const nothing = Buffer.alloc(0);
const headEnd = Buffer.from("\r\n\r\n");

/** A keep-alive HTTP connection that sends prepared bytes. It is faster than `node:http`. */
export class Connection {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  #received: Buffer = nothing;

  private constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** Sends a request. The previous one must have been answered. */
  send(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting !== undefined) throw new Error("the previous request has no response yet");
      if (this.#socket.destroyed) throw new Error("the server closed the connection");
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = received;
    const end = received.indexOf(headEnd);
    if (end < 0) return;
    const head = received.toString("latin1", 0, end);
    const body = this.#bodyOf(head, received.subarray(end + headEnd.length));
    if (body === undefined) return;
    this.#received = nothing;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body });
  }

  #bodyOf(head: string, rest: Buffer): Buffer | undefined {
    try {
      return messageBody(head, rest);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}
