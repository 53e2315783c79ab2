/** What the client asks of the person while somebody logs in. */
function questions(vscode) {
  return {
    onPrompt: async ({ message, secret }, { signal }) => {
      const source = new vscode.CancellationTokenSource();
      signal.addEventListener("abort", () => source.cancel(), { once: true });
      try {
        return await vscode.window.showInputBox({ prompt: message, password: secret, ignoreFocusOut: true }, source.token);
      } finally {
        source.dispose();
      }
    },
    onLogin: async ({ message, url, userCode }) => {
      const actions = [...(userCode ? ["Copy Code"] : []), ...(url ? ["Open in Browser"] : [])];
      const text = userCode ? `${message} (${userCode})` : message;
      for (let left = actions; ; ) {
        const choice = await vscode.window.showInformationMessage(text, ...left);
        if (choice === "Copy Code") await vscode.env.clipboard.writeText(userCode);
        else if (choice === "Open in Browser") await vscode.env.openExternal(vscode.Uri.parse(url));
        left = left.filter((action) => action !== choice);
        if (choice === undefined || left.length === 0) return;
      }
    },
  };
}

const METHODS = { oauth: "In a browser", device: "By a code, on any machine", apiKey: "By a key" };

/** Asks for a provider and a way, and logs in. */
async function logIn(vscode, client, provider) {
  try {
    const { providers } = await client.call("listProviders");
    const entries = providers.map((one) => ({
      label: one.name, description: one.status, one, methods: one.login.map((way) => way.method).filter((way) => way in METHODS),
    })).filter(({ methods }) => methods.length > 0);
    const entry = await vscode.window.showQuickPick(entries, { placeHolder: "Log in to which provider?" });
    if (!entry) return;
    const ways = entry.methods.map((method) => ({ label: METHODS[method], method }));
    const way = ways.length === 1 ? ways[0] : await vscode.window.showQuickPick(ways, { placeHolder: "How?" });
    if (!way) return;
    await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Logging in to ${entry.one.name}`, cancellable: true },
      (_, token) => {
        const controller = new AbortController();
        token.onCancellationRequested(() => controller.abort());
        return client.login(entry.one.id, { method: way.method, signal: controller.signal });
      },
    );
    provider.refresh();
  } catch (error) {
    if (error.kind !== "cancelled" && error.name !== "AbortError") await vscode.window.showErrorMessage(error.message);
  }
}

module.exports = { logIn, questions };
