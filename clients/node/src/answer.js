/** A complete answer. `result` is all of it, as the protocol gives it. */
export class Answer {
  constructor(result) {
    this.result = result;
  }

  #parts(type) {
    const { content } = this.result.message;
    const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
    return parts.filter((part) => part.type === type);
  }

  /** The text. */
  get text() {
    return this.#parts("text").map((part) => part.text).join("");
  }

  /** What the model thought, as far as it shows that. */
  get reasoning() {
    return this.#parts("reasoning").map((part) => part.text).join("");
  }

  /** The calls of tools in it. */
  get toolCalls() {
    return this.#parts("toolCall");
  }

  /** The value that was asked for by a schema (`output`). */
  get structured() {
    return this.result.structured;
  }

  /** The answer as a message, to be sent back with the next one. */
  get message() {
    return this.result.message;
  }

  /** Who answered, as `provider/model`. */
  get model() {
    return `${this.result.provider}/${this.result.model}`;
  }

  get stopReason() {
    return this.result.stopReason;
  }

  get usage() {
    return this.result.usage;
  }

  /** The cost in USD; `null` when a price is not known. */
  get cost() {
    return this.result.cost;
  }

  toString() {
    return this.text;
  }
}
