import type { CaptureAnswer, SampleAnswer, SnapshotAnswer } from './answers.ts';
import { chooseProcess, ControlConnection, requireRoom } from './client.ts';
import { type ControlWords, numberValue } from './command-line.ts';
import { requireConsent } from './consent.ts';
import { sizeText } from './numbers-text.ts';

/** `plimsoll capture`: predicts, asks, then captures. */
export async function capture(runDir: string, words: ControlWords): Promise<void> {
  const { name, values } = words;
  const maxPauseMs = numberValue('capture', words, 'max-pause', [0, 3_600_000]);
  const snapshot = values['no-snapshot'] !== true;
  const found = await chooseProcess(runDir, name);
  const connection = await ControlConnection.open(found);
  try {
    const { sample } = await connection.request<SampleAnswer>('sample');
    requireRoom(found.pid, sample.headroomBytes, found.runPath);
    const terms = { snapshot, ...(maxPauseMs === undefined ? {} : { maxPauseMs }) };
    const { forecast } = await connection.request<{ forecast: SnapshotAnswer | null }>('capture', {
      ...terms,
      dryRun: true,
    });
    if (values['json'] !== true) process.stdout.write(forecastText(found.pid, snapshot, forecast));
    if (values['yes'] !== true && !(await requireConsent('Capture?'))) return;
    const reason = 'plimsoll capture';
    const outcome = await connection.request<CaptureAnswer>('capture', { ...terms, reason });
    process.stdout.write(
      values['json'] === true
        ? `${JSON.stringify({ pid: found.pid, forecast, ...outcome }, null, 2)}\n`
        : outcomeText(outcome),
    );
  } finally {
    connection[Symbol.dispose]();
  }
}

function forecastText(pid: number, snapshot: boolean, forecast: SnapshotAnswer | null): string {
  const head = `Process ${pid}: timeline and allocation profile stop it for 10 to 350 ms.\n`;
  if (!snapshot) return head;
  if (forecast === null) return `${head}No heap snapshot: PLIMSOLL_SNAPSHOT is off there.\n`;
  const { pauseMs = 0, peakBytes = 0, freeBytes = 0, maxPauseMs = 0 } = forecast.numbers;
  if (forecast.affordable) {
    return `${head}A heap snapshot stops it for about ${pauseMs} ms and may need ${sizeText(peakBytes)} of the ${sizeText(freeBytes)} that are free.\n`;
  }
  const isPauseAlone = forecast.reasons.length === 1 && pauseMs > maxPauseMs;
  const remedy = isPauseAlone ? `--max-pause ${Math.ceil(pauseMs / 500) * 500} would allow it.\n` : '';
  return `${head}No heap snapshot: ${forecast.reasons.join(' ')}\n${remedy}`;
}

function outcomeText({ folder, files, refusals, tookMs }: CaptureAnswer): string {
  const lines = [
    folder === undefined ? 'Nothing could be written.' : `${folder}\n  ${files.join(', ')}`,
    ...refusals,
    `The service stood still for ${Math.round(tookMs)} ms.`,
  ];
  return `${lines.join('\n')}\n`;
}
