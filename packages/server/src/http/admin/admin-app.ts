import type { FastifyInstance } from "fastify";
import { addInnerApp } from "../inner-app.ts";
import type { InnerPaths } from "../inner-routes.ts";
import { type AdminResource, adminMetadataRoute } from "./admin-metadata.ts";
import type { AdminStories } from "./admin-routes.ts";

/** The administration over HTTP. Its stories are opened at the first request. */
export interface AdminMount {
  /** Whether Latchkey has users of its own. An identity provider administers its own ones. */
  readonly ownUsers: boolean;
  readonly resource: AdminResource;
  readonly open: () => Promise<AdminStories>;
}

const userPaths: InnerPaths = {
  "/admin/v1/users": ["GET", "POST"],
  "/admin/v1/users/:id": ["GET", "PATCH", "DELETE"],
  "/admin/v1/users/:id/password": ["PUT"],
  "/admin/v1/users/:id/disable": ["POST"],
  "/admin/v1/users/:id/enable": ["POST"],
  "/admin/v1/users/:id/unlock": ["POST"],
  "/admin/v1/users/:id/erase": ["POST"],
  "/admin/v1/users/:id/reset": ["POST"],
  "/admin/v1/users/:id/sessions": ["DELETE", "GET"],
  "/admin/v1/users/:id/export": ["GET"],
  "/admin/v1/invitations": ["GET", "POST"],
  "/admin/v1/invitations/:id": ["DELETE"],
};

const paths: InnerPaths = {
  "/admin/v1/sessions": ["GET"],
  "/admin/v1/sessions/:id": ["GET", "DELETE"],
  "/admin/v1/audit": ["GET"],
  "/admin/v1/keys": ["GET"],
  "/admin/v1/keys/rotate": ["POST"],
  "/admin/v1/clients": ["GET", "POST"],
  "/admin/v1/clients/:id": ["GET", "DELETE"],
  "/admin/v1/clients/:id/block": ["POST"],
  "/admin/v1/clients/:id/unblock": ["POST"],
  "/admin/v1/clients/:id/secret": ["POST"],
  "/admin/v1/resources": ["GET"],
  "/admin/v1/resources/:url": ["GET", "PUT", "DELETE"],
};

/**
 * Serves the administration as an inner app: most servers start without a request to it. No other file may import
 * `admin-routes.ts` at start.
 */
export function adminApp(app: FastifyInstance, { ownUsers, resource, open }: AdminMount): void {
  adminMetadataRoute(app, resource);
  addInnerApp(app, {
    paths: ownUsers ? { ...userPaths, ...paths } : paths,
    isDocumented: true,
    async open(inner) {
      const { adminRoutes } = await import("./admin-routes.ts");
      await adminRoutes(inner, await open());
    },
  });
}
