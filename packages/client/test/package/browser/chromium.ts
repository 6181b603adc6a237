import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflate } from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";
import { vi } from "vitest";

/** The one platform that the browser's package is for. */
export const canBrowse = process.platform === "linux" && process.arch === "x64";

/** Starts a browser that needs nothing of the machine but the C library: it brings the other libraries along. */
export async function startChromium(): Promise<{ readonly browser: Browser } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-chromium-"));
  const packed = fileURLToPath(new URL("../bin", import.meta.resolve("@sparticuz/chromium")));
  // It unpacks into what the temporary folder is at the time.
  vi.stubEnv("TMPDIR", folder);
  const unpacked = ["chromium.br", "al2023.tar.br"].map((name) => inflate(join(packed, name)));
  vi.unstubAllEnvs();
  await Promise.all(unpacked);
  const browser = await chromium.launch({
    executablePath: join(folder, "chromium"),
    // Its own arguments would switch off the same-origin policy, and with it what is tested here.
    args: [],
    env: { ...process.env, LD_LIBRARY_PATH: join(folder, "al2023/lib") },
  });
  return {
    browser,
    async [Symbol.asyncDispose]() {
      await browser.close();
      rmSync(folder, { recursive: true });
    },
  };
}
