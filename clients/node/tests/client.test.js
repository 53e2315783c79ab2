import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Patchbay, PatchbayError, findBinary } from "../index.js";
import { client, isRunning, top, upstream } from "./support.js";

/** A client for a test, closed after it. */
async function start(t, options = {}) {
  const loop = await upstream(t);
  const pb = new Patchbay({ env: loop.env, ...options });
  t.after(() => pb.close());
  return { pb, ...loop };
}

async function joined(stream) {
  let text = "";
  for await (const piece of stream) text += piece;
  return text;
}

const kind = (name) => (error) => error instanceof PatchbayError && error.kind === name;
const isAbort = { name: "AbortError" };

test("the pieces of an answer together are its text", async (t) => {
  const { pb } = await start(t);
  const stream = pb.stream("hi");
  assert.equal(await joined(stream), "Hello from the loop.");
  assert.equal(stream.text, "Hello from the loop.");
  const answer = await stream.answer();
  assert.equal(`${answer}`, "Hello from the loop.");
  assert.deepEqual([answer.model, answer.stopReason, answer.usage.input], ["loop/looped", "end", 7]);
  assert.equal(answer.cost.input, 7e-6);
  assert.equal((await pb.complete("!say one two")).text, "one two");
});

test("reasoning is apart from the text", async (t) => {
  const { pb } = await start(t);
  const types = [];
  for await (const delta of pb.stream("!think").events()) types.push(delta.type);
  assert.deepEqual([types[0], types.at(-1)], ["start", "end"]);
  assert(types.indexOf("reasoning") < types.indexOf("text"));
  const answer = await pb.complete("!think");
  assert.deepEqual([answer.text, answer.reasoning], ["Seen.", "Let me see."]);
});

test("options are the parameters of the protocol, and a client may have a provider of its own", async (t) => {
  const { pb, requests } = await start(t, { provider: "echo" });
  assert.equal((await pb.complete("hello there")).model, "echo/echo");
  await pb.complete("hi", { model: "loop/looped", system: "Be kind.", topP: 0.5 });
  const [{ body }] = await requests();
  assert.deepEqual([body.messages[0].content, body.top_p], ["Be kind.", 0.5]);
  await assert.rejects(pb.complete("hi", { maxToken: 1 }), kind("invalidParams"));
});

test("many completions at once are told apart, and five thousand pieces arrive whole", async (t) => {
  const { pb } = await start(t);
  const numbers = Array.from({ length: 50 }, (_, index) => `${index}`);
  const answers = await Promise.all(numbers.map((number) => pb.complete(`!say ${number}`)));
  assert.deepEqual(answers.map((answer) => answer.text), numbers);
  const all = Array.from({ length: 5000 }, (_, index) => `${index + 1} `).join("");
  assert.equal(await joined(pb.stream("!count 5000")), all);
});

test("any method can be called", async (t) => {
  const { pb } = await start(t);
  const { models } = await pb.call("listModels", { provider: "loop" });
  assert.deepEqual(models.map((model) => model.id), ["loop/looped"]);
  assert.deepEqual((await pb.call("completeInline", { prefix: "a", suffix: "b" })).items, [{ text: "filled" }]);
});

test("an AbortSignal cancels the request", async (t) => {
  const { pb, get } = await start(t);
  const controller = new AbortController();
  const stream = pb.stream("!wait", { signal: controller.signal });
  await assert.rejects(async () => {
    for await (const _ of stream) controller.abort();
  }, isAbort);
  assert.equal((await get("/ended/1")).ended, "disconnected");
  const asking = pb.complete("!wait", { signal: AbortSignal.timeout(10) });
  await assert.rejects(asking, { name: "TimeoutError" });
  await assert.rejects(pb.complete("hi", { signal: AbortSignal.abort() }), isAbort);
  await assert.rejects(pb.call("listModels", {}, { signal: AbortSignal.abort() }), isAbort);
  assert.equal((await pb.complete("!say on")).text, "on");
});

test("leaving the loop cancels the request, and the session is free then", async (t) => {
  const { pb, get } = await start(t);
  const session = pb.session("work");
  for (let round = 0; round < 10; round += 1) {
    for await (const _ of session.stream("!wait")) break;
    assert.equal((await session.complete("!say on")).text, "on");
  }
  assert.equal((await get("/ended/1")).ended, "disconnected");
  const stream = pb.stream("!wait");
  const events = stream.events();
  await events.next();
  stream.cancel();
  await assert.rejects(stream.answer(), isAbort);
});

test("closing the client leaves no process, and fails what was in flight", async (t) => {
  const { pb, get } = await start(t);
  const stream = pb.stream("!wait");
  await stream[Symbol.asyncIterator]().next();
  const { pid } = pb;
  await pb.close();
  assert.equal(isRunning(pid), false);
  assert.equal(pb.pid, undefined);
  assert.equal((await get("/ended/1")).ended, "disconnected");
  await assert.rejects(stream.answer(), kind("cancelled"));
});

