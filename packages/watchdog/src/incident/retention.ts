import type { StoredIncident } from './incident-store.ts';

/** Incidents less than this apart are one outbreak: a crash loop, a bad release. */
const outbreakMs = 3_600_000;
/** An incident of another host is left to it while it may still be read there. */
const freshMs = 3_600_000;

/** What may stay. */
export interface RetentionBounds {
  readonly hostName: string;
  readonly nowMs: number;
  /** Bytes and count that the incidents of this host may have, before what is needed comes. */
  readonly quotaBytes: number;
  readonly maxCount: number;
  /** Bytes that the incidents of all hosts on the volume may have. */
  readonly volumeBytes: number;
  readonly maxAgeMs: number;
  /** The name of the incident that is being written: it never goes. */
  readonly keep: string | undefined;
}

/**
 * Which incidents go, in this order: what is too old, of any host; then of this host what is above its bounds; then the oldest of any host while all of them together are above
 * the volume's. `stored` is all there is, oldest first.
 */
export function chooseGoing(stored: readonly StoredIncident[], bounds: RetentionBounds): StoredIncident[] {
  const { hostName, nowMs, quotaBytes, maxCount, volumeBytes, maxAgeMs, keep } = bounds;
  const going = new Set(
    stored.filter(({ parts, name }) => name !== keep && nowMs - parts.openedAtMs > maxAgeMs),
  );
  const staying = () => stored.filter((incident) => !going.has(incident));
  for (;;) {
    const own = staying().filter(({ parts }) => parts.hostName === hostName);
    if (bytesOf(own) <= quotaBytes && own.length <= maxCount) break;
    const victim = leastWorth(own.filter(({ name }) => name !== keep));
    if (victim === undefined) break;
    going.add(victim);
  }
  for (const incident of stored) {
    if (bytesOf(staying()) <= volumeBytes) break;
    const isOurs = incident.parts.hostName === hostName;
    const isFresh = !isOurs && nowMs - incident.parts.openedAtMs < freshMs;
    if (incident.name !== keep && !isFresh) going.add(incident);
  }
  return stored.filter((incident) => going.has(incident));
}

/**
 * The incident that tells least that others do not tell. Of an outbreak the first shows how it began and the last how it is: what lies between goes first, so that a crash loop of
 * a night neither fills the disk nor takes the evidence of last week with it. Without one, the oldest.
 */
function leastWorth(own: readonly StoredIncident[]): StoredIncident | undefined {
  const between = own.find(
    (incident, index) => isNear(own[index - 1], incident) && isNear(incident, own[index + 1]),
  );
  return between ?? own[0];
}

function isNear(earlier: StoredIncident | undefined, later: StoredIncident | undefined): boolean {
  if (earlier === undefined || later === undefined) return false;
  return later.parts.openedAtMs - earlier.parts.openedAtMs < outbreakMs;
}

function bytesOf(incidents: readonly StoredIncident[]): number {
  return incidents.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
}
