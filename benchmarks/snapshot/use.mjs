/** Prints what this process used so far with what it found, as the last line of its output. */
export function printUse(found) {
  const { user, system } = process.cpuUsage();
  const residentMb = (process.resourceUsage().maxRSS * 1024) / 1e6;
  process.stdout.write(`\n${JSON.stringify({ cpuS: (user + system) / 1e6, residentMb, ...found })}\n`);
}
