import type { TimelineRecord } from './timeline-record.ts';

const columns = [
  'level',
  'limitBytes',
  'workingSetBytes',
  'headroomBytes',
  'rssBytes',
  'heapUsedBytes',
  'heapCommittedBytes',
  'heapLimitBytes',
  'externalBytes',
  'arrayBuffersBytes',
  'otherNativeBytes',
  'otherProcessesBytes',
  'limitHitCount',
] as const satisfies readonly (keyof TimelineRecord)[];

/** The records as comma-separated values with a header line: ISO time first, then bytes. Opens in any spreadsheet. */
export function timelineCsv(records: readonly TimelineRecord[]): string {
  let text = `time,${columns.join(',')}\n`;
  for (const record of records) {
    text += new Date(record.atMs).toISOString();
    for (const column of columns) text += `,${record[column]}`;
    text += '\n';
  }
  return text;
}
