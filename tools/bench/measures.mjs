// The measures. Each file of `measures/` exports `measures`: name → measure, of one of two kinds.
// {unit, target, better, peer?, round}: `round()` returns {value, ratio?, cpuMs?}. Each round is a separate process, and the median is
// reported.
// {about, whole, onlyByName?}: `whole(setting)` starts everything that it needs, measures once, and yields finished lines (`line` of
// lines.mjs).
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'measures');

/** Every measure by name, in the order of the file names and of the entries in them. */
export async function loadMeasures() {
  const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  const loaded = [];
  for (const file of files.sort()) loaded.push(...Object.entries((await import(join(folder, file))).measures));
  return Object.fromEntries(loaded);
}
