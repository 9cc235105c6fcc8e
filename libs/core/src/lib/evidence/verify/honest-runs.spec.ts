import fc from 'fast-check';
import { evidenceOf, newSigners } from '../../../testing/memory/memory-evidence';
import { playedRun, type Assumptions, type PlayedRun } from '../../../testing/paired-run';
import { plannableKinds, plannedOf } from '../../../testing/planned-manifest';
import { seedlings } from '../../../testing/random/random-manifest';
import { lawRuns } from '../../../testing/runs-of-laws';
import { sealBundle } from '../../../testing/sample-signing';
import { differenceFromPlan } from '../../binding/planned-request';
import type { Json } from '../../foundation/json';
import type { Planned } from '../../plan/plan-request';
import { readEvidence } from '../records/evidence-documents';
import { verifySignature } from '../encoding/signature';
import { checkContents, CONTENT_CHECKS } from './contents';
import { verifyRun } from './verify-run';

const signers = newSigners();
const seedling = seedlings(plannableKinds());
const chosen = fc.array(fc.nat(9), { minLength: 1, maxLength: 20 });
/** Number of commits between two deaths of workers. */
const deaths = fc.array(fc.nat(4), { maxLength: 3 });

/** A case plays one or two complete runs and verifies them, so this factor fewer cases take as long as those of another property. */
function fewer(times: number): ReturnType<typeof lawRuns> {
  const { numRuns, ...seed } = lawRuns(30);
  return { numRuns: Math.ceil(numRuns / times), ...seed };
}

function assumptions({ index }: Planned, choices: readonly number[]): Assumptions {
  const picked = (of: number): ReadonlySet<string> =>
    new Set([...index.nodes.keys()].filter((_, place) => choices[place % choices.length] === of));
  return { failing: picked(0), refused: picked(1) };
}

/** Verifies what a run leaves behind. Its files are returned for a run that does it again. */
function holds(
  played: PlayedRun,
  manifest: string,
  original?: ReadonlyMap<string, Uint8Array>,
): Map<string, Uint8Array> {
  const sample = evidenceOf(played, manifest, signers);
  const files = sealBundle(sample);
  const { trust } = sample;
  const { checks } = verifyRun({ files, trust, verifySignature, ...(original && { original }) });
  const wrong = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  const contents = checkContents({ files }).checks;
  expect(contents.map(({ name }) => name)).toEqual(CONTENT_CHECKS);
  expect(contents.filter(({ ok, basis }) => !ok || basis === 'signed')).toEqual([]);
  const { index, gates } = readEvidence(sample.evidence);
  // What a driver asks people is what the webservice expects by the plan.
  for (const { request, show } of gates.values())
    expect(differenceFromPlan(index, { request, show: JSON.parse(show as string) as Json })).toBeNull();
  const answers = checks.find(({ name }) => name === 'answers');
  if (original === undefined && !readEvidence(sample.evidence).admission.record.rerunOf)
    expect(answers?.basis).not.toBe('signed');
  return files;
}

describe('the evidence of an honest run', () => {
  it('verifies, whatever the plan, whichever steps fail, whoever refuses, whenever its workers die', async () => {
    let [runs, taken, asked] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(seedling, chosen, deaths, async (from, choices, dying) => {
        const { made, text } = plannedOf(from, false);
        const played = await playedRun(made, assumptions(made, choices), { deaths: dying });
        fc.pre(played !== null);
        holds(played, text);
        runs += 1;
        const pages = played.world.pages.get(played.run) ?? [];
        const claims = pages.flatMap(({ entries }) => entries).filter(({ event }) => event.type === 'run.claimed');
        if (claims.length > 1) taken += 1;
        asked += pages
          .flatMap(({ entries }) => entries)
          .filter(({ event }) => event.type === 'question.answered').length;
      }),
      fewer(5),
    );
    // The property is meaningful only if workers did die and the runs did ask questions.
    expect(taken).toBeGreaterThan(runs / 10);
    expect(asked).toBeGreaterThan(runs);
  }, 3_600_000);

  it('of a rerun verifies with and without the bundle of the original', async () => {
    await fc.assert(
      fc.asyncProperty(seedling, chosen, async (from, choices) => {
        const { made, text } = plannedOf(from, false);
        const first = await playedRun(made, assumptions(made, choices));
        fc.pre(first !== null);
        const original = holds(first, text);
        const again = await playedRun(made, { failing: new Set(), refused: new Set() }, { original: first });
        fc.pre(again !== null);
        holds(again, text);
        holds(again, text, original);
      }),
      fewer(10),
    );
  }, 3_600_000);
});
