// Prints a line for each test, as Tests/Clients/run wants it.
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (data?.details?.type === "suite" || (type !== "test:pass" && type !== "test:fail")) continue;
    // Older versions of Node report each file as a test, too.
    if (data.name.endsWith(".test.js") && type === "test:pass") continue;
    if (data.skip !== undefined) yield `skipped\t${data.name}: ${data.skip}\n`;
    else if (type === "test:pass") yield `ok\t${data.name}\n`;
    else {
      yield `failed\t${data.name}\n`;
      const error = data.details.error?.cause ?? data.details.error;
      for (const line of `${error?.stack ?? error}`.split("\n").slice(0, 6)) yield `detail\t${line}\n`;
    }
  }
}
