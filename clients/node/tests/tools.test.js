import assert from "node:assert/strict";
import { test } from "node:test";
import { Patchbay } from "../index.js";
import { upstream } from "./support.js";

async function start(t) {
  const loop = await upstream(t);
  const pb = new Patchbay({ env: loop.env });
  t.after(() => pb.close());
  return { pb, ...loop };
}

const add = { name: "add", inputSchema: { type: "object" }, run: ({ a, b }) => a + b };

test("a call is run and its result goes back", async (t) => {
  const { pb, requests } = await start(t);
  const stream = pb.stream('!tool add {"a": 1, "b": 2}', { tools: [add] });
  const types = [];
  for await (const delta of stream.events()) types.push(delta.type);
  assert.equal(types.filter((type) => type === "end").length, 2);
  assert.equal((await stream.answer()).text, "The tool said: 3");
  const [first, second] = (await requests()).map((request) => request.body);
  assert.equal(first.tools[0].function.name, "add");
  assert.deepEqual(second.messages.map((message) => message.role), ["user", "assistant", "tool"]);
});

test("in a session only the results are sent", async (t) => {
  const { pb } = await start(t);
  const session = pb.session("day");
  assert.equal((await session.complete('!tool add {"a": 1, "b": 2}', { tools: [add] })).text, "The tool said: 3");
  const { messages } = await session.info();
  assert.deepEqual(messages.map((message) => message.role), ["user", "assistant", "tool", "assistant"]);
});

test("what goes wrong is told to the model, and a call that was cut off is never run", async (t) => {
  const { pb } = await start(t);
  const refuse = { ...add, name: "refuse", run: async () => Promise.reject(new RangeError("no")) };
  assert.match((await pb.complete("!tool refuse", { tools: [refuse] })).text, /RangeError: no/);
  assert.match((await pb.complete("!tool other", { tools: [add] })).text, /There is no tool other\./);
  const never = { ...add, run: () => assert.fail("it was run") };
  assert.match((await pb.complete('!tool add {"a": ', { tools: [never] })).text, /nothing was run/);
});

test("a tool without a function is the caller's to run, and there is an end to the rounds", async (t) => {
  const { pb, requests } = await start(t);
  const { run, ...described } = add;
  const answer = await pb.complete('!tool add {"a": 1}', { tools: [described] });
  assert.deepEqual([answer.stopReason, answer.toolCalls[0].arguments], ["toolUse", { a: 1 }]);
  const last = await pb.complete("!tool add", { tools: [add], maxRounds: 0 });
  assert.deepEqual([last.stopReason, (await requests()).length], ["toolUse", 2]);
});

test("aborting while a tool runs ends the answer, and the tool hears of it", async (t) => {
  const { pb, requests } = await start(t);
  const controller = new AbortController();
  const slow = {
    ...add,
    run: (_, { signal }) => {
      controller.abort();
      assert(signal.aborted);
      return 0;
    },
  };
  await assert.rejects(pb.complete("!tool add", { tools: [slow], signal: controller.signal }), { name: "AbortError" });
  assert.equal((await requests()).length, 1);
});
