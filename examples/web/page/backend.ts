/** The signed-in user, as the backend describes it. */
export interface User {
  readonly username: string;
  readonly roles: readonly string[];
}

/** One note of the user. */
export interface Note {
  readonly id: string;
  readonly text: string;
}

/** An answer of the backend that is not a success. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Calls the backend. The browser adds the session's cookie by itself.
 *
 * @throws {Refusal} with the message for the user
 */
export async function call<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { "content-type": "application/json" },
    body: body ? JSON.stringify(body) : null,
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, answer.message ?? `HTTP status ${response.status}`);
  return answer;
}
