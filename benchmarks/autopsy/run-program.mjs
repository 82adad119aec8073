// Runs one program of the corpus in its own memory cgroup until it dies or ends, and judges what its autopsy said.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cgroupRefusal, MemoryCgroup } from '../cgroup/memory-cgroup.mjs';

const preload = pathToFileURL(join(import.meta.dirname, 'preload.mjs')).href;
const limitBytes = 256 * 2 ** 20;
const timeoutMs = 120_000;

/** Right, unknown, nothing or WRONG for a program that leaks; silent or WRONG for one that does not: it must live to its end without an incident. */
function verdictOf(autopsy, { names, file }, isLeaking) {
  if (!isLeaking) return autopsy?.at === 'end' ? 'silent' : 'WRONG';
  if (autopsy?.at !== 'limit') return 'nothing';
  const [finding] = autopsy.findings;
  if (finding.kind !== 'container') return 'unknown';
  return names.includes(finding.name) && finding.file === file ? 'right' : 'WRONG';
}

/** Without a cgroup of its own where none can be made: the death is V8's either way. */
function bareRun(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'ignore', timeout: timeoutMs });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
}

/** Runs `program` on `node` with an old space of `oldSpaceMib`; resolves to its row of the table. */
export async function runProgram(node, oldSpaceMib, name, program, isLeaking) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-corpus-'));
  const cgroup = cgroupRefusal() === undefined ? new MemoryCgroup(limitBytes) : undefined;
  try {
    for (const [path, text] of Object.entries(program.files)) writeFileSync(join(folder, path), text);
    const out = join(folder, 'autopsy.json');
    const flags = [
      `--max-old-space-size=${oldSpaceMib}`,
      '--max-semi-space-size=8',
      '--import',
      preload,
      Object.keys(program.files)[0],
    ];
    const options = { cwd: folder, env: { ...process.env, AUTOPSY_OUT: out }, timeoutMs };
    const ended =
      cgroup === undefined ? await bareRun(node, flags, options) : await cgroup.run(node, flags, options);
    const autopsy = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : undefined;
    return {
      name,
      isLeaking,
      verdict: verdictOf(autopsy, program, isLeaking),
      ending: ended.timedOut ? 'timeout' : (ended.signal ?? ended.code),
      // Of a healthy program it would be of no leak.
      sentence: isLeaking ? autopsy?.sentence : undefined,
      tookMs: autopsy?.tookMs,
      cpuMs: autopsy?.cpuMs,
      residentBytes: autopsy?.residentBytes,
      armed: autopsy?.journal.some(({ event }) => event === 'armed') ?? false,
    };
  } finally {
    cgroup?.remove();
    rmSync(folder, { recursive: true });
  }
}
