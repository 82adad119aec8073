// pnpm bench <name> [arguments]: runs benchmarks/<name>.mjs; without a name, lists what there is with the question each answers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const here = import.meta.dirname;
const [name, ...rest] = process.argv.slice(2).filter((word) => word !== '--');
const all = readdirSync(here)
  .filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')
  .map((file) => file.slice(0, -'.mjs'.length))
  .sort();

if (name !== undefined && all.includes(name)) {
  const file = join(here, `${name}.mjs`);
  if (rest.includes('--help')) {
    // The head of the file says what it asks, how, and which arguments it takes.
    const head = /^(?:\/\/.*\n)+/.exec(readFileSync(file, 'utf8'))?.[0] ?? '';
    process.stdout.write(head.replaceAll(/^\/\/ ?/gm, ''));
  } else {
    process.argv = [process.argv[0], file, ...rest];
    await import(pathToFileURL(file).href);
  }
} else {
  const unknown = name !== undefined && name !== '--help';
  const question = (file) =>
    /^\/\/\s*(.*)$/m.exec(readFileSync(join(here, `${file}.mjs`), 'utf8'))?.[1] ?? '';
  const list = all.map((file) => `  ${file.padEnd(20)} ${question(file)}`).join('\n');
  const stream = unknown ? process.stderr : process.stdout;
  stream.write(`${unknown ? `no benchmark "${name}"\n` : ''}usage: pnpm bench <name> [arguments]\n${list}\n`);
  process.exitCode = unknown ? 2 : 0;
}
