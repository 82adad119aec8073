import { realpathSync } from 'node:fs';
import { basename } from 'node:path';

/** Packages whose command starts the service as another process and waits for it. Package managers first. */
const LAUNCHER_PACKAGES: ReadonlySet<string> = new Set(
  (
    'npm pnpm @pnpm/exe yarn corepack tsx nodemon ts-node-dev cross-env dotenv-cli env-cmd @dotenvx/dotenvx npm-run-all npm-run-all2 ' +
    'concurrently wireit turbo nx lerna zx wait-on pm2 forever start-server-and-test onchange'
  ).split(' '),
);

/** File names of package managers that lie outside a `node_modules` folder: `.yarn/releases/yarn-4.1.0.cjs`. */
const LAUNCHER_FILE = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(?:-cli|-\d[\w.-]*)?(?:\.[cm]?js)?$/;

/** Files by which a process manager loads the service into the process that they are started in: that process is the service. */
const SERVICE_FILE = /[\\/]pm2[\\/]lib[\\/]ProcessContainer\w*\.js$/;

/** True when `scriptPath`, the `process.argv[1]` of a process, is a package manager or another command that starts the service as a child. */
export function isLauncher(scriptPath: string | undefined): boolean {
  if (scriptPath === undefined) return false;
  const path = realPath(scriptPath);
  if (SERVICE_FILE.test(path)) return false;
  if (LAUNCHER_FILE.test(basename(path))) return true;
  const packageName = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1];
  return packageName !== undefined && LAUNCHER_PACKAGES.has(packageName.replace('\\', '/'));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // A script that is not there, or may not be looked at, is no launcher we know.
    return path;
  }
}
