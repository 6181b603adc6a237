import type { FastifyInstance } from "fastify";
import { addInnerApp } from "../inner-app.ts";
import type { StartPageOptions } from "./start-page.ts";

/** Serves the page at `/` as an inner app. No other file may import `start-page.ts` at start. */
export function startPageApp(app: FastifyInstance, options: StartPageOptions): void {
  addInnerApp(app, {
    paths: { "/": ["GET", "HEAD"] },
    async open(inner) {
      const { startPageRoute } = await import("./start-page.ts");
      startPageRoute(inner, options);
    },
  });
}
