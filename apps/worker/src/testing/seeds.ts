import { keptOf, replayCommand, scenarioOf, shown, shrink } from './shrink';
import { play } from './world';

const { TASKRUNNER_HARNESS_SEEDS = '400', TASKRUNNER_HARNESS_SEED, TASKRUNNER_HARNESS_KEEP } = process.env;
/** `400`, or `50001-100000`: what one process of several does. */
const [FIRST, LAST] = rangeOf(
  TASKRUNNER_HARNESS_SEED === undefined
    ? TASKRUNNER_HARNESS_SEEDS
    : `${TASKRUNNER_HARNESS_SEED}-${TASKRUNNER_HARNESS_SEED}`,
);

/** Plays the odd or the even ones of the seeds that are asked for: two files of tests, for two processes. */
export function harnessOf(kind: 'odd' | 'even'): void {
  it(`holds its invariants for the ${kind} seeds of ${FIRST} to ${LAST}`, async () => {
    const kept = keptOf(TASKRUNNER_HARNESS_KEEP);
    const started = performance.now();
    let lends = 0;
    let loses = 0;
    for (let seed = FIRST; seed <= LAST; seed++) {
      if ((seed % 2 === 1) !== (kind === 'odd')) continue;
      const story = await play(scenarioOf(seed, kept));
      if (story.lent > 0) lends++;
      if (story.swept > 0) loses++;
      if (story.violations.length === 0) continue;
      const least = kept ?? (await shrink(seed, story, new Set()));
      throw new Error(`${story.violations.map(shown).join('\n')}\n${replayCommand(seed, least)}`);
    }
    const seconds = (performance.now() - started) / 1000;
    const lent = `in ${lends} something was lent, in ${loses} its holder was swept`;
    process.stderr.write(`harness: ${kind} seeds of ${FIRST} to ${LAST} took ${seconds.toFixed(1)} s; ${lent}\n`);
  }, 86_400_000);
}

function rangeOf(text: string): readonly [number, number] {
  const [from, to] = text.split('-').map(Number) as [number, number | undefined];
  return to === undefined ? [1, from] : [from, to];
}
