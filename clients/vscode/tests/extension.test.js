const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const { existsSync, mkdtempSync, readFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { after, before, test } = require("node:test");
const { load, mock } = require("./mock-vscode.js");
const { problems } = require("./validate.js");

const support = import("../../node/tests/support.js");
const source = join(__dirname, "..");
let folder; // the extension as the editor would unpack it
let extension;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "patchbay-vscode-"));
  execFileSync("python3", [join(source, "package.py"), join(folder, "patchbay.vsix")]);
  execFileSync("python3", ["-m", "zipfile", "-e", "patchbay.vsix", "."], { cwd: folder });
  extension = join(folder, "extension");
});
after(() => rmSync(folder, { recursive: true }));

/** The extension, started in a mock of the editor, with a provider `loop`. */
async function start(t, options = {}) {
  const loop = await (await support).upstream(t);
  const environment = { ...process.env };
  Object.assign(process.env, loop.env);
  const { vscode, calls } = mock(options);
  const loaded = load(join(extension, "extension.js"), vscode);
  const context = { subscriptions: [] };
  await loaded.activate(context);
  t.after(async () => {
    await loaded.deactivate();
    for (const one of context.subscriptions) one.dispose();
    process.env = environment;
  });
  const provider = calls.registered.patchbay;
  const token = new vscode.CancellationTokenSource().token;
  const user = (...content) => ({ role: 1, content: content.map((one) => (typeof one === "string" ? new vscode.LanguageModelTextPart(one) : one)) });
  const ask = async (messages, requestOptions = {}, cancel = token) => {
    const parts = [];
    const model = { id: "loop/looped" };
    await provider.provideLanguageModelChatResponse(model, messages, requestOptions, { report: (one) => parts.push(one) }, cancel);
    return parts;
  };
  return { ...loop, vscode, calls, provider, token, user, ask, context, loaded };
}

const text = (parts) => parts.map((part) => part.value).join("");

test("the manifest is as the editor demands it", () => {
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const schema = JSON.parse(readFileSync(join(__dirname, "manifest.schema.json"), "utf8"));
  assert.deepEqual(problems(schema, manifest, "package.json"), []);
  const wrong = { ...manifest, contributes: { languageModelChatProviders: [{ vendor: 1 }], other: [] } };
  assert.equal(problems(schema, wrong).length, 3);
  const commands = manifest.contributes.commands.map((one) => one.command);
  for (const one of manifest.contributes.languageModelChatProviders) assert(commands.includes(one.managementCommand));
  assert(existsSync(join(source, manifest.main)));
});

test("what it registers is what its manifest promises", async (t) => {
  const { calls, context } = await start(t);
  const { contributes } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(calls.registered), contributes.languageModelChatProviders.map((one) => one.vendor));
  assert.deepEqual(Object.keys(calls.commands), contributes.commands.map((one) => one.command));
  for (const one of context.subscriptions) one.dispose();
  assert.deepEqual([calls.registered, calls.commands], [{}, {}]);
});

test("the models are those that can be used now", async (t) => {
  const { provider, token } = await start(t);
  const models = await provider.provideLanguageModelChatInformation({ silent: true }, token);
  const loop = models.find((model) => model.id === "loop/looped");
  assert.deepEqual([loop.family, loop.maxInputTokens + loop.maxOutputTokens], ["looped", 100000]);
  assert.deepEqual(loop.capabilities, { imageInput: false, toolCalling: true });
  assert(models.some((model) => model.id === "echo/echo"));
  for (const model of models) assert(model.maxInputTokens > 0 && model.maxOutputTokens > 0 && model.version, model.id);
});

test("an answer is reported piece by piece", async (t) => {
  const { ask, user, vscode, requests } = await start(t);
  const parts = await ask([user("be short"), { role: 2, content: [new vscode.LanguageModelTextPart("yes")] }, user("!say one two three")], {
    modelOptions: { temperature: 0.5, max_tokens: 9, stop: "x" },
  });
  assert(parts.length > 1 && parts.every((part) => part instanceof vscode.LanguageModelTextPart));
  assert.equal(text(parts), "one two three");
  const [{ body }] = await requests();
  assert.deepEqual(body.messages.map((message) => message.role), ["user", "assistant", "user"]);
  assert.deepEqual([body.temperature, body.stop], [0.5, ["x"]]);
});

test("tools are called by the editor, and what they gave goes back", async (t) => {
  const { ask, user, vscode, requests } = await start(t);
  const tools = [{ name: "add", description: "Adds.", inputSchema: { type: "object" } }, { name: "bare", description: "Nothing." }];
  const question = user('!tool add {"a": 1}');
  const [call] = await ask([question], { tools, toolMode: vscode.LanguageModelChatToolMode.Required });
  assert(call instanceof vscode.LanguageModelToolCallPart);
  assert.deepEqual([call.name, call.input], ["add", { a: 1 }]);
  const result = new vscode.LanguageModelToolResultPart(call.callId, [new vscode.LanguageModelTextPart("3")]);
  const parts = await ask([question, { role: 2, content: [call] }, user(result)], { tools });
  assert.equal(text(parts), "The tool said: 3");
  const [first, second] = (await requests()).map((request) => request.body);
  assert.deepEqual([first.tool_choice, first.tools.length], ["required", 2]);
  assert.deepEqual(second.messages.map((message) => message.role), ["user", "assistant", "tool"]);
  assert.match(text(await ask([user('!tool add {"a": ')], { tools })), /A call of add was cut off/);
});

