import { writeFileSync } from 'node:fs';
import { formatBytes } from '@plimsoll/memory';
import {
  analyzeGraph,
  diffSnapshots,
  isSnapshotError,
  openSnapshot,
  predictNeed,
  printAnalysis,
  printDiff,
  type RedactReport,
  redactSnapshot,
  renderReport,
  readReport,
  type SnapshotHeader,
  type SnapshotInput,
  type SnapshotStep,
} from '@plimsoll/snapshot';

import type { AnalysisTask } from './task.ts';

/** The analysing process: one task from its first argument, the result on stdout, what a user should know on stderr. */
async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '{}') as AnalysisTask;
  switch (task.command) {
    case 'analyze': {
      using graph = await openSnapshot(inputOf(task.input), openOptions(task));
      const analysis = analyzeGraph(graph, { hasTexts: task.hasTexts });
      write(task.form === 'json' ? json(analysis) : printAnalysis(analysis, task.form));
      return;
    }
    case 'diff': {
      const diff = await diffSnapshots(task.inputs.map(inputOf), { maxMemoryBytes: task.maxMemoryBytes });
      write(task.form === 'json' ? json(diff) : printDiff(diff, task.form));
      return;
    }
    case 'redact': {
      const options = task.key === undefined ? {} : { key: task.key };
      const report = await redactSnapshot(inputOf(task.input), task.target, options);
      write(task.form === 'json' ? json(report) : describeRedaction(report, task.target));
      return;
    }
    case 'report': {
      const report = await readReport(task.folder, { maxMemoryBytes: task.maxMemoryBytes });
      const text = task.form === 'json' ? json(report) : renderReport(report, task.form);
      if (task.target === undefined) write(text);
      else {
        writeFileSync(task.target, text, { mode: 0o600 });
        write(`${task.target}\n`);
      }
    }
  }
}

function inputOf(path: string): SnapshotInput {
  return path === '-' ? process.stdin : path;
}

function openOptions(task: AnalysisTask): {
  maxMemoryBytes: number;
  onStep: (step: SnapshotStep, header: SnapshotHeader, fileBytes: number) => void;
} {
  const onStep = (step: SnapshotStep, header: SnapshotHeader, fileBytes: number): void => {
    if (step === 'strings') {
      const { peakBytes } = predictNeed(header, fileBytes);
      note(
        `${count(header.nodeCount)} objects and ${count(header.edgeCount)} references: needs ${formatBytes(peakBytes)}, ${formatBytes(task.maxMemoryBytes)} may be used`,
      );
    } else if (task.hasProgress) note(`${step} …`);
  };
  return { maxMemoryBytes: task.maxMemoryBytes, onStep };
}

function describeRedaction(report: RedactReport, target: string): string {
  const clear = Object.entries(report.clearCounts)
    .map(([reason, strings]) => `${count(strings)} ${reason}`)
    .join(', ');
  const left = report.clearValues.length === 0 ? '' : `Look through: ${report.clearValues.join(' ')}\n`;
  return `${target}: ${count(report.maskedCount)} of ${count(report.stringCount)} strings masked.
Left in clear: ${clear}.
${count(report.clearValueCount)} of them the program also holds as text.
${left}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(text: string): void {
  process.stdout.write(text);
}

function note(text: string): void {
  process.stderr.write(`plimsoll: ${text}\n`);
}

main().catch((error: unknown) => {
  if (isSnapshotError(error)) {
    note(error.message);
    process.exitCode = error.code === 'ERR_SNAPSHOT_TOO_LARGE' ? 3 : 2;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
});
