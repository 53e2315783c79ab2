import type {
  CompleteParams, CompleteResult, Cost, Delta, ErrorData, ErrorKind, InitializeResult, LoginParams, LoginPromptParams,
  LoginResult, LogMessageParams, LogoutParams, LogoutResult, Message, Methods, PromptParams, Session as SessionInfo,
  SessionWithMessages, StopReason, SwitchProviderParams, SwitchProviderResult, Tool as ToolDefinition, ToolCallPart, Usage,
} from "./types.d.ts";

export type * from "./types.d.ts";

/** What is said: a string is one message of the user. */
export type Input = CompleteParams["input"];

/** A function that a model may call. Without `run` it is only described: its calls are in `answer.toolCalls`. */
export interface Tool extends ToolDefinition {
  /** Runs a call. What it returns goes to the model, as JSON unless it is a string; so does what it throws. */
  run?(args: any, context: { signal: AbortSignal }): unknown;
}

/** How something is asked: the parameters of the protocol's `complete`, and these. */
export interface AskOptions extends Omit<CompleteParams, "input" | "tools"> {
  /** What the model may call. */
  tools?: Tool[];
  /** How often calls are run and answered before the answer is given as it is; 10 unless said. */
  maxRounds?: number;
  /** Aborting it cancels the request; what waits then throws the signal's reason. */
  signal?: AbortSignal;
}

export interface PatchbayOptions {
  /** Who is asked when a call does not say. */
  provider?: string;
  /** Which model is asked when a call does not say. */
  model?: string;
  /** The program; else PATCHBAY_BINARY, else `patchbay` in PATH or ~/.local/bin. */
  binary?: string;
  /** The server's environment, when it shall not be this program's. */
  env?: Record<string, string | undefined>;
  /** Asks the person for a text while logging in; `null` when the person will not. The signal ends the question. */
  onPrompt?(prompt: PromptParams, context: { signal: AbortSignal }): Promise<string | null | undefined> | string | null | undefined;
  /** Shows the person what a login wants of them. */
  onLogin?(prompt: LoginPromptParams): void;
  /** Takes the server's log messages. */
  onLog?(message: LogMessageParams): void;
}

interface Asking {
  /** Asks, when it is first awaited, and gives the answer piece by piece. */
  stream(input: Input, options?: AskOptions): AnswerStream;
  /** Asks, and waits for the whole answer. */
  complete(input: Input, options?: AskOptions): Promise<Answer>;
}

/** A server of one's own, started when it is first needed. */
export class Patchbay implements Asking {
  constructor(options?: PatchbayOptions);
  /** The server's process; undefined while there is none. */
  readonly pid: number | undefined;
  /** What the server can do; there once it has started. */
  readonly server: InitializeResult;
  /** Starts the server, unless it runs, and says what it can do. */
  start(): Promise<InitializeResult>;
  /** Cancels what is in flight and ends the server. */
  close(): Promise<void>;
  /** Sends any request of the protocol. */
  call<M extends keyof Methods>(
    method: M, params?: Methods[M]["params"], options?: { signal?: AbortSignal },
  ): Promise<Methods[M]["result"]>;
  stream(input: Input, options?: AskOptions): AnswerStream;
  complete(input: Input, options?: AskOptions): Promise<Answer>;
  /** The conversation of that name or id. A new name begins one with the first question. */
  session(name: string): Session;
  /** The conversations there are; those changed last come first. */
  sessions(): Promise<SessionInfo[]>;
  /** Logs in, with the help of `onLogin` and `onPrompt` where a person is needed. */
  login(provider: string, options?: Omit<LoginParams, "provider"> & { signal?: AbortSignal }): Promise<LoginResult>;
  /** Gives a login the text it waits for: for clients without `onPrompt`. */
  loginInput(loginId: string, text: string): Promise<void>;
  /** Forgets a login. */
  logout(provider: string, params?: Omit<LogoutParams, "provider">): Promise<LogoutResult>;
}

/** A conversation that is kept. Inside it every provider has its own thread. */
export class Session implements Asking {
  name: string;
  stream(input: Input, options?: AskOptions): AnswerStream;
  complete(input: Input, options?: AskOptions): Promise<Answer>;
  /** Goes on with another provider, in its own thread. */
  switch(provider: string, options?: Pick<SwitchProviderParams, "model" | "carry">): Promise<SwitchProviderResult>;
  /** What it is, with the messages of the current provider's thread. */
  info(): Promise<SessionWithMessages>;
  /** Gives it another name. */
  rename(name: string): Promise<void>;
  /** Deletes it, with everything that was said in it. */
  delete(): Promise<void>;
}

/** An answer on its way. Iterate over its pieces of text, or over its `events()`; leaving the loop cancels the rest. */
export class AnswerStream implements AsyncIterable<string> {
  /** The text so far; a `reset` delta makes it void. */
  readonly text: string;
  [Symbol.asyncIterator](): AsyncGenerator<string, void, undefined>;
  /** Every delta, as the protocol describes them, through all rounds of tool calls. */
  events(): AsyncGenerator<Delta, void, undefined>;
  /** The whole answer; waits for its end. */
  answer(): Promise<Answer>;
  /** Cancels what has not come yet. */
  cancel(reason?: unknown): void;
}

/** A complete answer. */
export class Answer {
  /** All of it, as the protocol gives it. */
  readonly result: CompleteResult;
  /** The text. */
  readonly text: string;
  /** What the model thought, as far as it shows that. */
  readonly reasoning: string;
  /** The calls of tools in it. */
  readonly toolCalls: ToolCallPart[];
  /** The value that was asked for by a schema (`output`). */
  readonly structured: unknown;
  /** The answer as a message, to be sent back with the next one. */
  readonly message: Message;
  /** Who answered, as `provider/model`. */
  readonly model: string;
  readonly stopReason: StopReason;
  readonly usage: Usage;
  /** The cost in USD; `null` when a price is not known. */
  readonly cost: Cost | null;
}

/** An error of the server, or of the connection to it. */
export class PatchbayError extends Error {
  /** What went wrong, as a word: a kind of the protocol, or one of this client's own. */
  readonly kind: ErrorKind | "serverExited" | "binaryNotFound" | undefined;
  /** The JSON-RPC code. */
  readonly code: number;
  /** What the person can do about it. */
  readonly hint: string | undefined;
  /** How long the provider asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What else is known. */
  readonly data: Partial<ErrorData>;
}

/** The path of the program. */
export function findBinary(binary?: string): string;
