// Loaded by `--require` before the service, by `plimsoll run` and `plimsoll flags`. CommonJS, so that it can catch what stops the rest from loading
// (`--no-experimental-require-module` in the source tree, a file that is missing): whatever happens here, the service starts.
try {
  // As published, that is one CommonJS file of everything (scripts/publish/bundle-programs.mjs).
  require('./preload-service.js');
} catch (error) {
  const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
  process.stderr.write(`plimsoll: the guard is off: ${message}\n`);
}
