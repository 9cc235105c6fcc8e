import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GOLDEN, goldenPlans, goldenText } from '../../../testing/golden-plans';
import { STEP_KINDS } from '../../pack/model/pack-step';
import { compareReceipts } from '../../plan/hash-plan';

const golden = goldenPlans();
/** Set only to make the plans of a new hash version (ADR 0005): `tools/golden-plans.mjs`. */
if (process.env.TASKRUNNER_GOLDEN_PLANS === 'rewrite') {
  for (const { file, name, planned } of golden)
    if (!file.includes('.same-as-')) writeFileSync(join(GOLDEN, `${name}.plan.json`), goldenText(planned));
}

describe('golden plans of taskrunner.plan.v1', () => {
  it.each(golden)('$file gives what it gave', ({ name, planned }) => {
    const path = join(GOLDEN, `${name}.plan.json`);
    if (!existsSync(path)) throw new Error(`${path} is not there: write it with node tools/golden-plans.mjs --rewrite`);
    const kept = readFileSync(path, 'utf8');
    const { receipt } = JSON.parse(kept) as { receipt: typeof planned.receipt };
    expect(compareReceipts(receipt, planned.receipt)).toEqual([]);
    expect(goldenText(planned)).toBe(kept);
  });

  it('are many, in both spellings, of every kind of step that this version plans', () => {
    expect(golden.length).toBeGreaterThanOrEqual(18);
    expect(golden.filter(({ file }) => file.includes('.same-as-')).length).toBeGreaterThanOrEqual(5);
    const kinds = new Set(
      golden.flatMap(({ planned }) => [...planned.index.nodes.values()].map(({ node }) => node.kind)),
    );
    // Loops join when this version plans them.
    expect([...kinds, 'loop']).toEqual(expect.arrayContaining([...STEP_KINDS]));
  });
});
