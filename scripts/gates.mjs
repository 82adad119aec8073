// Everything that is checked without running the code: node scripts/gates.mjs [format lint words unused packages]
// Every gate says how much it looked at and fails when that is nothing.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { bundleAll } from './bundle.mjs';
import { packTarballs } from './publish/tarballs.mjs';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);

function run(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (result.error) throw result.error;
  return { status: result.status, text: `${result.stdout}${result.stderr}` };
}

/** The count in `text` found by `pattern`; 0 when there is none. */
function counted(text, pattern) {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

function lint() {
  const { status, text } = run(bin('oxlint'), ['--deny-warnings']);
  const count = counted(text, /on (\d+) files/);
  return { ok: status === 0 && count > 0, looked: `${count} files`, text };
}

function format() {
  const { status, text } = run(bin('oxfmt'), ['--check', '.']);
  const count = counted(text, /on (\d+) files/);
  return { ok: status === 0 && count > 0, looked: `${count} files`, text };
}

// knip is silent when all is well, and just as silent when it looked at nothing. So every run plants one unused file, and knip must name exactly that.
function unused() {
  const canary = 'packages/memory/src/unused-canary.ts';
  writeFileSync(join(root, canary), 'export const canary = 1;\n');
  try {
    const { text } = run(bin('knip'), ['--reporter', 'compact', '--no-progress']);
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const seen = lines.some((line) => line.includes('unused-canary.ts'));
    const others = lines.filter(
      (line) => !line.includes('unused-canary.ts') && !/^Unused files \(1\)$/.test(line),
    );
    const looked = seen ? 'the planted file was found' : 'the planted file was NOT found';
    return { ok: seen && others.length === 0, looked, text: others.join('\n') };
  } finally {
    rmSync(join(root, canary), { force: true });
  }
}

/** Packs what would be published, as a release would, and looks at what came out. */
async function packages() {
  const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-pack-'));
  const faults = [];
  let count = 0;
  try {
    for (const [name, folder] of Object.entries(await bundleAll(scratch))) {
      count += 1;
      faults.push(...(await packageFaults(name, folder, scratch)));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { ok: count > 0 && faults.length === 0, looked: `${count} packages`, text: faults.join('\n') };
}

async function packageFaults(name, folder, scratch) {
  const [packed] = packTarballs([folder], scratch);
  const faults = [];
  const paths = packed.files.map((file) => file.path);
  if (!paths.some((path) => path.endsWith('.d.ts'))) faults.push(`${name}: the tarball holds no types`);
  for (const path of paths) {
    if (/tsbuildinfo|\.test\.|^src\/.*\.ts$/.test(path)) faults.push(`${name}: the tarball holds ${path}`);
  }
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  for (const message of messages) faults.push(`${name}: publint ${formatMessage(message, pkg)}`);
  const attw = run(bin('attw'), [packed.path, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii']);
  if (attw.status !== 0 || !attw.text.includes(packed.version)) faults.push(`${name}: attw\n${attw.text}`);
  return faults;
}

// What the repository must never hold: paths of one machine, registry hosts, left-overs.
function words() {
  const patterns = [
    [/(^|[\s"'`(=])\/(root|work|home\/[a-z]+)\//, 'a path of one machine'],
    [/https?:\/\/[a-z.-]*(registry|npmjs)[a-z.-]*\//, 'a registry host'],
    [/\b(TODO|FIXME|XXX)\b/, 'a left-over'],
    [/\b(test|it|describe)\.(only|todo)\(/, 'a test switched off or alone'],
  ];
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = list
    .split('\n')
    .filter((file) => /\.(ts|mts|mjs|cjs|js|json|md|ya?ml|sh)$|\.ci\/run$|Dockerfile/.test(file))
    .filter(
      (file) => existsSync(join(root, file)) && file !== 'scripts/gates.mjs' && file !== 'pnpm-lock.yaml',
    );
  const faults = [];
  for (const file of files) {
    for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
      for (const [pattern, what] of patterns) {
        if (pattern.test(line)) faults.push(`${file}:${index + 1}: ${what}: ${line.trim().slice(0, 120)}`);
      }
    }
  }
  if (/https?:\/\//.test(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')))
    faults.push('pnpm-lock.yaml names a host');
  return {
    ok: files.length > 0 && faults.length === 0,
    looked: `${files.length} files`,
    text: faults.join('\n'),
  };
}

const gates = { format, lint, words, unused, packages };
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in gates));
if (unknown.length > 0) {
  process.stderr.write(`unknown gate ${unknown.join(', ')}; there are ${Object.keys(gates).join(', ')}\n`);
  process.exit(2);
}
let failedCount = 0;
for (const name of wanted.length > 0 ? wanted : Object.keys(gates)) {
  const startedMs = Date.now();
  const { ok, looked, text } = await gates[name]();
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${ok ? 'pass' : 'FAIL'}  ${name.padEnd(9)} ${looked}, ${seconds} s\n`);
  if (!ok) {
    failedCount += 1;
    process.stdout.write(`${text}\n`);
  }
}
process.exitCode = failedCount === 0 ? 0 : 1;
