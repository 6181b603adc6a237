// The health check of the container: its exit status is 0 if the server answers. The image has no curl.
//
// Liveness, because a supervisor may restart an unhealthy container, and a restart does not bring a database back.
const { LATCHKEY_HOST: host = "127.0.0.1", LATCHKEY_PORT: port = "8000" } = process.env;
const loopback = { "0.0.0.0": "127.0.0.1", "::": "::1" };
const address = loopback[host] ?? host;
const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}/health/live`;
try {
  const { status } = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  process.stdout.write(`${url} answered ${status}\n`);
  process.exitCode = status === 200 ? 0 : 1;
} catch (error) {
  process.stdout.write(
    `${url} did not answer: ${error.cause?.code ?? error.cause?.message ?? error.message}\n`,
  );
  process.exitCode = 1;
}
