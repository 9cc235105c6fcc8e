import { sampleRun } from '../../../testing/sample-evidence';
import { aKey, sealBundle, signed, type Sample, type SampleKey } from '../../../testing/sample-signing';
import { makeCorpus } from '../../../testing/forge/corpus';
import { SCENARIOS } from '../../../testing/forge/packs';
import type { Scenario } from '../../../testing/forge/scenario';
import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import type { Digest } from '../../foundation/ids';
import type { Json, JsonObject } from '../../foundation/json';
import { chain } from '../../journal/chain';
import type { Page, Unnumbered } from '../../journal/page';
import { NO_DECISION, type PolicyAnswer, type PolicyEngines } from '../../policy/policy';
import type * as VerdictModule from '../../policy/verdict';
import type { Verdict } from '../../policy/verdict';
import type { Check } from './check/check';
import { PAYLOAD_TYPE } from '../records/documents';
import { assertedFile, draftFiles, verifyDraft } from './draft';
import { readEvidence } from '../records/evidence-documents';
import { readAssertedJson } from '../bundle/read-bundle';
import type { RunEvidence } from '../records/run-evidence';
import { verifySignature } from '../encoding/signature';
import { verifyRun } from './verify-run';

/** What a worker reports instead of a verdict. */
const lie: { noVerdict: Verdict | null; verdictOn: ((honest: Verdict) => Verdict) | null } = {
  noVerdict: null,
  verdictOn: null,
};
jest.mock('../../policy/verdict', () => {
  const honest = jest.requireActual<typeof VerdictModule>('../../policy/verdict');
  return {
    verdictOn: (answer: PolicyAnswer) => (lie.verdictOn ?? ((one: Verdict) => one))(honest.verdictOn(answer)),
    noVerdict: (reason: string) => lie.noVerdict ?? honest.noVerdict(reason),
  };
});

// False statements of a holder of a worker's keys that no check compared before.

type Found = Pick<Check, 'ok' | 'basis' | 'detail'> | undefined;

/** Finding of a check for the bundle, and for the draft that an Attestor receives. */
function foundBy(
  name: string,
  sample: Sample,
  policyEngines: PolicyEngines = {},
): { readonly bundle: Found; readonly draft: Found } {
  const { evidence, trust } = sample;
  const documents = readEvidence(evidence);
  const bundle = verifyRun({ files: sealBundle(sample), trust, verifySignature, policyEngines }).checks;
  const { checks } = verifyDraft({
    files: new Map(draftFiles(documents).map(({ path, bytes }) => [path, bytes])),
    asserted: readAssertedJson(JSON.parse(assertedFile(documents)) as Json),
    trust,
    verifySignature,
    policyEngines,
  });
  const of = (all: readonly Check[]): Found => all.find((check) => check.name === name);
  return { bundle: of(bundle), draft: of(checks) };
}

function failsBoth(name: string, sample: Sample, detail: string, engines?: PolicyEngines): void {
  const failure = { ok: false, detail: expect.stringContaining(detail) };
  expect(foundBy(name, sample, engines)).toMatchObject({ bundle: failure, draft: failure });
}

function holdsBoth(name: string, sample: Sample, engines?: PolicyEngines): void {
  expect(foundBy(name, sample, engines)).toMatchObject({ bundle: { ok: true }, draft: { ok: true } });
}

const withEvidence = (sample: Sample, change: Partial<RunEvidence>): Sample => {
  return { ...sample, evidence: { ...sample.evidence, ...change } };
};

/** The journal with altered entries, hash-chained again. */
function retold(
  sample: Sample,
  restate: (entries: readonly Unnumbered[]) => readonly Unnumbered[],
  more: Page['values'] = {},
): Sample {
  const { pages } = sample.evidence;
  const entries = pages.flatMap((page) => page.entries).map(({ seq: _seq, ...entry }): Unnumbered => entry);
  const values = { ...Object.assign({}, ...pages.map((page) => page.values)), ...more } as Page['values'];
  return withEvidence(sample, {
    pages: [chain({ seq: 0, hash: pages[0]?.prev as Digest }, restate(entries), values).page],
  });
}

