/** An error of the server, or of the connection to it. */
export class PatchbayError extends Error {
  constructor({ message, code = 0, data = {} }) {
    super(message);
    this.name = "PatchbayError";
    this.code = code;
    this.kind = data.kind;
    this.hint = data.hint;
    this.retryAfterMs = data.retryAfterMs;
    this.data = data;
  }
}

/** The server ended before it had answered; the next call starts another one. */
export function exited(code, signal) {
  const how = signal ? ` by ${signal}` : code === null ? "" : ` with status ${code}`;
  return new PatchbayError({ message: `patchbay ended${how} before it had answered`, data: { kind: "serverExited" } });
}

/** The program is not where it was looked for. */
export function notFound(places) {
  const hint = "Install it, or set PATCHBAY_BINARY to its path.";
  return new PatchbayError({ message: `there is no program patchbay at ${places}`, data: { kind: "binaryNotFound", hint } });
}
