import fc from 'fast-check';
import { plannableKinds, plannedOf, randomConfiguration } from '../../../testing/planned-manifest';
import { written } from '../../../testing/manifest-spelling';
import { plan, planned, shownFault } from '../../../testing/planning';
import { testRules } from '../../../testing/random/random-plan';
import { manifestOf, seedlings, type Seedling } from '../../../testing/random/random-manifest';
import { lawRuns, searched } from '../../../testing/runs-of-laws';
import { canonical } from '../../canonical/canonical';
import { digestOf } from '../../canonical/digest';
import { printTemplate, parseTemplate } from '../../expression/template';
import type { Json } from '../../foundation/json';
import { LONGEST_MS, parseDuration, printDuration } from '../../pack/model/duration';
import { contentDigest, toManifest } from '../../pack/pack-digest';
import { NO_FILES } from '../../pack/pack-files';
import { readPack, type ReadPack } from '../../pack/read-pack';
import { compareReceipts, hashPlan } from '../../plan/hash-plan';
import type { Plan } from '../../plan/plan';
import { indexPlan } from '../../plan/plan-index';
import type { Planned } from '../../plan/plan-request';

const seedling = seedlings(plannableKinds());
const spelling = fc.array(fc.nat(999), { minLength: 1, maxLength: 40 });
/** A case plans a pack once or more often. */
const runs = lawRuns(20);
const read = (text: string): ReadPack => {
  const reading = readPack(text);
  if (reading.kind === 'refused') throw new Error(`${reading.faults.map(shownFault).join('\n')}\n${text}`);
  return reading;
};

/** A way to name a plan, given also the text that it was made of. */
type Hash = (text: string, made: Planned) => string;
const planHash: Hash = (_text, made) => made.planHash;

/** One hash for every spelling of a pack: the law, for any way of hashing. */
function spelledAlike(hash: Hash): fc.IPropertyWithHooks<[Seedling, number[], number[]]> {
  return fc.property(seedling, spelling, spelling, (from, words, letters) => {
    const { made, reads } = plannedOf(from);
    const text = written(manifestOf(from, reads, words), letters);
    const again = plan(text, {}, { configuration: randomConfiguration });
    if (again.kind === 'refused') throw new Error(`${again.faults.map(shownFault).join('\n')}\n${text}`);
    expect(compareReceipts(made.receipt, again.receipt)).toEqual([]);
    expect(hash(text, again)).toBe(hash(JSON.stringify(manifestOf(from, reads)), made));
  });
}

describe('the laws of a plan', () => {
  it('most random manifests can be planned with what their steps read', () => {
    const numRuns = searched(50, 200);
    const made = fc.sample(seedling, { numRuns, seed: 1 }).map((one) => plannedOf(one).reads);
    expect(made.filter(Boolean).length).toBeGreaterThan(numRuns / 2);
  });

  it('one hash for every order of keys, format, quoting, comment and spelling', () => {
    fc.assert(spelledAlike(planHash), runs);
  });

  it.each<[string, Hash]>([
    ['of the text as it was received', (text) => digestOf(text)],
    ['over expressions and sets as the author spelled them', (text) => digestOf(toManifest(read(text).pack))],
    ['over needs as they were written', (text) => digestOf(read(text).pack.spec.steps.map(({ needs }) => needs))],
    ['over inputs in the order of the manifest', (_text, made) => JSON.stringify(made.plan.inputs)],
  ])('finds a planted bug: a hash %s', (_, hash) => {
    expect(fc.check(spelledAlike(hash), { numRuns: 500, seed: 1, endOnFailure: true }).failed).toBe(true);
  });

  it('a printed manifest reads as the same pack with the same hash', () => {
    fc.assert(
      fc.property(seedling, spelling, (from, letters) => {
        const { made, reads } = plannedOf(from);
        const { pack } = read(JSON.stringify(manifestOf(from, reads)));
        const text = written(toManifest(pack), letters);
        const again = read(text);
        expect(canonical(toManifest(again.pack))).toBe(canonical(toManifest(pack)));
        expect(contentDigest(again.pack, NO_FILES)).toBe(contentDigest(pack, NO_FILES));
        expect(planned(text, {}, { configuration: randomConfiguration }).planHash).toBe(made.planHash);
      }),
      runs,
    );
  });

  it('a plan is its JSON: hash, receipt and index are those of what is read back', () => {
    fc.assert(
      fc.property(seedling, (from) => {
        const { made } = plannedOf(from);
        const again = JSON.parse(canonical(made.plan as unknown as Json)) as Plan;
        const hashed = hashPlan(again);
        expect(hashed.planHash).toBe(made.planHash);
        expect(compareReceipts(hashed.receipt, made.receipt)).toEqual([]);
        expect(made.planHash).toBe(digestOf(made.plan as unknown as Json));
        const { defaults, nodes } = made.index;
        expect([...indexPlan(again, made.planHash, defaults, testRules).nodes.keys()]).toEqual([...nodes.keys()]);
      }),
      runs,
    );
  });

  it('sets of a plan are sorted, and what a step needs stands beside it', () => {
    fc.assert(
      fc.property(seedling, (from) => {
        const { plan: made, index } = plannedOf(from).made;
        const isSet = (names: readonly string[]): void => expect(names).toEqual([...new Set(names)].sort());
        isSet(made.executors);
        for (const { grants } of made.approvals) isSet(grants);
        for (const { node, parent, id } of index.nodes.values()) {
          isSet(node.needs);
          isSet(node.workers);
          const siblings = [...index.nodes.values()].filter((one) => one.parent === parent && one.id !== id);
          expect(siblings.map(({ name }) => name)).toEqual(expect.arrayContaining([...node.needs]));
        }
      }),
      runs,
    );
  });

  it('a duration is what its print reads as', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LONGEST_MS }), (ms) => {
        expect(parseDuration(printDuration(ms))).toBe(ms);
      }),
      lawRuns(),
    );
  });

  it('a template is what its print reads as', () => {
    const expression = fc.constantFrom(
      'inputs.a',
      'not inputs.b',
      "inputs.c == 'x'",
      'length(inputs.d) + 1',
      '!(a || b)',
    );
    const piece = fc.oneof(
      expression.map((one) => `{{${one}}}`),
      fc.constantFrom(' ', 'text', '}', '{', 'é\n'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const parsed = parseTemplate(pieces.join(''));
        if (parsed.kind === 'faults') return;
        const printed = printTemplate(parsed.template);
        const again = parseTemplate(printed);
        expect(again.kind === 'template' && printTemplate(again.template)).toBe(printed);
        expect(again.kind === 'template' && again.template.kind).toBe(parsed.template.kind);
      }),
      lawRuns(),
    );
  });
});
