import type { SampleAnswer } from './answers.ts';
import { chooseProcess, ControlConnection, requireRoom } from './client.ts';
import type { ControlWords } from './command-line.ts';
import { shareText, sizeText } from './numbers-text.ts';

interface CensusAnswer {
  readonly sentence: string;
  readonly tookMs: number;
  readonly isCutShort: boolean;
  readonly findings: readonly {
    readonly kind: string;
    readonly path: string;
    readonly containerKind?: string;
    readonly count: number;
    readonly bytes: number;
    readonly file: string;
    readonly line: number;
  }[];
  readonly sites: readonly {
    readonly functionName: string;
    readonly file: string;
    readonly line: number;
    readonly liveBytes: number;
    readonly shareRatio: number;
  }[];
}

/** `plimsoll census`: what holds the most, by the names of variables. */
export async function census(runDir: string, { name, values }: ControlWords): Promise<void> {
  const found = await chooseProcess(runDir, name);
  const connection = await ControlConnection.open(found);
  try {
    const { sample } = await connection.request<SampleAnswer>('sample');
    requireRoom(found.pid, sample.headroomBytes, found.runPath);
    const answer = await connection.request<CensusAnswer>('census');
    process.stdout.write(
      values['json'] === true ? `${JSON.stringify(answer, null, 2)}\n` : censusText(answer),
    );
  } finally {
    connection[Symbol.dispose]();
  }
}

function censusText({ sentence, findings, sites, tookMs, isCutShort }: CensusAnswer): string {
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
    'Where what lives was allocated (sampled)',
    ...(sites.length === 0 ? ['  not known'] : []),
    ...sites.map(
      (site) =>
        `  ${sizeText(site.liveBytes).padStart(9)}  ${shareText(site.shareRatio).padStart(5)}  ${site.functionName || '(anonymous)'}  ${site.file}:${site.line}`,
    ),
    '',
    `The service stood still for ${Math.round(tookMs)} ms.${isCutShort ? ' It was too large to be seen whole.' : ''}`,
    '',
  ].join('\n');
}
