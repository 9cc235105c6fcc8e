import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cellOf, HOLDERS, type Attempt } from './attempt';
import { mutationsOf } from './mutate-json';
import { compared, readResiduals, SECTION } from './residuals';
import { attemptsAt, forge, subjectsOf, tryOnce, verified } from './round';
import type { Subject } from './corpus';
import { searched } from '../runs-of-laws';

const residuals = readResiduals(readFileSync(join(__dirname, '../../../../../docs/threat-model.md'), 'utf8'));

let subjects: readonly Subject[];
beforeAll(async () => void (subjects = await subjectsOf({ seed: 1 })));

function subjectOf(name: string): Subject {
  const found = subjects.find((subject) => subject.name === name);
  if (!found) throw new TypeError(`no run ${name} in the corpus`);
  return found;
}

function firstOf(pack: string, is: (attempt: Attempt) => boolean): Attempt {
  for (const attempt of attemptsAt(subjectOf(pack), subjects.slice(0, 2))) if (is(attempt)) return attempt;
  throw new TypeError('no such attempt');
}

describe('the corpus', () => {
  it('has a run of every kind, and the bundle of each verifies', () => {
    expect(subjects.length).toBeGreaterThan(13);
    for (const subject of subjects) {
      const failed = verified(subject, subject.bundle).checks.filter(({ ok }) => !ok);
      expect([subject.name, failed]).toEqual([subject.name, []]);
    }
  });

  it('is the same bytes again', async () => {
    const packs = ['map', 'rerun'];
    const again = await subjectsOf({ seed: 1, packs });
    expect(again.map(({ bundle }) => [...bundle])).toEqual(packs.map((name) => [...subjectOf(name).bundle]));
  });
});

