import { type ConfigValue, expectedForm, showValue } from './parse-value.ts';
import { type VariableRow, variables } from './table.ts';

const HEAD = `# Configuration

<!-- Generated from packages/memory/src/config/table.ts by \`pnpm docs\`; a test compares. -->

Every setting is a member of an options object in code and a variable in the environment. An option wins over its variable, the variable over the default. A variable
that is set and empty counts as not set. \`plimsoll config\` prints the values in force and where each comes from.

A name that begins with \`PLIMSOLL_\` and is not listed here, or a value that cannot be used, is a fault: \`plimsoll run\` and \`start()\` name all faults in one error;
\`plimsoll/auto\` says in one line what it fell back to, and the service starts. What Kubernetes injects for a Service called \`plimsoll\` is no fault.

Sizes: \`512MiB\`, \`512Mi\` and \`512m\` are 512 × 1024²; \`512MB\` is 512 × 10⁶; a number alone is bytes. Durations: \`500ms\`, \`10s\`, \`5min\`, \`1h\`; a number alone is milliseconds.
Ratios: \`0.85\` or \`85%\`.

| variable | option | default | what it does |
| --- | --- | --- | --- |
`;

/** The whole of docs/configuration.md, from the table of variables. */
export function configurationMarkdown(): string {
  const rows = Object.entries<VariableRow>(variables).map(([name, row]) => {
    const text = `${row.text} Takes ${expectedForm(row)}.`;
    return `| \`${name}\` | \`${row.option}\` | ${shownDefault(row)} | ${text.replaceAll('|', '\\|')} |\n`;
  });
  return HEAD + rows.join('');
}

function shownDefault(row: VariableRow): string {
  const value: ConfigValue | null = row.default;
  return value === null ? 'not set' : `\`${showValue(row, value)}\``;
}
