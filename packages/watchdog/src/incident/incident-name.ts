/** Why an incident was opened; the last word of its folder's name. */
export const triggerNames = [
  'growth',
  'off-heap',
  'ratio',
  'bytes',
  'livelock',
  'critical',
  'terminal',
  'heap-limit',
  'call',
  'worker',
  'death',
] as const;

/** One of {@link triggerNames}. */
export type TriggerName = (typeof triggerNames)[number];

/** The parts of an incident folder's name. */
export interface IncidentName {
  readonly openedAtMs: number;
  /** Pod or host. */
  readonly hostName: string;
  readonly pid: number;
  /** Eight hex digits, new at every start: in containers every pid is 1. */
  readonly bootId: string;
  readonly trigger: TriggerName;
}

/** What a folder is called while it is being written. */
export const partialSuffix = '.partial';

const form = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-([A-Za-z0-9._-]+)-(\d+)-([0-9a-f]{8})-([a-z-]+)$/;

/** `20261120T170138Z-checkout-7d9f-1-9c1e04af-growth` */
export function formatIncidentName(name: IncidentName): string {
  const utc = new Date(name.openedAtMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${utc}-${safeHostName(name.hostName)}-${name.pid}-${name.bootId}-${name.trigger}`;
}

/** The parts of `text`, or undefined when it is no incident's name. A `.partial` suffix is not part of the name. */
export function parseIncidentName(text: string): IncidentName | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7);
  const trigger = triggerNames.find((candidate) => candidate === match[10]);
  const openedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (trigger === undefined || Number.isNaN(openedAtMs)) return undefined;
  return {
    openedAtMs,
    hostName: match[7] as string,
    pid: Number(match[8]),
    bootId: match[9] as string,
    trigger,
  };
}

/** A host's name as far as it can be part of a file name: at most 63 letters, digits, dots and dashes. */
export function safeHostName(hostName: string): string {
  return (
    hostName
      .replace(/[^A-Za-z0-9.-]+/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, 63) || 'host'
  );
}