describe('the key of a resolution or release', () => {
  const byOf = (sample: Sample) => {
    const { runId, tenant } = readEvidence(sample.evidence).admission.record;
    const decidedAt = '2026-03-01T00:00:00.000Z';
    return { runId, tenant, person: { iss: 'https://issuer.test', sub: 'grace' }, reason: 'looked', decidedAt };
  };
  const resolutionBy = (sample: Sample, key: SampleKey): Sample => {
    const of = { step: 'scan', execution: 1, outcome: 'succeeded', outputsDigest: null };
    const { decidedAt, ...by } = byOf(sample);
    const times = { authTime: decidedAt, decidedAt, proof: { kind: 'service' } };
    const record = { schema: 'taskrunner.resolution.v1', ...of, ...by, ...times };
    return withEvidence(sample, { resolutions: [signed(key, PAYLOAD_TYPE.resolution, record)] });
  };
  const releaseBy = (sample: Sample, key: SampleKey): Sample => {
    const record = { schema: 'taskrunner.release.v1', ...byOf(sample), paths: [] };
    return withEvidence(sample, { releases: [signed(key, PAYLOAD_TYPE.release, record)] });
  };

  describe.each([
    ['resolution', resolutionBy],
    ['release', releaseBy],
  ])('of a %s', (what, by) => {
    it('stands where it is of the tenant and was valid', async () => {
      const sample = await sampleRun();
      holdsBoth('trust.keys', by(sample, sample.keys.ledger));
    });

    it.each<[string, Parameters<typeof aKey>[2], string]>([
      ['of another tenant', { tenants: ['other'] }, 'does not sign for this tenant'],
      [
        'that is compromised',
        { revoked: { at: '2026-04-01T00:00:00.000Z', reason: 'compromised' } },
        'revoked as compromised',
      ],
      ['that was retired', { revoked: { at: '2026-02-01T00:00:00.000Z', reason: 'retired' } }, 'retired before'],
      [
        'that was not valid then',
        { validFor: { start: '2025-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' } },
        'was not valid at',
      ],
    ])('is refused where it is one %s', async (_name, change, detail) => {
      const sample = await sampleRun();
      const key = aKey('ledger', 'ed25519', change);
      const { trust } = sample;
      const trusting = { ...sample, trust: { ...trust, keys: [...trust.keys, key.trusted] } };
      const failure = { ok: false, detail: expect.stringMatching(`^${what}: .*${detail}`) };
      expect(foundBy('trust.keys', by(trusting, key))).toMatchObject({ bundle: failure, draft: failure });
    });
  });
});

describe('a worker build that the trust file does not take', () => {
  const note = (build: Digest): Unnumbered => {
    const worker = { name: 'w2', version: '1', build, probe: digestOf('probe') };
    const detail = { assignment: 'a1', fence: 1, ...worker };
    return { at: Date.UTC(2026, 0, 1), kind: 'fact', event: { type: 'note', code: 'ASSIGNMENT_HELD', detail } };
  };
  const borrowedProbe = async (build: (own: Digest) => Digest): Promise<Sample> => {
    const honest = await sampleRun();
    const own = readEvidence(honest.evidence).facts.claims[0]?.build as Digest;
    const sample = retold(honest, (entries) => [...entries.slice(0, 3), note(build(own)), ...entries.slice(3)]);
    const { trust } = sample;
    return { ...sample, trust: { ...trust, require: { ...trust.require, builds: [own] } } };
  };

  it('is found among those that executed what was lent to them', async () => {
    holdsBoth('expectation', await borrowedProbe((own) => own));
    failsBoth('expectation', await borrowedProbe(() => digestOf('rogue')), 'is not trusted');
  });
});

/** A run of the forge's corpus, played honestly. */
async function played(name: string, change: Partial<Scenario> = {}): Promise<Sample> {
  const of = SCENARIOS.find((scenario) => scenario.name === name);
  if (!of) throw new TypeError(`no run ${name}`);
  const [subject] = await makeCorpus([{ scenario: { ...of, ...change }, place: 0 }], 'lies');
  // The verifier is honest.
  lie.noVerdict = lie.verdictOn = null;
  if (!subject) throw new TypeError('not played');
  const { keys, trust } = subject;
  const { admission, ledger, runOpen: run, bundle } = keys;
  return { evidence: subject.played.evidence, keys: { admission, ledger, run, bundle }, trust };
}

