/** Node's own modules where this is Node. Others imitate them, each in its own way, and have the web's means. */
function builtin() {
  const isNode = typeof navigator === "object" && /^Node\.js\//.test(navigator.userAgent);
  if (!isNode || typeof process.getBuiltinModule !== "function") return undefined;
  return { crypto: process.getBuiltinModule("node:crypto"), buffer: process.getBuiltinModule("node:buffer") };
}

/** Undefined on any other platform. */
export const nodeModules = builtin();
