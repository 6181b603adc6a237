import { runNginx } from "../deploy/run-nginx.ts";

/** Debian's nginx in front of one server, without TLS. @param locations `location` blocks of its configuration */
export async function bareNginx(
  folder: string,
  locations: string,
  port: number,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${url}/health/live`).then(
      () => true,
      () => false,
    );
  const http = `access_log off; server { listen 127.0.0.1:${port}; ${locations} }`;
  return { url, ...(await runNginx(folder, http, answers)) };
}