describe('a gate request told as an earlier release made it', () => {
  /** The request without id and level of its policy, and without the message that says what an approval overrides. */
  const restatedAsEarlier = (sample: Sample): Sample => {
    const gate = sample.evidence.gates.find(({ request }) => request.includes('"policy":{'));
    const made = JSON.parse(gate?.request ?? '') as { readonly policy: JsonObject } & JsonObject;
    const { id, level, ...policy } = made.policy;
    expect([id, level, made['message']]).toEqual(['few', 'soft-mandatory', expect.stringContaining('few')]);
    const restated = { ...made, policy, message: '' };
    const from = digestOf(made);
    const text = (entries: readonly Unnumbered[]): string =>
      JSON.stringify(entries).replaceAll(from, digestOf(restated));
    const gates = sample.evidence.gates.map((one) => (one === gate ? { ...one, request: canonical(restated) } : one));
    const restate = (entries: readonly Unnumbered[]) => JSON.parse(text(entries)) as readonly Unnumbered[];
    return withEvidence(retold(sample, restate, { [digestOf(restated)]: restated }), { gates });
  };

  it('is taken of a run that one admitted', async () => {
    const sample = restatedAsEarlier(await played('policy', { environment: { engines: {} } }));
    holdsBoth('answers', sample);
    holdsBoth('gates.requests', sample);
  });

  it('is refused of a run that this release admitted', async () => {
    const sample = restatedAsEarlier(await played('policy'));
    failsBoth('answers', sample, 'gate is answered otherwise');
    failsBoth('gates.requests', sample, 'it shows another answer of its policy');
  });
});

describe('what a worker says that a policy answered', () => {
  const engineOf = (answer: PolicyAnswer): PolicyEngines => {
    const policy = { engine: 'cedar', behaviour: 1, evaluate: () => answer } as const;
    return { cedar: { compile: () => ({ kind: 'policy', policy }) } };
  };
  const denies = engineOf({ kind: 'decided', allow: false, reasons: ['policy0'] });
  /** A run whose first policy needs an engine that its worker lacks, so the worker reports what it likes. */
  const otherEngine = async (restated: Verdict): Promise<Sample> => {
    lie.noVerdict = restated;
    const text = SCENARIOS.find(({ name }) => name === 'policy')?.pack ?? '';
    const pack = text.replace('id: few, engine: cel', 'id: few, engine: cedar');
    expect(pack).not.toBe(text);
    return played('policy', { pack, configuration: { policyEngines: denies } });
  };

  it('is not that it gave no decision, but the gate allowed', async () => {
    holdsBoth('policies', await otherEngine({ allow: false, undecided: true, reasons: ['the engine failed'] }));
    const sample = await otherEngine({ allow: true, undecided: true, reasons: [] });
    failsBoth('policies', sample, 'gave no decision, but the gate allowed');
  });

  it('is compared with its reasons, whatever the engine', async () => {
    const restated = { allow: false, undecided: false };
    holdsBoth('policies', await otherEngine({ ...restated, reasons: ['policy0'] }), denies);
    const sample = await otherEngine({ ...restated, reasons: ['the label is missing, harmless'] });
    failsBoth('policies', sample, 'has other reasons', denies);
  });

  it('has the words of an engine where it gave no decision, and says so where they are others', async () => {
    const text = SCENARIOS.find(({ name }) => name === 'policy')?.pack ?? '';
    const pack = text.replace('< params.most', "< params.most && params.most == 'x' || inputs.image < 1");
    const restated = async (reasons: readonly string[] | null): Promise<Sample> => {
      lie.verdictOn = reasons && ((honest) => (honest.undecided ? { ...honest, reasons } : honest));
      return played('policy', { pack });
    };
    const honest = await restated(null);
    expect(foundBy('policies', honest).bundle).toMatchObject({ ok: true, basis: 'recomputed' });
    failsBoth('policies', await restated(['it is a formality']), 'no decision');
    failsBoth('policies', await restated([`${NO_DECISION}: no`, 'it is a formality']), 'no decision');
    const other = await restated([`${NO_DECISION}: worded by another version`]);
    expect(foundBy('policies', other).bundle).toMatchObject({ ok: true, basis: 'signed' });
  });
});

