/** What a process of callers is to do. */
export interface CallPlan {
  readonly way: "@latchkey/client" | "openapi-fetch" | "fetch";
  /** The address of the built client. */
  readonly client: string;
  readonly baseURL: string;
  readonly token: string;
  /** How many ask at the same time. */
  readonly callers: number;
  readonly seconds: number;
}
