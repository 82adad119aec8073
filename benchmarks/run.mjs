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
  process.argv = [process.argv[0], file, ...rest];
  await import(pathToFileURL(file).href);
} else {
  const unknown = name !== undefined && name !== '--help';
  const question = (file) =>
    /^\/\/\s*(.*)$/m.exec(readFileSync(join(here, `${file}.mjs`), 'utf8'))?.[1] ?? '';
  const list = all.map((file) => `  ${file.padEnd(20)} ${question(file)}`).join('\n');
  const stream = unknown ? process.stderr : process.stdout;
  stream.write(`${unknown ? `no benchmark "${name}"\n` : ''}usage: pnpm bench <name> [arguments]\n${list}\n`);
  process.exitCode = unknown ? 2 : 0;
}
