/** What is asked, and what is asked next when a model has called tools: until it has no more to call. */
export class ToolLoop {
  #tools;
  #roundsLeft;

  constructor(params, tools, maxRounds = 10) {
    this.#tools = new Map((tools ?? []).map((tool) => [tool.name, tool]));
    this.#roundsLeft = maxRounds;
    this.params = tools?.length ? { ...params, tools: tools.map(({ run, ...definition }) => definition) } : params;
  }

  /** The calls to run now; none when the answer is the last one, or when the caller has to run one of them. */
  calls({ stopReason, message }) {
    if (stopReason !== "toolUse" || this.#roundsLeft === 0) return [];
    const calls = message.content.filter((part) => part.type === "toolCall");
    const tools = [...this.#tools.values()];
    const areOurs = tools.some((tool) => tool.run) && calls.every(({ name }) => this.#tools.get(name)?.run !== undefined || !this.#tools.has(name));
    return areOurs ? calls : [];
  }

  /** Runs a call. What goes wrong is told to the model, which may do better. */
  async run(call, signal) {
    const part = { type: "toolResult", toolCallId: call.id };
    const tool = this.#tools.get(call.name);
    if (call.invalid) {
      return { ...part, content: "The arguments were no JSON object, or were cut off; nothing was run.", isError: true };
    }
    if (!tool) return { ...part, content: `There is no tool ${call.name}.`, isError: true };
    try {
      const value = await tool.run(call.arguments, { signal });
      return { ...part, content: typeof value === "string" ? value : (JSON.stringify(value) ?? "null") };
    } catch (error) {
      return { ...part, content: String(error), isError: true };
    }
  }

  /** Makes `params` the next question. A session knows what was said before, a completion alone does not. */
  goOn(result, outputs) {
    this.#roundsLeft -= 1;
    const answer = { role: "tool", content: outputs };
    if (this.params.session !== undefined) {
      this.params = { ...this.params, input: [answer] };
      return;
    }
    const said = this.params.input;
    const messages = typeof said === "string" ? [{ role: "user", content: said }] : [said].flat();
    this.params = { ...this.params, input: [...messages, result.message, answer] };
  }
}
