import { findBinary } from "./find.js";
import { Server } from "./server.js";
import { AnswerStream } from "./stream.js";

/** What both a client and a session can be asked. */
class Asking {
  /** Asks, when it is first awaited, and gives the answer piece by piece. */
  stream(input, { tools, maxRounds, signal, ...options } = {}) {
    const params = { ...this._defaults(options), ...options, input };
    return new AnswerStream((...request) => this._client._complete(...request), params, { tools, maxRounds, signal });
  }

  /** Asks, and waits for the whole answer. */
  complete(input, options = {}) {
    return this.stream(input, { stream: false, ...options }).answer();
  }
}

/** A server of one's own, started when it is first needed. */
export class Patchbay extends Asking {
  #options;
  #server = null;
  #starting = null;

  constructor(options = {}) {
    super();
    this.#options = options;
    this._client = this;
    if (Symbol.asyncDispose) this[Symbol.asyncDispose] = () => this.close();
  }

  /** The server's process; undefined while there is none. */
  get pid() {
    return this.#server?.hasEnded === false ? this.#server.pid : undefined;
  }

  /** Starts the server, unless it runs, and says what it can do. */
  async start() {
    await this.#running();
    return this.server;
  }

  /** Cancels what is in flight and ends the server. */
  async close() {
    await this.#starting?.catch(() => {});
    const server = this.#server;
    this.#server = null;
    await server?.close();
  }

  /** Sends any request of the protocol. */
  async call(method, params, { signal } = {}) {
    return (await this.#running()).request(method, params, { signal });
  }

  /** The conversation of that name or id. A new name begins one with the first question. */
  session(name) {
    return new Session(this, name);
  }

  /** The conversations there are; those changed last come first. */
  async sessions() {
    const sessions = [];
    let cursor;
    do {
      const page = await this.call("listSessions", cursor === undefined ? {} : { cursor });
      sessions.push(...page.sessions);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return sessions;
  }

  /** Logs in, with the help of `onLogin` and `onPrompt` where a person is needed. */
  login(provider, { signal, ...params } = {}) {
    return this.call("login", { provider, ...params }, { signal });
  }

  /** Gives a login the text it waits for: for clients without `onPrompt`. */
  async loginInput(loginId, text) {
    await this.call("loginInput", { loginId, text });
  }

  /** Forgets a login. */
  logout(provider, params = {}) {
    return this.call("logout", { provider, ...params });
  }

  async _complete(params, options) {
    return (await this.#running()).request("complete", params, options);
  }

  _defaults({ provider, model }) {
    return provider === undefined && model === undefined ? pick(this.#options, ["provider", "model"]) : {};
  }

  /** The server; another one when the last has ended. */
  async #running() {
    if (this.#server?.hasEnded === false) return this.#server;
    this.#starting ??= this.#start().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #start() {
    const { binary, env, onPrompt, onLogin, onLog } = this.#options;
    const server = new Server(findBinary(binary), { env, handlers: { onPrompt, onLogin, onLog } });
    try {
      this.server = await server.request("initialize", {
        protocolVersion: 1,
        clientInfo: { name: "patchbay-node", version: "0.1.0" },
        processId: process.pid, // the server exits when this program is gone
        capabilities: { prompt: onPrompt !== undefined },
      });
    } catch (error) {
      await server.close();
      throw error;
    }
    return (this.#server = server);
  }
}

/** A conversation that is kept. Inside it every provider has its own thread. */
export class Session extends Asking {
  constructor(client, name) {
    super();
    this._client = client;
    this.name = name;
  }

  /** Goes on with another provider, in its own thread. */
  switch(provider, { model, carry } = {}) {
    return this._client.call("switchProvider", { session: this.name, provider, ...pick({ model, carry }, ["model", "carry"]) });
  }

  /** What it is, with the messages of the current provider's thread. */
  info() {
    return this._client.call("getSession", { session: this.name, messages: true });
  }

  /** Gives it another name. */
  async rename(name) {
    await this._client.call("renameSession", { session: this.name, name });
    this.name = name;
  }

  /** Deletes it, with everything that was said in it. */
  async delete() {
    await this._client.call("deleteSession", { session: this.name });
  }

  _defaults() {
    return { session: this.name };
  }
}

/** Those of the members that are there. */
function pick(object, names) {
  return Object.fromEntries(names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]));
}
