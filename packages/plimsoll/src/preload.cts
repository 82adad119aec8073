// Loaded by `--require` before the service, by `plimsoll run` and `plimsoll flags`. CommonJS, so that it can catch what stops an ES module from loading
// (`--no-experimental-require-module`, a package that is missing): whatever happens here, the service starts.
try {
  const { existsSync }: { existsSync: (path: string) => boolean } = require('node:fs');
  // As published, everything is one file; in the source tree there is none.
  const bundle = `${__dirname}/preload-service.bundle.js`;
  require(existsSync(bundle) ? bundle : './preload-service.js');
} catch (error) {
  const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
  process.stderr.write(`plimsoll: the guard is off: ${message}\n`);
}
