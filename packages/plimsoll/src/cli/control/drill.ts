import type { DrillReport } from '@plimsoll/watchdog';
import type { SampleAnswer } from './answers.ts';
import { chooseProcess, ControlConnection, requireRoom } from './client.ts';
import { type ControlWords, numberValue } from './command-line.ts';
import { requireConsent } from './consent.ts';
import { sizeText } from './numbers-text.ts';

/** `plimsoll drill`: a small leak on purpose, its evidence, and nothing left of either. */
export async function drill(runDir: string, words: ControlWords): Promise<void> {
  const { name, values } = words;
  const bytes = (numberValue('drill', words, 'mib', [1, 64]) ?? 8) * 2 ** 20;
  const durationMs = (numberValue('drill', words, 'seconds', [0.1, 60]) ?? 3) * 1000;
  const found = await chooseProcess(runDir, name);
  const connection = await ControlConnection.open(found);
  try {
    const { sample } = await connection.request<SampleAnswer>('sample');
    requireRoom(found.pid, sample.headroomBytes, found.runPath);
    const question = `Leak ${sizeText(bytes)} inside process ${found.pid} for ${durationMs / 1000} s and stop it for up to 0.5 s for the evidence?`;
    if (values['yes'] !== true && !(await requireConsent(question))) return;
    const report = await connection.request<DrillReport>('drill', {
      bytes,
      durationMs,
      keep: values['keep'] === true,
    });
    process.stdout.write(
      values['json'] === true
        ? `${JSON.stringify({ pid: found.pid, ...report }, null, 2)}\n`
        : drillText(report),
    );
  } finally {
    connection[Symbol.dispose]();
  }
}

function drillText(report: DrillReport): string {
  const { leakedBytes, durationMs, namedBy, files, folder, pauseMs, night, refusals } = report;
  const named = (rung: string, sentence: string | null): string =>
    sentence === null ? `  ${rung} did not name the leak` : `  ${rung}: ${sentence}`;
  return [
    `Leaked ${sizeText(leakedBytes)} in ${Math.round(durationMs / 100) / 10} s and gave it back.`,
    `Evidence in ${pauseMs} ms: ${files.join(', ')}${folder === null ? '; removed again' : ` in ${folder}`}.`,
    named('profile', namedBy.profile),
    named('autopsy', namedBy.autopsy),
    ...refusals.map((refusal) => `  ${refusal}`),
    '',
    'At night',
    ...night.map((sentence) => `  ${sentence}`),
    '',
  ].join('\n');
}
