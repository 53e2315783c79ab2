/** A client for patchbay, the program that talks to every AI provider. See README.md, and index.d.ts for the types. */
export { Patchbay, Session } from "./src/patchbay.js";
export { AnswerStream } from "./src/stream.js";
export { Answer } from "./src/answer.js";
export { PatchbayError } from "./src/errors.js";
export { findBinary } from "./src/find.js";
