// Runs a command under several Node majors: node scripts/matrix.mjs [20 22 24 26] [-- <script and arguments run by that node>]
// Without a command it runs the test suite.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { nodeFor, supportedMajors } from './nodes.mjs';

const cut = process.argv.indexOf('--');
const majors = process.argv.slice(2, cut < 0 ? undefined : cut);
const command = cut < 0 ? ['node_modules/vitest/vitest.mjs', 'run'] : process.argv.slice(cut + 1);
const bad = majors.filter((major) => !supportedMajors.includes(major));
if (bad.length > 0 || command.length === 0) {
  process.stderr.write(
    `usage: pnpm matrix [${supportedMajors.join(' ')}] [-- script.mjs arguments…]; not a supported major: ${bad.join(', ')}\n`,
  );
  process.exit(2);
}
const rows = [];
for (const major of majors.length > 0 ? majors : supportedMajors) {
  const startedMs = Date.now();
  let outcome;
  let version = major;
  try {
    const node = nodeFor(major);
    version = spawnSync(node, ['-v'], { encoding: 'utf8' }).stdout.trim();
    process.stdout.write(`\n== Node ${version}\n`);
    // Tests that start `node` by its name must get this one.
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
    const { status, signal } = spawnSync(node, command, { stdio: 'inherit', env });
    outcome = status === 0 ? 'pass' : `FAIL (${signal ?? status})`;
  } catch (error) {
    outcome = `FAIL (no Node: ${error.message.split('\n')[0]})`;
  }
  rows.push({ version, outcome, seconds: (Date.now() - startedMs) / 1000 });
}
process.stdout.write('\nmatrix\n');
for (const { version, outcome, seconds } of rows) {
  process.stdout.write(`${version.padEnd(10)} ${outcome.padEnd(12)} ${seconds.toFixed(1)} s\n`);
}
process.exitCode = rows.length > 0 && rows.every(({ outcome }) => outcome === 'pass') ? 0 : 1;
