import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { notFound } from "./errors.js";

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The path of the program: `binary`, else PATCHBAY_BINARY, else `patchbay` in PATH, else in ~/.local/bin. */
export function findBinary(binary = process.env.PATCHBAY_BINARY) {
  if (binary) {
    if (!binary.includes("/")) return findInPath(binary) ?? raise(binary);
    return isProgram(binary) ? binary : raise(binary);
  }
  const local = join(homedir(), ".local", "bin", "patchbay");
  return findInPath("patchbay") ?? (isProgram(local) ? local : raise(`PATH or ${local}`));
}

function findInPath(name) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function raise(places) {
  throw notFound(places);
}
