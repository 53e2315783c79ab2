import { Answer } from "./answer.js";
import { ToolLoop } from "./tools.js";

/**
 * An answer on its way. Iterate over its pieces of text, or over its `events()`; leaving the loop cancels the rest. A
 * `reset` delta makes void what was there so far: `text` starts anew with it.
 */
export class AnswerStream {
  #request; // (params, options) → promise of the result
  #loop;
  #signal;
  #controller = new AbortController();
  #deltas = [];
  #wake = null;
  #running = null;
  #answer = null;
  #error = null;
  text = "";

  constructor(request, params, { tools, maxRounds, signal }) {
    this.#request = request;
    this.#loop = new ToolLoop(params, tools, maxRounds);
    this.#signal = signal;
  }

  /** Every delta, as the protocol describes them, through all rounds of tool calls. */
  async *events() {
    this.#start();
    try {
      while (true) {
        const delta = await this.#next();
        if (delta === null) return;
        yield delta;
      }
    } finally {
      if (this.#answer === null) this.cancel();
      await this.#running;
    }
  }

  async *[Symbol.asyncIterator]() {
    for await (const delta of this.events()) if (delta.type === "text") yield delta.text;
  }

  /** The whole answer; waits for its end. */
  async answer() {
    this.#start();
    await this.#running;
    if (this.#error !== null) throw this.#error;
    return this.#answer;
  }

  /** Cancels what has not come yet. */
  cancel(reason = new DOMException("The answer was not wanted any more", "AbortError")) {
    this.#controller.abort(reason);
  }

  #start() {
    this.#running ??= this.#run().catch((error) => {
      this.#error = error;
    }).finally(() => this.#wake?.());
  }

  async #next() {
    while (true) {
      if (this.#deltas.length > 0) return this.#deltas.shift();
      if (this.#error !== null) throw this.#error;
      if (this.#answer !== null) return null;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  #take(delta) {
    if (delta.type === "text") this.text += delta.text;
    else if (delta.type === "reset") this.text = "";
    this.#deltas.push(delta);
    this.#wake?.();
  }

  async #run() {
    const forward = () => this.cancel(this.#signal.reason);
    if (this.#signal?.aborted) forward();
    this.#signal?.addEventListener("abort", forward, { once: true });
    const { signal } = this.#controller;
    try {
      while (true) {
        const result = await this.#request(this.#loop.params, { signal, take: (delta) => this.#take(delta) });
        const calls = this.#loop.calls(result);
        if (calls.length === 0) {
          this.#answer = new Answer(result);
          return;
        }
        this.#loop.goOn(result, await Promise.all(calls.map((call) => this.#loop.run(call, signal))));
        signal.throwIfAborted();
      }
    } finally {
      this.#signal?.removeEventListener("abort", forward);
    }
  }
}
