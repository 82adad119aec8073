import { type AllocationProfile, readAllocationProfile } from '@plimsoll/inspect';
import { journal } from '@plimsoll/memory';
import type { IncidentEpisode } from '../incident/incident-episode.ts';

const fileName = 'allocation.heapprofile';

/**
 * The cheapest rung that names a line of source code: writes the sampling profile into the incident, in place of the older one. V8 collects all garbage for it,
 * so the heap read right afterwards is the live heap. Returns the profile, or undefined when there is none.
 * @throws what the file system throws; the older profile then stays.
 */
export function takeProfile(episode: IncidentEpisode): AllocationProfile | undefined {
  const beganMs = performance.now();
  const profile = readAllocationProfile();
  if (profile === undefined) {
    episode.addRefusal({
      atMs: Date.now(),
      rung: 'profile',
      reasons: ['V8 gave no allocation profile: the inspector is not available in this process.'],
      numbers: {},
    });
    return undefined;
  }
  episode.setSites(profile.sites);
  const file = episode.folder.write(
    fileName,
    'where the live memory was allocated, for Chrome DevTools',
    JSON.stringify(profile.raw),
  );
  const pauseMs = performance.now() - beganMs;
  episode.addCapture({
    atMs: Date.now(),
    rung: 'profile',
    file: fileName,
    fileBytes: file.fileBytes,
    pauseMs,
    numbers: { liveBytes: profile.totalBytes, siteCount: profile.sites.length },
    check: 'whole',
  });
  journal().write('capture', 'profile-written', { fileBytes: file.fileBytes, pauseMs: Math.round(pauseMs) });
  return profile;
}
