import type { FastifyInstance } from "fastify";
import { addInnerApp } from "./inner-app.ts";
import type { InnerPaths } from "./inner-routes.ts";
import { mounts, type SelfServiceOperations } from "./self-service-parts.ts";

/** Behind each mount point. */
const paths: InnerPaths = {
  "/password": ["POST"],
  "/sessions": ["GET", "HEAD", "DELETE"],
  "/sessions/:id": ["DELETE"],
  "/email": ["POST"],
  "/email/verify": ["POST"],
  "/email/confirm": ["POST"],
  "/password/forgot": ["POST"],
  "/password/reset": ["POST"],
  "/sign-up": ["POST"],
  "/join": ["POST"],
};

/** Serves the own account as an inner app. No other file may import `self-service.ts` at start. */
export function selfServiceApp(app: FastifyInstance, operations: SelfServiceOperations): void {
  addInnerApp(app, {
    paths: Object.fromEntries(
      mounts.flatMap((mount) => Object.entries(paths).map(([path, methods]) => [mount + path, methods])),
    ),
    isDocumented: true,
    async open(inner) {
      const { selfServiceRoutes } = await import("./self-service.ts");
      selfServiceRoutes(inner, operations);
    },
  });
}
