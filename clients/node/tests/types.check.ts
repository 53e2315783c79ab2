// Read by a type checker alone: what must and must not be allowed.
import type { Answer, AskOptions, Delta, Patchbay } from "../index.d.ts";

declare const pb: Patchbay;

const answer: Answer = await pb.complete("hi", { maxTokens: 10, tools: [{ name: "x", inputSchema: {}, run: () => 1 }] });
const text: string = answer.text;
for await (const piece of pb.stream([{ role: "user", content: "hi" }])) piece.toUpperCase();
for await (const delta of pb.stream("hi").events()) {
  if (delta.type === "toolCallEnd") delta.arguments;
  // @ts-expect-error: not every delta has a text
  delta.text;
}
const { models } = await pb.call("listModels", { capabilities: ["tools"] });
const windows: (number | undefined)[] = models.map((model) => model.contextWindow);
await pb.call("ping");
// @ts-expect-error: there is no such method
await pb.call("pong");
// @ts-expect-error: there is no such parameter
await pb.call("listModels", { capability: ["tools"] });
// @ts-expect-error: there is no such option
const options: AskOptions = { maxToken: 1 };
export type { Delta };
export { options, text, windows };
