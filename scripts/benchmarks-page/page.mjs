// docs/benchmarks.md: what every benchmark asked, how it is run, and what the last run kept in benchmarks/results.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sections } from './sections.mjs';
import { table, tablesOf } from './table.mjs';

const root = join(import.meta.dirname, '..', '..');
const benchmarks = join(root, 'benchmarks');
/** Lists longer than this are in the JSON. */
const mostRows = 40;

/** The page and its pictures: text by path in the repository. */
export function benchmarkPages() {
  const names = readdirSync(join(benchmarks, 'results'))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
  const pages = {};
  const parts = names.map((name) => {
    const { text, charts } = sectionOf(name);
    for (const [file, svg] of Object.entries(charts)) pages[`docs/benchmarks/${file}`] = svg;
    return text;
  });
  const head = [
    '# Benchmarks',
    '<!-- Written by `pnpm docs` from benchmarks/results; not edited by hand. -->',
    'Every figure comes from a run that anybody can repeat: the command stands beside it. Processor time and bytes are what is compared; time by the clock depends on who else is on the machine.',
    names.map((name) => `- [${name}](#${name})`).join('\n'),
  ];
  pages['docs/benchmarks.md'] = `${[...head, ...parts].join('\n\n')}\n`;
  return pages;
}

function sectionOf(name) {
  const result = JSON.parse(readFileSync(join(benchmarks, 'results', `${name}.json`), 'utf8'));
  const special = sections[name]?.(result);
  const tables = special === undefined ? tablesOf(result).map(tableText) : [special.text];
  const node = typeof result.node === 'string' ? ` Node ${result.node.replace(/^v/, '')}.` : '';
  const { benchmark, question } = benchmarkOf(name);
  const lines = [
    `## ${name}`,
    question,
    `\`pnpm bench ${benchmark}\`; [all of it](../benchmarks/results/${name}.json).${node}`,
    ...tables,
  ];
  return { text: lines.join('\n\n'), charts: special?.charts ?? {} };
}

function tableText({ title, rows }) {
  const shown = table(rows.slice(0, mostRows));
  const more = rows.length > mostRows ? `\n\n… and ${rows.length - mostRows} more rows.` : '';
  return `${title === '' ? '' : `**${title}**\n\n`}${shown}${more}`;
}

/** The benchmark that writes a result: the one of its name, else the one that names the file. */
function benchmarkOf(name) {
  const files = readdirSync(benchmarks).filter((file) => file.endsWith('.mjs'));
  const textOf = (file) => readFileSync(join(benchmarks, file), 'utf8');
  const file =
    files.find((one) => one === `${name}.mjs`) ?? files.find((one) => textOf(one).includes(`${name}.json`));
  if (file === undefined) throw new Error(`No benchmark writes benchmarks/results/${name}.json: remove it.`);
  // The first line of a benchmark is its question.
  const question = /^\/\/\s*(.*)$/m.exec(textOf(file))?.[1] ?? '';
  return { benchmark: file.slice(0, -'.mjs'.length), question };
}
