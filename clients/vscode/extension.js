// Makes the models that patchbay reaches chat models of the editor.
const vscode = require("vscode");
const { logIn, questions } = require("./src/login.js");
const { Provider } = require("./src/provider.js");

let client;

async function activate(context) {
  // By `import`: the client is an ES module.
  const { Patchbay } = await import("patchbay");
  const binary = () => vscode.workspace.getConfiguration("patchbay").get("binary") || undefined;
  const start = () => new Patchbay({ binary: binary(), ...questions(vscode) });
  client = start();
  const provider = new Provider(vscode, () => client);
  context.subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider("patchbay", provider),
    vscode.commands.registerCommand("patchbay.logIn", () => logIn(vscode, client, provider)),
    vscode.commands.registerCommand("patchbay.refreshModels", () => provider.refresh()),
    vscode.workspace.onDidChangeConfiguration(async (change) => {
      if (!change.affectsConfiguration("patchbay.binary")) return;
      const old = client;
      client = start();
      await old.close();
      provider.refresh();
    }),
  );
}

/** The editor waits for what this returns: no process is left behind. */
function deactivate() {
  return client?.close();
}

module.exports = { activate, deactivate };
