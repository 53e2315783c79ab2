// Asks a model through a packed extension, with a mock of the editor.
// usage: ask.js EXTENSION MODEL QUESTION
const { resolve } = require("node:path");
const { load, mock } = require("./mock-vscode.js");

async function main([folder, id, question]) {
  const { vscode, calls } = mock();
  const extension = load(resolve(folder, "extension.js"), vscode);
  await extension.activate({ subscriptions: [] });
  const provider = calls.registered.patchbay;
  const { token } = new vscode.CancellationTokenSource();
  const models = await provider.provideLanguageModelChatInformation({ silent: true }, token);
  const model = models.find((one) => one.id === id);
  console.log(`${model.name}: ${model.maxInputTokens} tokens in, ${model.maxOutputTokens} out`);
  const message = { role: vscode.LanguageModelChatMessageRole.User, content: [new vscode.LanguageModelTextPart(question)] };
  const report = (part) => process.stdout.write(part.value);
  await provider.provideLanguageModelChatResponse(model, [message], {}, { report }, token);
  process.stdout.write("\n");
  await extension.deactivate();
}

main(process.argv.slice(2));