describe('a small round', () => {
  it('misses nothing that docs/threat-model.md does not list, whatever is tried', async () => {
    const round = await forge({ seed: 1, each: 1, limit: searched(30, 2_000) });
    expect(round.unsound).toEqual([]);
    expect(compared(round, residuals).unlisted).toEqual([]);
    const holders = new Set(round.tried.map(({ holder }) => holder));
    expect([...holders].sort()).toEqual([...HOLDERS].sort());
    const found = round.tried.filter(({ outcome }) => outcome === 'found').length;
    expect(found).toBeGreaterThan(round.tried.length / 2);
  });

  // A round takes one run of each kind. What only a few runs can hide is tried in those runs.
  it.each([
    ['secrets', 'a withheld file', /^journal (?:log|artifact\.captured)#[^ ]* changed$/],
    ['rerun alone', 'a reused result', /^journal (?:artifact\.captured|question\.answered reuse)#[^ ]* changed$/],
    ['rerun alone', 'a fact before the first step', /^journal step\.opened\[run\]#\(entry\) swapped/],
    ['policy', 'a fact between two steps', /^journal step\.ended\[run\]#\(entry\) swapped/],
    ['failed', 'a failure', /^testimony of a step#(?:error|exit code|outcome) /],
    ['rejected', 'a worker that executed nothing', /^testimony of itself#probe /],
    ['sealed', 'a sandbox that no step needed', /^probe#profiles\.\*\.(?:available|profile|reason) changed$/],
    ['cancelled', 'a gate without a decision', /^gate request#[^ ]* changed$/],
    ['rejected', 'a gate that nobody approved', /^decision#(?:\(record\)|decision) (?:changed|withheld)$/],
  ])('misses nothing else in the run %s, which has %s', async (pack, _, wanted) => {
    const missed = new Map<string, []>();
    let tried = 0;
    for (const attempt of attemptsAt(subjectOf(pack), [], ['authority', 'worker'])) {
      const { document, field, mutation } = attempt;
      if (!wanted.test(`${document}#${field} ${mutation}`)) continue;
      tried += 1;
      const { outcome } = await tryOnce(subjectOf(pack), attempt);
      if (outcome === 'missed') missed.set(cellOf(attempt), []);
    }
    expect(compared({ missed }, residuals).unlisted).toEqual([]);
    expect(tried).toBeGreaterThan(0);
    expect(missed.size).toBeGreaterThan(0);
  });

  it('finds every false answer that it tries, whoever decides on it', async () => {
    const missed: string[] = [];
    let [attempts, tried] = [0, 0];
    for (const subject of subjects) {
      for (const attempt of attemptsAt(subject, [], ['worker'])) {
        if (attempt.document !== 'answer' || attempts++ % searched(10, 1) > 0) continue;
        const { outcome, mutation } = await tryOnce(subject, attempt);
        tried += 1;
        if (outcome === 'missed') missed.push(`${subject.name} ${cellOf(attempt)} ${mutation}`);
      }
    }
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThan(searched(10, 100));
  });
});

describe('an attempt', () => {
  it('is missed where a worker lies about what a step did, and nothing can tell', async () => {
    const lie = firstOf('attention', ({ document, field, mutation }) => {
      return document === 'testimony of a step' && field === 'log' && mutation.startsWith('other, decisions anew');
    });
    expect(await tryOnce(subjectOf('attention'), lie)).toMatchObject({ outcome: 'missed', by: [] });
  });

  it('is found by name', async () => {
    const flip = firstOf(
      'map',
      ({ holder, document, mutation }) => holder === 'none' && document === 'plan' && mutation === 'byte changed',
    );
    expect(await tryOnce(subjectOf('map'), flip)).toMatchObject({ outcome: 'found', by: ['manifest.complete'] });
    const other = firstOf(
      'map',
      ({ holder, document, field }) => holder === 'worker' && document === 'answer' && field === 'items[map]',
    );
    expect(await tryOnce(subjectOf('map'), other)).toMatchObject({ outcome: 'found' });
  });
});

describe('changes of a JSON value', () => {
  it('are of every place: other, of another type, nothing, more, less, in another order', () => {
    const value = { a: [1, 2], b: { c: 'x' } };
    const all = [...mutationsOf(value)].map(({ field, mutation, apply }) => [
      field,
      mutation,
      JSON.stringify(apply(value)),
    ]);
    expect(all).toEqual(
      expect.arrayContaining([
        ['root', 'member added', '{"a":[1,2],"b":{"c":"x"},"forged":1}'],
        ['a', 'swapped', '{"a":[2,1],"b":{"c":"x"}}'],
        ['a.*', 'changed', '{"a":[2,2],"b":{"c":"x"}}'],
        ['a.*', 'dropped', '{"a":[2],"b":{"c":"x"}}'],
        ['b.c', 'null', '{"a":[1,2],"b":{"c":null}}'],
        ['b.c', 'retyped', '{"a":[1,2],"b":{"c":7}}'],
        ['b', 'dropped', '{"a":[1,2]}'],
      ]),
    );
  });
});

describe('the list of residuals', () => {
  const table = (rows: string): string =>
    `# T\n\n${SECTION}\n\n| a | b | c | d |\n|---|---|---|---|\n${rows}\n\n## Next\n\n| x | y | \`none z#a\` | w |\n`;

  it('is the third column of the section’s tables', () => {
    const read = readResiduals(
      table(
        '| worker | times | `worker journal#(time)`, `worker log#(bytes)` | why |\n\n### Not closed yet\n\n| bundle | order | `bundle decision#(file)` | soon |',
      ),
    );
    expect([...read.inherent]).toEqual(['worker journal#(time)', 'worker log#(bytes)']);
    expect([...read.open]).toEqual(['bundle decision#(file)']);
  });

  it('names a cell once, and is there', () => {
    expect(() => readResiduals(table('| a | b | `worker x#y`, `worker x#y` | c |'))).toThrow('listed twice');
    expect(() => readResiduals('# Threat model\n')).toThrow('no section');
  });

  it('differs where something else is missed, and where something listed is not', () => {
    const read = readResiduals(table('| worker | times | `worker journal#(time)` | why |'));
    expect(compared({ missed: new Map([['worker log#(bytes)', []]]) }, read)).toEqual({
      unlisted: ['worker log#(bytes)'],
      found: ['worker journal#(time)'],
    });
  });
});