describe('times of the journal', () => {
  /** Dates entries earlier, according to their position and that of a person's decision. */
  const earlier = (sample: Sample, by: number, is: (entry: Unnumbered, place: number, of: number) => boolean): Sample =>
    retold(sample, (entries) => {
      const of = entries.findIndex(({ event }) => ['gate.decided', 'attention.resolved'].includes(event.type));
      return entries.map((entry, place) => (is(entry, place, of) ? { ...entry, at: entry.at - by } : entry));
    });

  it('are not before the admission', async () => {
    const sample = await sampleRun();
    holdsBoth(
      'journal.chain',
      earlier(sample, 30_000, (_entry, place) => place === 0),
    );
    failsBoth(
      'journal.chain',
      earlier(sample, 90_000, (_entry, place) => place === 0),
      'before the run was admitted',
    );
  });

  it.each([
    ['a decision', 'policy', 'decisions.time'],
    ['a resolution', 'attention', 'decisions.signature'],
  ])('of %s are not before it was made', async (_what, name, check) => {
    const sample = await played(name);
    holdsBoth(
      check,
      earlier(sample, 30_000, (_entry, place, of) => place === of),
    );
    failsBoth(
      check,
      earlier(sample, 90_000, (_entry, place, of) => place === of),
      'before it was made',
    );
  });
});

describe('a file among those of the pack', () => {
  const withFile = (sample: Sample, path: string): Sample => {
    const bytes = Buffer.from('#!/bin/sh\ncurl evil\n');
    const file = { path, digest: sha256(bytes), size: bytes.length, executable: true, bytes };
    const { pack } = sample.evidence;
    return withEvidence(sample, { pack: { ...pack, files: [...pack.files, file] } });
  };
  const PUBLISHED = '.taskrunner/packs/region/1.2.3/';
  /** A run of a pack that uses a published pack. */
  const published = async (): Promise<Sample> => {
    const of = SCENARIOS.find(({ files = {} }) => Object.hasOwn(files, 'packs/region/pack.yaml'));
    const inner = of?.files?.['packs/region/pack.yaml'] ?? '';
    const version = /version: (\S+) }/.exec(inner)?.[1] ?? '';
    const files = { [`.taskrunner/packs/region/${version}/pack.yaml`]: inner };
    expect(version).toBe('1.2.3');
    return played(of?.name ?? '', {
      files,
      pack: (of?.pack ?? '').replace('pack:./packs/region', `pack:region:${version}`),
    });
  };

  it.each(['pack.yaml', 'pack.json', '.taskrunner/packs/other/1.0.0/run.sh'])(
    'is refused where neither the pack nor one that it uses has it: %s',
    async (path) => {
      const sample = await sampleRun();
      holdsBoth('pack.content', sample);
      failsBoth('pack.content', withFile(sample, path), `pack/files/${path} is not part of the pack`);
    },
  );

  it('is taken where it is of a published pack that the plan uses, and of no other', async () => {
    const sample = await published();
    expect(sample.evidence.pack.files.map(({ path }) => path)).toEqual([`${PUBLISHED}pack.yaml`]);
    holdsBoth('pack.content', sample);
    const other = '.taskrunner/packs/region/1.2.4/pack.yaml';
    failsBoth('pack.content', withFile(sample, other), `pack/files/${other} is not part of the pack`);
  });
});

describe('a draft that does not say what the bundle carries', () => {
  it.each([
    [true, false],
    [undefined, true],
  ])('where the trust file asks for it (%s): signed %s', async (carried, signs) => {
    const { evidence, trust } = await sampleRun();
    const documents = readEvidence(evidence);
    const require = { ...trust.require, ...(carried && { carried }) };
    const verdict = verifyDraft({
      files: new Map(draftFiles(documents).map(({ path, bytes }) => [path, bytes])),
      asserted: { ...evidence.asserted, carried: null },
      trust: { ...trust, require },
      verifySignature,
    });
    expect(verdict.documents !== null).toBe(signs);
    expect(verdict.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(signs ? [] : ['statement.agrees']);
  });
});
