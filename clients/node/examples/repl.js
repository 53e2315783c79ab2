#!/usr/bin/env node
// A conversation in a terminal, in the session that is named. Ctrl-C ends an answer, Ctrl-D the program.
// usage: repl.js [PROVIDER [SESSION]]
import { createInterface } from "node:readline/promises";
import { Patchbay } from "patchbay";

const [provider, name = "repl"] = process.argv.slice(2);
const pb = new Patchbay();
const session = pb.session(name);
const isThere = (await pb.sessions()).some((one) => one.name === name || one.id === name);
if (provider) await (isThere ? session.switch(provider) : pb.call("createSession", { name, provider }));

const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: "> " });
let answering = null;
terminal.on("SIGINT", () => answering?.abort());
terminal.prompt();
for await (const line of terminal) {
  answering = new AbortController();
  try {
    for await (const text of session.stream(line, { signal: answering.signal })) process.stdout.write(text);
    process.stdout.write("\n");
  } catch (error) {
    console.log(answering.signal.aborted ? " …" : `error: ${error.message}`);
  }
  answering = null;
  terminal.prompt();
}
await pb.close();
