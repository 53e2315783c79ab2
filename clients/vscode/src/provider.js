const { toMessages } = require("./messages.js");

// What is said of a model whose limits are not known: the editor wants numbers.
const UNKNOWN_WINDOW = 32768;
const UNKNOWN_OUTPUT = 4096;

/** Answers the editor's questions for models, answers and token counts. */
class Provider {
  #vscode;
  #client;
  #changed;

  /** `client` gives the client to use: it may be another one after a change of the settings. */
  constructor(vscode, client) {
    this.#vscode = vscode;
    this.#client = client;
    this.#changed = new vscode.EventEmitter();
    this.onDidChangeLanguageModelChatInformation = this.#changed.event;
  }

  /** Makes the editor ask for the models again. */
  refresh() {
    this.#changed.fire();
  }

  async provideLanguageModelChatInformation({ silent }, token) {
    const { signal, end } = abortedBy(token);
    try {
      const models = await this.#models(signal);
      if (models.length === 0 && !silent) await this.#vscode.commands.executeCommand("patchbay.logIn");
      return models.map(information);
    } catch (error) {
      // The editor asks by itself, too: what is wrong is said when a person asked.
      if (silent || signal.aborted) return [];
      throw this.#translated(error);
    } finally {
      end();
    }
  }

  async provideLanguageModelChatResponse(model, messages, options, progress, token) {
    const { signal, end } = abortedBy(token);
    try {
      const request = { model: model.id, signal, ...requestOptions(this.#vscode, options) };
      const stream = this.#client().stream(toMessages(this.#vscode, messages), request);
      await this.#report(stream, progress);
    } catch (error) {
      if (!signal.aborted) throw this.#translated(error);
    } finally {
      end();
    }
  }

  async provideTokenCount(model, text, token) {
    const { signal, end } = abortedBy(token);
    const input = typeof text === "string" ? text : toMessages(this.#vscode, [text]);
    try {
      return (await this.#client().call("countTokens", { model: model.id, input }, { signal })).tokens;
    } finally {
      end();
    }
  }

  async #models(signal) {
    const models = [];
    let cursor;
    do {
      const params = { available: true, ...(cursor === undefined ? {} : { cursor }) };
      const page = await this.#client().call("listModels", params, { signal });
      models.push(...page.models);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return models;
  }

  async #report(stream, progress) {
    const { LanguageModelTextPart, LanguageModelToolCallPart } = this.#vscode;
    const calls = new Map();
    for await (const delta of stream.events()) {
      if (delta.type === "text") progress.report(new LanguageModelTextPart(delta.text));
      // What was reported cannot be taken back.
      else if (delta.type === "reset") progress.report(new LanguageModelTextPart("\n\n(The answer begins anew.)\n\n"));
      else if (delta.type === "toolCall") calls.set(delta.index, delta);
      else if (delta.type === "toolCallEnd") {
        const { id, name } = calls.get(delta.index);
        // A call that was cut off must not be run.
        if (delta.invalid) progress.report(new LanguageModelTextPart(`\n\n(A call of ${name} was cut off.)`));
        else progress.report(new LanguageModelToolCallPart(id, name, delta.arguments));
      }
    }
  }

  /** An error as the editor tells them apart. */
  #translated(error) {
    const { LanguageModelError } = this.#vscode;
    const text = error.hint ? `${error.message} ${error.hint}` : error.message;
    switch (error.kind) {
      case "authRequired":
      case "authRejected":
      case "quotaExceeded":
        return LanguageModelError.NoPermissions(text);
      case "modelNotFound":
      case "providerNotFound":
        return LanguageModelError.NotFound(text);
      case "contentFiltered":
        return LanguageModelError.Blocked(text);
      default:
        return new Error(text, { cause: error });
    }
  }
}

/** A model as the editor describes one. */
function information(model) {
  const output = model.maxOutputTokens ?? Math.min(UNKNOWN_OUTPUT, model.contextWindow ?? UNKNOWN_OUTPUT);
  const window = model.contextWindow ?? UNKNOWN_WINDOW;
  return {
    id: model.id,
    name: model.name,
    detail: model.provider,
    tooltip: model.id,
    family: model.model,
    version: model.released ?? "1",
    // The window holds the answer, too; a model whose answer may fill it all still reads something.
    maxInputTokens: Math.max(window - output, Math.ceil(window / 2)),
    maxOutputTokens: output,
    capabilities: { imageInput: model.input.includes("image"), toolCalling: model.tools },
  };
}

/** The parameters of the protocol for what the editor asks for. */
function requestOptions(vscode, { tools, toolMode, modelOptions = {} }) {
  const options = {};
  if (tools?.length) {
    options.tools = tools.map(({ name, description, inputSchema }) => ({
      name, description, inputSchema: inputSchema ?? { type: "object", properties: {} },
    }));
    if (toolMode === vscode.LanguageModelChatToolMode.Required) options.toolChoice = "required";
  }
  // Those that extensions pass, by the names they use for them.
  const known = { temperature: "temperature", top_p: "topP", topP: "topP", max_tokens: "maxTokens", maxTokens: "maxTokens" };
  for (const [name, parameter] of Object.entries(known)) {
    if (modelOptions[name] !== undefined) options[parameter] = modelOptions[name];
  }
  if (modelOptions.stop !== undefined) options.stop = [modelOptions.stop].flat();
  return options;
}

/** An AbortSignal for a cancellation token, and what lets go of the token. */
function abortedBy(token) {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  const listening = token.onCancellationRequested(() => controller.abort());
  return { signal: controller.signal, end: () => listening.dispose() };
}

module.exports = { Provider };
