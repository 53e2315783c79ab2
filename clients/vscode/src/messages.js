/** The editor's messages as those of the protocol. Results of tools stand in messages of their own there. */
function toMessages(vscode, messages) {
  return messages.flatMap((message) => {
    const parts = typeof message.content === "string" ? [new vscode.LanguageModelTextPart(message.content)] : message.content;
    const results = parts.filter((part) => part instanceof vscode.LanguageModelToolResultPart);
    const rest = parts.flatMap((part) => toPart(vscode, part) ?? []);
    return [
      ...(results.length ? [{ role: "tool", content: results.map((part) => toResult(vscode, part)) }] : []),
      ...(rest.length ? [{ role: roleOf(vscode, message.role), content: rest }] : []),
    ];
  });
}

function roleOf(vscode, role) {
  const { User, Assistant } = vscode.LanguageModelChatMessageRole;
  return { [User]: "user", [Assistant]: "assistant" }[role] ?? "system";
}

/** A part of a message; undefined for one that has no place in the protocol's. */
function toPart(vscode, part) {
  if (part instanceof vscode.LanguageModelTextPart) return part.value === "" ? undefined : { type: "text", text: part.value };
  if (part instanceof vscode.LanguageModelToolCallPart) {
    return { type: "toolCall", id: part.callId, name: part.name, arguments: part.input };
  }
  if (vscode.LanguageModelDataPart && part instanceof vscode.LanguageModelDataPart) return toData(part);
  return undefined;
}

function toData({ mimeType, data }) {
  if (mimeType.startsWith("text/") || mimeType.endsWith("json")) return { type: "text", text: new TextDecoder().decode(data) };
  const content = { mediaType: mimeType, data: Buffer.from(data).toString("base64") };
  if (mimeType.startsWith("image/")) return { type: "image", ...content };
  return mimeType === "application/pdf" ? { type: "file", ...content } : undefined;
}

function toResult(vscode, part) {
  const content = part.content.flatMap((item) => toPart(vscode, item) ?? { type: "text", text: JSON.stringify(item?.value ?? item) });
  return { type: "toolResult", toolCallId: part.callId, content };
}

module.exports = { toMessages };
