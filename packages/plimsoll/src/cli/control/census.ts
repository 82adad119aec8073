import type { StatedFinding, StatedSite } from '../source-maps/original-terms.ts';
import type { SampleAnswer } from './answers.ts';
import { chooseProcess, ControlConnection, requireRoom } from './client.ts';
import { type ControlWords, numberValue } from './command-line.ts';
import { inOriginalTerms } from './original.ts';
import { shareText, sizeText } from './numbers-text.ts';

interface CensusFinding extends StatedFinding {
  readonly kind: string;
  readonly containerKind?: string;
  readonly count: number;
  readonly bytes: number;
}

interface CensusSite extends StatedSite {
  readonly liveBytes: number;
  readonly shareRatio: number;
}

interface CensusClass {
  readonly kind: 'class' | 'function';
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly count: number;
  readonly bytes?: number;
}

interface CensusAnswer {
  readonly sentence: string;
  readonly tookMs: number;
  readonly isCutShort: boolean;
  readonly findings: readonly CensusFinding[];
  readonly classes: readonly CensusClass[];
  readonly sites: readonly CensusSite[];
  /** All objects, when they were asked for: by class, or why not. */
  readonly full?:
    | { readonly objectCount: number; readonly classes: readonly CensusClass[]; readonly tookMs: number }
    | { readonly refusals: readonly string[] };
}

const CLASSES_SHOWN = 12;

/** `plimsoll census`: what holds the most, by the names of variables. */
export async function census(runDir: string, words: ControlWords): Promise<void> {
  const { name, values } = words;
  const maxPauseMs = numberValue('census', words, 'max-pause', [0, 3_600_000]);
  const found = await chooseProcess(runDir, name);
  const connection = await ControlConnection.open(found);
  try {
    const { sample } = await connection.request<SampleAnswer>('sample');
    requireRoom(found.pid, sample.headroomBytes, found.runPath);
    const stated = await connection.request<CensusAnswer>('census', {
      full: values['full'] === true,
      ...(maxPauseMs === undefined ? {} : { maxPauseMs }),
    });
    const answer = await inOriginalTerms(stated, values['source-maps']);
    process.stdout.write(
      values['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : censusText(answer),
    );
  } finally {
    connection[Symbol.dispose]();
  }
}

function censusText({ sentence, findings, classes, sites, full, tookMs, isCutShort }: CensusAnswer): string {
  const containers = findings
    .filter(({ kind }) => kind === 'container')
    .map(
      ({ path, containerKind, count, bytes, file, line }) =>
        `  ${sizeText(bytes).padStart(9)}  ${path} ${containerKind ?? ''}(${count})${file === '' ? '' : `  ${file}${line > 0 ? `:${line}` : ''}`}`,
    );
  return [
    sentence,
    '',
    'Containers',
    ...(containers.length === 0 ? ['  none that stands out'] : containers),
    '',
    'What they hold (estimated from some entries)',
    ...(classes.length === 0 ? ['  nothing that stands out'] : classLines(classes)),
    '',
    'Where what lives was allocated (sampled)',
    ...(sites.length === 0 ? ['  not known'] : []),
    ...sites.map(
      (site) =>
        `  ${sizeText(site.liveBytes).padStart(9)}  ${shareText(site.shareRatio).padStart(5)}  ${site.functionName || '(anonymous)'}  ${site.file}:${site.line}`,
    ),
    '',
    ...fullLines(full),
    `The service stood still for ${Math.round(tookMs + (full !== undefined && 'classes' in full ? full.tookMs : 0))} ms.${isCutShort ? ' It was too large to be seen whole.' : ''}`,
    '',
  ].join('\n');
}

function classLines(classes: readonly CensusClass[]): string[] {
  return classes.slice(0, CLASSES_SHOWN).map(({ kind, name, file, line, column, count, bytes }) => {
    const what =
      kind === 'class'
        ? name
        : `functions of ${file === '' ? 'an unknown place' : `${file}:${line}:${column}`}`;
    const size = bytes === undefined ? '' : sizeText(bytes);
    return `  ${size.padStart(9)}  ${String(count).padStart(9)}  ${what}`;
  });
}

function fullLines(full: CensusAnswer['full']): string[] {
  if (full === undefined) return [];
  return 'refusals' in full
    ? ['All objects were not counted', ...full.refusals.map((reason) => `  ${reason}`), '']
    : [`All ${full.objectCount} objects`, ...classLines(full.classes), ''];
}
