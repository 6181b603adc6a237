import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflate } from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";
import { vi } from "vitest";

/** The only platform that the browser's package supports. */
export const canBrowse = process.platform === "linux" && process.arch === "x64";

/** Starts a browser. Its package has all libraries but the C library. */
export async function startChromium(): Promise<{ readonly browser: Browser } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-chromium-"));
  const packed = fileURLToPath(new URL("../bin", import.meta.resolve("@sparticuz/chromium")));
  // `inflate` unpacks into the current temporary folder.
  vi.stubEnv("TMPDIR", folder);
  try {
    await Promise.all(["chromium.br", "al2023.tar.br"].map((name) => inflate(join(packed, name))));
  } finally {
    vi.unstubAllEnvs();
  }
  const browser = await chromium.launch({
    executablePath: join(folder, "chromium"),
    // The arguments of the package would switch off the same-origin policy, which is tested here.
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
