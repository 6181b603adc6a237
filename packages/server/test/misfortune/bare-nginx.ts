import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@latchkey/testkit/until";

/** Debian's nginx in front of one server, without TLS. @param locations in the words of its configuration */
export async function bareNginx(
  folder: string,
  locations: string,
  port: number,
): Promise<{ readonly url: string } & AsyncDisposable> {
  mkdirSync(folder, { recursive: true });
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${join(folder, "pid")}; error_log ${join(folder, "error.log")};
    events {} http { access_log off; ${places.join(" ")} server { listen 127.0.0.1:${port}; ${locations} } }\n`,
  );
  const child: ChildProcess = spawn("nginx", ["-c", file], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(`${url}/health/live`).then(
      () => true,
      () => false,
    );
  await until("nginx listens", answers, 10_000);
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