/** A program that uses the client, and the lines it prints. */
function program(t, script, env) {
  const code = `import { Patchbay } from ${JSON.stringify(join(client, "index.js"))};\n${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    env: { ...env, PATCHBAY_BINARY: process.env.PATCHBAY_BINARY }, stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value, ended: new Promise((resolve) => child.on("close", resolve)) };
}

test("a program that forgets to close ends all the same, and leaves no process", async (t) => {
  const { env } = await upstream(t);
  const script = 'const pb = new Patchbay(); console.log((await pb.complete("!say done")).text); console.log(pb.pid);';
  const { line, ended } = program(t, script, env);
  assert.equal(await line(), "done");
  const pid = Number(await line());
  assert.equal(await ended, 0);
  await gone(pid);
});

test("a program that is killed leaves neither process nor request", async (t) => {
  const { env, get } = await upstream(t);
  const script = 'const pb = new Patchbay(); for await (const _ of pb.stream("!wait")) console.log(pb.pid);';
  const { child, line, ended } = program(t, script, env);
  const pid = Number(await line());
  child.kill("SIGKILL");
  await ended;
  assert.equal((await get("/ended/1")).ended, "disconnected");
  await gone(pid);
});

/** Waits for a process that is nobody's child here to be gone. */
async function gone(pid) {
  const wait = "import os, select, sys\ntry: fd = os.pidfd_open(int(sys.argv[1]))\nexcept ProcessLookupError: sys.exit(0)\n" +
    "sys.exit(not select.select([fd], [], [], 20)[0])";
  const child = spawn("python3", ["-c", wait, `${pid}`], { stdio: "inherit" });
  assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0, `process ${pid} goes on`);
}

test("the next call after the server died starts another", async (t) => {
  const { pb } = await start(t);
  await pb.start();
  assert.equal(pb.server.serverInfo.name, "patchbay");
  const first = pb.pid;
  const stream = pb.stream("!wait");
  await stream[Symbol.asyncIterator]().next();
  process.kill(first, "SIGKILL");
  await assert.rejects(stream.answer(), kind("serverExited"));
  const answers = await Promise.all(["a", "b"].map((text) => pb.complete(`!say ${text}`)));
  assert.deepEqual(answers.map((answer) => answer.text), ["a", "b"]);
  assert.notEqual(pb.pid, first);
});

test("a session remembers, and every provider has its own thread", async (t) => {
  const { pb, requests } = await start(t);
  const trip = pb.session("trip");
  await trip.complete("!say one");
  await trip.complete("!say two");
  assert.equal((await requests()).at(-1).body.messages.length, 3);
  assert.equal((await trip.switch("echo", { carry: "none" })).thread.messageCount, 0);
  assert.equal((await trip.complete("hello")).model, "echo/echo");
  assert.deepEqual((await pb.sessions()).map((session) => session.name), ["trip"]);
  await trip.rename("journey");
  assert.equal((await trip.info()).messages.length, 2);
  await trip.delete();
  await assert.rejects(trip.info(), kind("sessionNotFound"));
});

test("errors have their kinds", async (t) => {
  const { pb } = await start(t);
  await assert.rejects(pb.complete("!fail 429"), (error) => {
    assert.deepEqual([error.kind, error.retryAfterMs, error.data.provider], ["rateLimited", 2000, "loop"]);
    assert(error.hint);
    return true;
  });
  await assert.rejects(joined(pb.stream("!cut")), kind("upstreamInvalid"));
  await assert.rejects(pb.complete("hi", { provider: "nobody" }), kind("providerNotFound"));
  await assert.rejects(new Patchbay({ binary: "/bin/true" }).start(), kind("serverExited"));
  assert.throws(() => findBinary("/nowhere/patchbay"), kind("binaryNotFound"));
});

test("the program is found in PATH", (t) => {
  const { PATCHBAY_BINARY: binary, PATH: path } = process.env;
  t.after(() => Object.assign(process.env, { PATCHBAY_BINARY: binary, PATH: path }));
  delete process.env.PATCHBAY_BINARY;
  process.env.PATH = ["/nowhere", dirname(binary)].join(delimiter);
  assert.equal(findBinary(), join(dirname(binary), "patchbay"));
});

test("a key is asked for, and a person may decline", async (t) => {
  const prompts = [];
  const answers = ["sk-test-0123456789", null];
  const { pb } = await start(t, {
    onPrompt: async (prompt) => {
      prompts.push(prompt);
      return answers.shift();
    },
  });
  assert.equal((await pb.login("openai", { method: "apiKey" })).provider, "openai");
  assert.equal(prompts[0].secret, true);
  assert.equal((await pb.logout("openai")).removed, true);
  await assert.rejects(pb.login("openai", { method: "apiKey" }), kind("cancelled"));
});

test("without prompts a text is handed over, and a login that is aborted ends its question", async (t) => {
  const { pb } = await start(t, {
    onLogin: (prompt) => {
      assert.equal(prompt.kind, "pasteCode");
      pb.loginInput(prompt.loginId, "sk-test-0123456789");
    },
  });
  assert.equal((await pb.login("openai", { method: "apiKey" })).method, "apiKey");
  const controller = new AbortController();
  let letGo;
  const ended = new Promise((resolve) => (letGo = resolve));
  const other = await start(t, {
    onPrompt: (_, { signal }) => {
      signal.addEventListener("abort", letGo);
      controller.abort();
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(null)));
    },
  });
  await assert.rejects(other.pb.login("openai", { method: "apiKey", signal: controller.signal }), isAbort);
  await ended;
});

test("the types name every kind of error and every method of the protocol", () => {
  const document = JSON.parse(readFileSync(join(top, "protocol/openrpc.json"), "utf8"));
  const types = readFileSync(join(client, "types.d.ts"), "utf8");
  for (const [name, { code }] of Object.entries(document.components.errors)) assert(types.includes(`  ${name}: ${code};`), name);
  for (const { name } of document.methods) assert(types.includes(`${name.includes("/") ? `"${name}"` : name}: { params:`), name);
});