test("images, texts and unknown parts find their place in a message", () => {
  const { vscode } = mock();
  const { toMessages } = load(join(extension, "src/messages.js"), vscode);
  const data = (bytes, type) => new vscode.LanguageModelDataPart(Buffer.from(bytes), type);
  const result = new vscode.LanguageModelToolResultPart("1", [data("{}", "application/json"), { value: { any: 1 } }]);
  const content = [result, data("x", "image/png"), data("y", "application/pdf"), data("z", "text/plain"), data("?", "audio/ogg"), {}];
  assert.deepEqual(toMessages(vscode, [{ role: 1, content }, { role: 3, content: "rules" }]), [
    { role: "tool", content: [{ type: "toolResult", toolCallId: "1", content: [{ type: "text", text: "{}" }, { type: "text", text: '{"any":1}' }] }] },
    {
      role: "user",
      content: [
        { type: "image", mediaType: "image/png", data: "eA==" }, { type: "file", mediaType: "application/pdf", data: "eQ==" },
        { type: "text", text: "z" },
      ],
    },
    { role: "system", content: [{ type: "text", text: "rules" }] },
  ]);
});

test("cancelling in the editor cancels the request", async (t) => {
  const { ask, user, vscode, get } = await start(t);
  const source = new vscode.CancellationTokenSource();
  const asking = ask([user("!wait")], {}, source.token);
  await get("/begun/1");
  source.cancel();
  assert(text(await asking).length <= "waiting".length);
  assert.equal((await get("/ended/1")).ended, "disconnected");
});

test("deactivating ends the server and what it was doing", async (t) => {
  const { ask, user, get, loaded } = await start(t);
  const asking = ask([user("!wait")]);
  asking.catch(() => {});
  await get("/begun/1");
  await loaded.deactivate();
  assert.equal((await get("/ended/1")).ended, "disconnected");
  await assert.rejects(asking);
});

test("errors are those that the editor tells apart", async (t) => {
  const { ask, user, provider, token } = await start(t);
  await assert.rejects(ask([user("!fail 401")]), { code: "NoPermissions" });
  await assert.rejects(ask([user("!fail 429")]), (error) => error.cause.kind === "rateLimited" && /Wait/.test(error.message));
  const answer = (model) => provider.provideLanguageModelChatResponse({ id: model }, [user("hi")], {}, { report() {} }, token);
  await assert.rejects(answer("echo/none"), { code: "NotFound" });
  await assert.rejects(answer("echo/fail:contentFiltered"), { code: "Blocked" });
});

test("tokens are counted", async (t) => {
  const { provider, token, user } = await start(t);
  const count = (value) => provider.provideTokenCount({ id: "echo/echo" }, value, token);
  assert((await count("some words to be counted")) > 0);
  assert((await count(user("some words to be counted"))) > 0);
});

test("logging in asks the person, and the models are asked for again", async (t) => {
  const { calls, provider } = await start(t, {
    answers: {
      showQuickPick: (entries) => entries.find((one) => one.one?.id === "groq" || one.method === "apiKey"),
      showInputBox: () => "gsk-test-0123456789",
    },
  });
  let changes = 0;
  provider.onDidChangeLanguageModelChatInformation(() => (changes += 1));
  await calls.commands["patchbay.logIn"]();
  assert.equal(changes, 1);
  const [, box] = calls.shown.find(([name]) => name === "showInputBox");
  assert.equal(box.password, true);
  assert(!JSON.stringify(calls.shown.filter(([name]) => name !== "showInputBox")).includes("gsk-test"));
});

test("a person may change their mind, and hears of what goes wrong", async (t) => {
  const { calls } = await start(t, { answers: { showQuickPick: (entries) => entries.find((one) => one.one?.id === "groq" || one.method) } });
  await calls.commands["patchbay.logIn"]();
  assert.deepEqual(calls.shown.map(([name]) => name), ["showQuickPick", "showInputBox"]);
  const other = await start(t, { settings: { "patchbay.binary": "/nowhere/patchbay" } });
  await other.calls.commands["patchbay.logIn"]();
  assert.match(other.calls.shown.at(-1)[1], /no program patchbay at \/nowhere\/patchbay/);
});

test("a login in a browser offers the code and the address", async () => {
  const chosen = ["Copy Code", "Open in Browser"];
  const { vscode, calls } = mock({ answers: { showInformationMessage: () => chosen.shift() } });
  const { questions } = load(join(extension, "src/login.js"), vscode);
  await questions(vscode).onLogin({ message: "Go there.", url: "https://example.com", userCode: "AB-CD" });
  assert.deepEqual(calls.shown.filter(([name]) => name !== "showInformationMessage"), [
    ["writeText", "AB-CD"], ["openExternal", { text: "https://example.com" }],
  ]);
});

test("another program in the settings is used from then on", async (t) => {
  const { calls, provider, token } = await start(t);
  assert((await provider.provideLanguageModelChatInformation({ silent: true }, token)).length > 0);
  calls.change("patchbay.binary", "/nowhere/patchbay");
  assert.deepEqual(await provider.provideLanguageModelChatInformation({ silent: true }, token), []);
  await assert.rejects(provider.provideLanguageModelChatInformation({ silent: false }, token), /no program patchbay/);
});
