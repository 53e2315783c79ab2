import { spawn } from "node:child_process";
import { PatchbayError, exited } from "./errors.js";

const PATIENCE = 5000; // milliseconds the server has to end in, before it is killed
const METHOD_NOT_FOUND = -32601;
const CANCELLED = -32800;

/** A running server, and who waits for what it says. */
export class Server {
  #child;
  #handlers;
  #unfinished = "";
  #lastId = 0;
  #waiting = new Map(); // id → {take, fail}
  #prompts = new Map(); // the server's id → AbortController
  hasEnded = false;

  constructor(binary, { env, handlers }) {
    this.#handlers = handlers;
    // Detached: Ctrl-C is for this program, and ends a request, not the server.
    this.#child = spawn(binary, ["serve"], { stdio: ["pipe", "pipe", "inherit"], env, detached: true });
    this.ended = new Promise((resolve) => {
      this.#child.on("error", (error) => this.#end(new PatchbayError({ message: error.message }), resolve));
      this.#child.on("close", (code, signal) => this.#end(exited(code, signal), resolve));
    });
    this.#child.stdin.on("error", () => {}); // a server that is gone is noticed by its end
    this.#child.stdout.setEncoding("utf8");
    this.#child.stdout.on("data", (text) => this.#read(text));
    this.#hold();
  }

  get pid() {
    return this.#child.pid;
  }

  /**
   * Sends a request. `take` gets each delta; the promise is for the result. An aborted one is settled when the server has
   * cancelled it: only then is its session free again.
   */
  request(method, params, { signal, take } = {}) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const abort = () => this.cancel(id);
      const done = (settle) => (value) => {
        signal?.removeEventListener("abort", abort);
        if (signal?.aborted) reject(signal.reason);
        else settle(value);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.set(id, { take, resolve: done(resolve), reject: done(reject) });
      this.#hold();
      if (this.hasEnded) return this.#end(exited(this.#child.exitCode, this.#child.signalCode), () => {});
      this.#send({ id, method, params: params ?? {} });
    });
  }

  cancel(id) {
    this.#send({ method: "$/cancelRequest", params: { id } });
  }

  /** Cancels what is in flight and ends the server. */
  async close() {
    for (const id of this.#waiting.keys()) this.cancel(id);
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE);
    this.#child.ref();
    await this.ended;
    clearTimeout(timer);
  }

  #send(message) {
    if (!this.#child.stdin.writable) return;
    this.#child.stdin.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
  }

  #read(text) {
    const lines = (this.#unfinished + text).split("\n");
    this.#unfinished = lines.pop();
    for (const line of lines) if (line.trim()) this.#take(JSON.parse(line));
  }

  #take(message) {
    const { id, method, params } = message;
    if (method === undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      this.#hold();
      if (message.error) waiting?.reject(new PatchbayError(message.error));
      else waiting?.resolve(message.result);
    } else if (method === "streamDelta") {
      this.#waiting.get(params.requestId)?.take?.(params.delta);
    } else if (method === "$/cancelRequest") {
      this.#prompts.get(params.id)?.abort();
    } else if (id !== undefined) {
      this.#answer(id, method, params);
    } else {
      this.#handlers[{ loginPrompt: "onLogin", logMessage: "onLog" }[method]]?.(params);
    }
  }

  /** Answers a request of the server. */
  async #answer(id, method, params) {
    if (method !== "prompt" || !this.#handlers.onPrompt) {
      return this.#send({ id, error: { code: METHOD_NOT_FOUND, message: `there is no method ${method}` } });
    }
    const controller = new AbortController();
    this.#prompts.set(id, controller);
    let text = null;
    try {
      text = (await this.#handlers.onPrompt(params, { signal: controller.signal })) ?? null;
    } catch (error) {
      if (!controller.signal.aborted) process.emitWarning(error);
    }
    this.#prompts.delete(id);
    if (text === null) this.#send({ id, error: { code: CANCELLED, message: "the person did not answer" } });
    else this.#send({ id, result: { text } });
  }

  /** Keeps this program running while it waits for the server, and only then. */
  #hold() {
    const change = this.#waiting.size > 0 ? "ref" : "unref";
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout]) handle[change]?.();
  }

  #end(error, resolve) {
    this.hasEnded = true;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) one.reject(error);
    for (const controller of this.#prompts.values()) controller.abort();
    resolve();
  }
}
