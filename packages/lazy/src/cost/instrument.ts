/** Where the lines put into each ES module find the ledger. */
export const ledgerKey = 'plimsoll.module-cost';

/**
 * An ES module with a line at its beginning and end that tell the ledger as it begins and ends to run, its imports having run before. Line numbers stay. `key` is where
 * they find the ledger. Uses nothing but its parameters: its text also goes to another thread.
 */
export function instrument(key: string, url: string, asker: string | undefined, text: string): string {
  const ledger = `globalThis[Symbol.for(${JSON.stringify(key)})]`;
  const enter = `${ledger}.enter(${JSON.stringify(url)},"module",${JSON.stringify(asker)});`;
  const body = text.startsWith('#!') ? `//${text}` : text;
  return `${enter}${body}\n;${ledger}.exit(${JSON.stringify(url)});`;
}
