import type { CodePlace, SourceMapFolder } from './source-map-folder.ts';

/** A container or an allocation site as an autopsy states it. */
export interface StatedFinding extends CodePlace {
  readonly name: string;
  readonly path: string;
  readonly variable?: { readonly line: number; readonly column: number };
}

/** A function that allocated, as a profile states it. */
export interface StatedSite extends CodePlace {
  readonly functionName: string;
}

/** What stood in the generated code, beside what is said in its place. */
export interface Generated<Stated> {
  readonly generated?: Stated;
}

/** Columns behind which nobody reads: then the sentence of an autopsy states them. Equal to that of `@plimsoll/inspect`. */
const readableColumn = 200;

/** The finding in terms of the code as it was written; unchanged where no map tells. */
export function originalFinding<Stated extends StatedFinding>(
  maps: SourceMapFolder,
  finding: Stated,
): Stated & Generated<CodePlace> {
  const { file, line, column, name, path, variable } = finding;
  const place = maps.originalOf(finding);
  if (place === undefined) return finding;
  const stands = { file: place.file, line: place.line, column: place.column };
  const generated = { file, line, column };
  // Without its variable the finding stands at a callback or a property, whose name is its own.
  if (variable === undefined) return { ...finding, ...stands, generated };
  const declared = maps.originalOf({ file, ...variable });
  const isVariable = variable.line === line && variable.column === column;
  const renamed = isVariable ? path : renameLast(path, name, place.name);
  return {
    ...finding,
    ...stands,
    name: isVariable && path !== name ? name : (place.name ?? name),
    path: renameFirst(renamed, declared?.name),
    ...(declared === undefined ? {} : { variable: { line: declared.line, column: declared.column } }),
    generated,
  };
}

/** The site in terms of the code as it was written; unchanged where no map tells. */
export function originalSite<Stated extends StatedSite>(
  maps: SourceMapFolder,
  site: Stated,
): Stated & Generated<StatedSite> {
  const { functionName, file, line, column } = site;
  const place = maps.originalOf(site, functionName);
  if (place === undefined) return site;
  return {
    ...site,
    functionName: functionName.startsWith('(') ? functionName : (place.name ?? functionName),
    file: place.file,
    line: place.line,
    column: place.column,
    generated: { functionName, file, line, column },
  };
}

/** The sentence with every container and function it mentions in terms of the code as it was written. */
export function originalSentence(
  maps: SourceMapFolder,
  sentence: string,
  findings: readonly StatedFinding[],
  sites: readonly StatedSite[],
): string {
  const words = [
    ...findings.map((finding) => [finding, finding.path, originalFinding(maps, finding)] as const),
    ...sites.map((site) => [site, site.functionName, originalSite(maps, site)] as const),
  ];
  let text = sentence;
  for (const [stated, word, original] of words) {
    const originalWord = 'path' in original ? original.path : original.functionName;
    text = text.replaceAll(
      `\`${word}\` (${placeText(stated)})`,
      () => `\`${originalWord}\` (${placeText(original)})`,
    );
  }
  return text;
}

function placeText({ file, line, column }: CodePlace): string {
  return column > readableColumn ? `${file}:${line}:${column}` : `${file}:${line}`;
}

function renameFirst(path: string, name: string | undefined): string {
  return name === undefined ? path : path.replace(/^[\w$#]+/, () => name);
}

function renameLast(path: string, name: string, original: string | undefined): string {
  return original !== undefined && path.endsWith(name) ? `${path.slice(0, -name.length)}${original}` : path;
}
