// Looks into what was bundled for files that it will want at run time and that are not there.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The URL of a module, as it stands or as `keepModuleUrls` writes it for a module that became part of a chunk. */
const MODULE = String.raw`(?:moduleUrl|import\.meta\.url|new URL\(\s*["']([^"']+)["'],\s*(?:moduleUrl|import\.meta\.url)\)\.href)`;
/** Calls that find a file beside a module. Not within a sentence that shows such a call. */
const beside = new RegExp(
  String.raw`[=(,:?]\s*new URL\(\s*["']([^"':]+\.[cm]?js)["'],\s*${MODULE}\)(?!\.href)`,
  'g',
);
const loaded = /require\(["'](\.[^"']+)["']\)|(?:from|import)\s*\(?["'](\.[^"']+)["']/g;

/** Throws when a file below `dist` names one beside it that is not published. Returns how many names it has looked at. */
export function requireFilesNamed(dist) {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.c?js$/.test(file),
  );
  let namedCount = 0;
  for (const file of files) {
    const text = readFileSync(join(dist, file), 'utf8');
    const names = [
      ...Array.from(text.matchAll(beside), ([, name, module = '']) => join(dirname(module), name)),
      ...Array.from(text.matchAll(loaded), ([, required, imported]) => required ?? imported),
    ];
    for (const name of names) {
      if (!existsSync(join(dist, dirname(file), name)))
        throw new Error(`dist/${file} names ${name}, which is not published`);
    }
    namedCount += names.length;
  }
  return namedCount;
}
