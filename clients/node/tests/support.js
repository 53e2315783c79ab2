// What the tests of this client share: a home, and a server on this machine that stands for a provider.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const client = fileURLToPath(new URL("..", import.meta.url));
export const top = fileURLToPath(new URL("../../..", import.meta.url));
process.env.PATCHBAY_BINARY ??= join(top, ".build/release/patchbay");
const script = process.env.PATCHBAY_UPSTREAM ?? join(top, "Tests/Clients/upstream.py");

/** Starts the server for a test `t`, which ends it; gives what asks it, and the environment of a client that uses it. */
export async function upstream(t) {
  const home = mkdtempSync(join(tmpdir(), "patchbay-node-"));
  const child = spawn("python3", [script, "--home", home, "--until-eof"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise((resolve) => lines.once("line", resolve));
  t.after(async () => {
    child.stdin.end();
    await ended;
    rmSync(home, { recursive: true });
  });
  const get = async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).json();
  return { get, requests: async () => (await get("/log")).requests, env: { PATH: process.env.PATH, HOME: home, PATCHBAY_HOME: home } };
}

/** Whether a process is there. */
export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
