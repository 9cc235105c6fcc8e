import { keptOf, replayCommand, scenarioOf, shown, shrink } from './shrink';
import { play } from './world';

// The harness as a process of its own: in the sandbox of Jest each look at a global costs a call, and the same seeds take twice as long.
// Arguments: the first seed, the last one, the step between two, and what a replay keeps. Prints one JSON object.

/** What was seen. */
export interface Played {
  readonly stories: number;
  /** Number of stories in which a worker executed part of another worker's run. */
  readonly assigned: number;
  /** Number of stories in which the holder of such a part was given up. */
  readonly swept: number;
  /** Number of stories in which a person's decision counted. */
  readonly decided: number;
  /** The first story that breaks an invariant: how, and the command that replays it. No further story is played then. */
  readonly broken: string | null;
}

async function played(first: number, last: number, step: number, keep: string): Promise<Played> {
  const kept = keptOf(keep === '' ? undefined : keep);
  let [stories, assigned, swept, decided] = [0, 0, 0, 0];
  for (let seed = first; seed <= last; seed += step) {
    const story = await play(scenarioOf(seed, kept));
    stories += 1;
    if (story.assigned > 0) assigned += 1;
    if (story.swept > 0) swept += 1;
    if (story.decided > 0) decided += 1;
    if (story.violations.length === 0) continue;
    const least = kept ?? (await shrink(seed, story, new Set()));
    const broken = `${story.violations.map(shown).join('\n')}\n${replayCommand(seed, least)}`;
    return { stories, assigned, swept, decided, broken };
  }
  return { stories, assigned, swept, decided, broken: null };
}

const [first, last, step, keep = ''] = process.argv.slice(2);
void played(Number(first), Number(last), Number(step), keep).then((seen) =>
  process.stdout.write(`${JSON.stringify(seen)}\n`),
);
