// What the extension uses of the editor's API, so that its code runs in plain Node. `calls` is what it did.
const Module = require("node:module");

class EventEmitter {
  #listeners = new Set();
  event = (listener) => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(value) {
    for (const listener of this.#listeners) listener(value);
  }
}

class CancellationTokenSource {
  #emitter = new EventEmitter();
  token = { isCancellationRequested: false, onCancellationRequested: this.#emitter.event };
  cancel() {
    this.token.isCancellationRequested = true;
    this.#emitter.fire();
  }
  dispose() {}
}

class LanguageModelError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
  static NoPermissions = (message) => new LanguageModelError(message, "NoPermissions");
  static NotFound = (message) => new LanguageModelError(message, "NotFound");
  static Blocked = (message) => new LanguageModelError(message, "Blocked");
}

/** Class of values with these fields, in this order. */
function part(...fields) {
  return class {
    constructor(...values) {
      fields.forEach((field, index) => (this[field] = values[index]));
    }
  };
}

/** A mock of the module; `answers` says what the person chooses, by the name of the function. */
function mock({ settings = {}, answers = {} } = {}) {
  const calls = { registered: {}, commands: {}, shown: [] };
  const changed = new EventEmitter();
  const ask = (name) => async (...values) => {
    calls.shown.push([name, ...values]);
    return answers[name]?.(...values);
  };
  const vscode = {
    EventEmitter, CancellationTokenSource, LanguageModelError,
    LanguageModelTextPart: part("value"),
    LanguageModelToolCallPart: part("callId", "name", "input"),
    LanguageModelToolResultPart: part("callId", "content"),
    LanguageModelDataPart: part("data", "mimeType"),
    LanguageModelChatMessageRole: { User: 1, Assistant: 2 },
    LanguageModelChatToolMode: { Auto: 1, Required: 2 },
    ProgressLocation: { Notification: 15 },
    Uri: { parse: (text) => ({ text }) },
    env: { openExternal: ask("openExternal"), clipboard: { writeText: ask("writeText") } },
    lm: {
      registerLanguageModelChatProvider: (vendor, provider) => {
        calls.registered[vendor] = provider;
        return { dispose: () => delete calls.registered[vendor] };
      },
    },
    commands: {
      registerCommand: (name, run) => {
        calls.commands[name] = run;
        return { dispose: () => delete calls.commands[name] };
      },
      executeCommand: (name, ...values) => calls.commands[name](...values),
    },
    workspace: {
      getConfiguration: (section) => ({ get: (name) => settings[`${section}.${name}`] }),
      onDidChangeConfiguration: changed.event,
    },
    window: {
      showInputBox: ask("showInputBox"), showQuickPick: ask("showQuickPick"), showErrorMessage: ask("showErrorMessage"),
      showInformationMessage: ask("showInformationMessage"),
      withProgress: (_, work) => work({ report() {} }, new CancellationTokenSource().token),
    },
  };
  calls.change = (name, value) => {
    settings[name] = value;
    changed.fire({ affectsConfiguration: (asked) => name.startsWith(asked) });
  };
  return { vscode, calls };
}

/** Loads the extension anew, with this mock as the module `vscode`. */
function load(path, vscode) {
  const original = Module._load;
  Module._load = (request, ...rest) => (request === "vscode" ? vscode : original(request, ...rest));
  try {
    delete require.cache[require.resolve(path)];
    return require(path);
  } finally {
    Module._load = original;
  }
}

module.exports = { load, mock };
