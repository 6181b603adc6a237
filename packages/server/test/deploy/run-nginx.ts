import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "@latchkey/testkit/until";

/**
 * Runs Debian's nginx with all its files in one folder.
 *
 * @param http the directives of its `http` block
 * @param answers whether it answers requests
 */
export async function runNginx(
  folder: string,
  http: string,
  answers: () => boolean | Promise<boolean>,
): Promise<AsyncDisposable> {
  mkdirSync(folder, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  // Only the user of the tests may enter the folder, so the workers run as that user.
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; ${user} worker_processes 1; pid ${join(folder, "pid")}; error_log ${join(folder, "error.log")};
    events {} http { ${temporary.join(" ")} ${http} }\n`,
  );
  const test = spawnSync("nginx", ["-t", "-c", file], { encoding: "utf8" });
  if (test.status !== 0) throw new Error(`nginx refuses the file: ${test.stderr}`);
  const child = spawn("nginx", ["-c", file], { stdio: "ignore" });
  const kill = () => child.kill("SIGTERM");
  process.once("exit", kill);
  const stop = async () => {
    process.off("exit", kill);
    const ended = once(child, "exit");
    child.kill("SIGQUIT");
    // Open connections delay a graceful stop, so it has one second.
    setTimeout(kill, 1000).unref();
    await ended;
  };
  try {
    await until("nginx answers", answers, 10_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}
