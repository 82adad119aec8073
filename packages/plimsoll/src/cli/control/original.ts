import type { StatedFinding, StatedSite } from '../source-maps/original-terms.ts';

/** What an autopsy says, whoever hands it on. */
export interface StatedAutopsy {
  readonly sentence: string;
  readonly findings: readonly StatedFinding[];
  readonly sites: readonly StatedSite[];
}

/**
 * The same in terms of the code as it was written, by the maps below `dir`; unchanged without one. The library that reads maps is loaded only then.
 * @throws CommandFailure when there are no maps.
 */
export async function inOriginalTerms<Stated extends StatedAutopsy>(
  stated: Stated,
  dir: string | boolean | undefined,
): Promise<Stated> {
  if (typeof dir !== 'string') return stated;
  const { SourceMapFolder } = await import('../source-maps/source-map-folder.ts');
  const { originalFinding, originalSentence, originalSite } =
    await import('../source-maps/original-terms.ts');
  const maps = new SourceMapFolder(dir);
  const { sentence, findings, sites } = stated;
  return {
    ...stated,
    sentence: originalSentence(maps, sentence, findings, sites),
    findings: findings.map((finding) => originalFinding(maps, finding)),
    sites: sites.map((site) => originalSite(maps, site)),
  };
}
