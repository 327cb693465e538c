/** The program behind a session, as far as it named itself: "Chrome on Windows". */

const PROGRAMS: [RegExp, string][] = [
  [/frameos/i, 'FrameOS command line'], [/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'], [/curl\//, 'curl'], [/python/i, 'Python'], [/node/i, 'Node.js'],
];
const SYSTEMS: [RegExp, string][] = [
  [/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS X|Macintosh/, 'macOS'], [/Linux/, 'Linux'],
];

export function clientWords(client: string | undefined): string {
  if (!client) return 'Unknown program';
  const find = (known: [RegExp, string][]) => known.find(([sign]) => sign.test(client))?.[1];
  const [program, system] = [find(PROGRAMS), find(SYSTEMS)];
  if (!program) return client.slice(0, 60);
  return system ? `${program} on ${system}` : program;
}
