// What is asked to leave evidence: Plimsoll, and the tools people use instead of it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const command = join(root, 'packages', 'plimsoll', 'bin', 'plimsoll');
const cache = join(root, 'node_modules', '.cache', 'capture-peers');
/** Versions that were current when this was written. */
const versions = { '@datadog/pprof': '5.20.0', heapdump: '0.3.15', 'node-oom-heapdump': '3.8.1' };
/** Add-ons that come without a binary and have to be compiled. */
const compiled = new Set(['heapdump', 'node-oom-heapdump']);

/** The advice people are given: 75 % of the container for old space. */
const byRule = (limitMib) => [`--max-old-space-size=${Math.round(limitMib * 0.75)}`];

/** What each tool's documentation tells a service to load. `folder` is where its files go. */
const preloads = {
  heapdump: (path, folder, limitMib) =>
    `const heapdump = require(${path}); let done = false; setInterval(() => { if (!done && process.memoryUsage().rss > ${limitMib * 0.8 * 2 ** 20}) { done = true; heapdump.writeSnapshot(${JSON.stringify(folder)} + '/heap.heapsnapshot'); } }, 1000).unref();`,
  'node-oom-heapdump': (path, folder) =>
    `require(${path})({ path: ${JSON.stringify(folder)} + '/heap', heapdumpOnOOM: true });`,
  '@datadog/pprof': (path, folder) =>
    `const { heap } = require(${path}); heap.start(512 * 1024, 64); heap.monitorOutOfMemory(0, 0, false, [process.execPath, '-e', 'require("node:fs").copyFileSync(process.argv.at(-1), ' + JSON.stringify(${JSON.stringify(folder)} + '/oom.pb.gz') + ')'], () => {}, 0);`,
};

/** The names of all contenders; `plimsoll` first. */
export const contenderNames = ['plimsoll', 'near-heap-limit', ...Object.keys(preloads)];

/**
 * The command line that runs `program` under a contender, writing into `folder`, or why it cannot run here.
 * @returns {{ words: string[], env: Record<string, string> } | { refusal: string }}
 */
export function commandOf(name, { program, argument, limitMib, nodePath, nodeFlags, folder }) {
  const service = [program, String(argument)];
  const flags = nodeFlags.length > 0 ? nodeFlags : byRule(limitMib);
  if (name === 'plimsoll') {
    return {
      words: [command, 'run', '--', 'node', ...nodeFlags, ...service],
      env: { PLIMSOLL_INCIDENT_DIR: folder },
    };
  }
  if (name === 'near-heap-limit') {
    const own = ['--heapsnapshot-near-heap-limit=1', `--diagnostic-dir=${folder}`];
    return { words: ['node', ...own, ...flags, ...service], env: {} };
  }
  const installed = install(name, nodePath);
  if ('refusal' in installed) return installed;
  const preload = join(folder, 'preload.cjs');
  writeFileSync(preload, preloads[name](JSON.stringify(installed.path), folder, limitMib));
  return { words: ['node', ...flags, '--require', preload, ...service], env: {} };
}

/** Where a tool is, fetched and compiled on first use; outside the workspace, whose lock file it is no part of. */
function install(name, nodePath) {
  const [major] = execFileSync(nodePath, ['-p', 'process.versions.node'], { encoding: 'utf8' }).split('.');
  const folder = join(cache, compiled.has(name) ? `${name}-${major}` : 'prebuilt');
  const path = join(folder, 'node_modules', name);
  try {
    if (!existsSync(join(folder, 'ready'))) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"private":true}');
      const npm = (words) =>
        execFileSync('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
      npm(['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${versions[name]}`]);
      if (compiled.has(name)) compile(path, nodePath);
      execFileSync(nodePath, ['-e', `require(${JSON.stringify(path)})`], { cwd: folder, stdio: 'pipe' });
      writeFileSync(join(folder, 'ready'), '');
    }
    return { path };
  } catch (error) {
    return {
      refusal: `${name} cannot be installed: ${String(error.stderr || error.message)
        .trim()
        .split('\n')
        .at(-1)}`,
    };
  }
}

/** npm runs no install scripts any more: the add-on is built by the node-gyp that npm brings, with the headers that lie beside the Node it is for. */
function compile(path, nodePath) {
  const home = dirname(dirname(realpathSync(nodePath)));
  if (!existsSync(join(home, 'include', 'node', 'node.h'))) {
    throw new Error(`it has to be compiled, and the headers of ${nodePath} are not there`);
  }
  const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
  const gyp = join(dirname(npm), '..', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  execFileSync(nodePath, [gyp, 'rebuild', `--nodedir=${home}`], { cwd: path, stdio: 'pipe' });
}
