import type { SampleAnswer } from './answers.ts';
import { ControlConnection, type GuardedProcess, livingProcesses, requireRoom } from './client.ts';
import type { ControlWords } from './command-line.ts';
import { shareText, sizeText, timeText } from './numbers-text.ts';

const refreshMs = 1000;
const barWidth = 20;

/** `plimsoll top`: a table a second of every guarded process, until it is interrupted. */
export async function top(runDir: string, { values }: ControlWords): Promise<void> {
  if (values['json'] === true) {
    process.stdout.write(`${JSON.stringify(await samples(runDir), null, 2)}\n`);
    return;
  }
  if (values['once'] === true || !process.stdout.isTTY) {
    process.stdout.write(topTable(await samples(runDir), runDir));
    return;
  }
  for (;;) {
    const table = topTable(await samples(runDir), runDir);
    // Home, the table, each line cut to its end, what is below cleared: no flicker.
    process.stdout.write(`\u001B[H${table.replaceAll('\n', '\u001B[K\n')}\u001B[J`);
    await new Promise((resolve) => setTimeout(resolve, refreshMs));
  }
}

async function samples(runDir: string): Promise<SampleAnswer[]> {
  const answers: SampleAnswer[] = [];
  for (const found of await livingProcesses(runDir)) {
    const answer = await sampleOf(found);
    if (answer === undefined) continue;
    requireRoom(found.pid, answer.sample.headroomBytes, found.runPath);
    answers.push(answer);
  }
  return answers;
}

/** undefined for a process that ended meanwhile. */
async function sampleOf(found: GuardedProcess): Promise<SampleAnswer | undefined> {
  try {
    const connection = await ControlConnection.open(found);
    try {
      return await connection.request<SampleAnswer>('sample');
    } finally {
      connection[Symbol.dispose]();
    }
  } catch {
    // It answered a moment ago: its end is no fault of the table.
    return undefined;
  }
}

/** The table: one line a process, `|` in the bar is the share of the limit at which an incident opens. */
export function topTable(answers: readonly SampleAnswer[], runDir: string): string {
  if (answers.length === 0)
    return `No guarded process answers in ${runDir}. Start one with plimsoll run, or name its folder in PLIMSOLL_RUN_DIR.\n`;
  const head = ['PID', 'HOST', 'LEVEL', 'MEMORY', '', 'HEAP', 'OUTSIDE', 'FULL IN', 'LARGEST HOLDER'];
  const rows = answers.map((answer) => {
    const { identity, level, sample, trend, largestHolder, triggerRatio } = answer;
    const usedRatio = sample.workingSetBytes / sample.limitBytes;
    return [
      String(identity.pid),
      identity.hostName,
      level,
      loadBar(usedRatio, triggerRatio),
      `${sizeText(sample.workingSetBytes)} of ${sizeText(sample.limitBytes)} ${shareText(usedRatio)}`,
      `${sizeText(sample.heapUsedBytes)} of ${sizeText(sample.heapLimitBytes)}`,
      sizeText(Math.max(0, sample.workingSetBytes - sample.heapCommittedBytes)),
      timeText(trend.verdict === 'growing' ? trend.timeToLimitMs : null),
      largestHolder === null ? '-' : `${largestHolder.name} ${sizeText(largestHolder.bytes)}`,
    ];
  });
  const table = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** `########.........|...` */
function loadBar(usedRatio: number, lineRatio: number): string {
  const filled = Math.round(Math.min(1, usedRatio) * barWidth);
  const line = Math.min(barWidth - 1, Math.round(lineRatio * barWidth));
  return Array.from({ length: barWidth }, (_, index) =>
    index === line ? '|' : index < filled ? '#' : '.',
  ).join('');
}
