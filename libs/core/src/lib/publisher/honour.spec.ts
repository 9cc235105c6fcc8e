import { aKey } from '../../testing/sample-signing';
import { packText, planned, testConfiguration, testEnvironment } from '../../testing/planning';
import { testDefaults } from '../../testing/random/random-plan';
import { sha256 } from '../canonical/digest';
import { extended, GREETING } from '../../testing/extension';
import type { Environment } from '../plan/profile';
import { unmetOfEnvironment, unmetOfRun, type WorkerMeans } from './honour';
import { decideTrustAgain, type PackTrustPolicy } from './pack-trust';

const ENGINES = { cel: 1, jmespath: 1, 'json-schema': 1 };
const open: Environment = { ...testEnvironment, engines: ENGINES, isolation: 'bwrap-open/v2' };
const sealed: Environment = { ...open, mode: 'sealed', isolation: 'bwrap-sealed/v1' };
const PRIVATE = { scheme: 'https', host: 'inner.test', port: 443, cidr: '10.0.0.0/8' } as const;
const trust: PackTrustPolicy = { unsigned: 'run', keys: [], rules: [], deny: [], minimumVersions: [] };

const means = (change: Partial<WorkerMeans> = {}): WorkerMeans => ({
  environments: [open, sealed],
  isolations: ['bwrap-open/v2', 'bwrap-sealed/v1'],
  egress: [PRIVATE],
  packTrust: trust,
  configuredAt: 0,
  ...change,
});
const own = (change: Partial<Environment>): Partial<WorkerMeans> => ({
  environments: [{ ...open, ...change }, sealed],
});
const floor = (change: object): Partial<Environment> => {
  return { approvals: { floor: { ...open.approvals.floor, ...change } } };
};

describe('what a worker lacks for an environment', () => {
  it.each<[string, Environment, Partial<WorkerMeans>, readonly string[]]>([
    ['nothing of its own', open, {}, []],
    ['nothing of its sealed one', sealed, {}, []],
    // Values that a run carries make another environment, and no other needs.
    ['other limits', { ...open, limits: { memoryMiB: 9, retryMaxAttempts: 7, stopGraceMs: 1 } }, {}, []],
    ['another policy about packs', { ...open, packTrust: { policy: sha256('other') } }, {}, []],
    ['entries of another allowlist', { ...open, egress: [sha256('entry')] }, {}, []],
    ['another floor', { ...open, ...floor({ minApprovals: 3 }) }, {}, []],
    ['an executor that nobody may use', { ...open, executors: { ...open.executors, 'builtin:other': 1 } }, {}, []],
    ['the machine', { ...open, machine: 99 }, {}, ['machine']],
    ['an earlier machine, which is kept', { ...open, machine: 1 }, {}, []],
    ['the sandbox, by its probe', open, { isolations: ['none/v1'] }, ['isolation']],
    [
      'the sandbox, by its configuration',
      { ...open, isolation: 'none/v1' },
      { isolations: ['none/v1'] },
      ['isolation'],
    ],
    ['sealing', sealed, { environments: [open] }, ['isolation']],
    ['an open mode', open, { environments: [sealed] }, ['mode']],
    // Nobody gets an open run into a sealed sandbox by its name.
    ['the sandbox of another mode', { ...open, isolation: 'bwrap-sealed/v1' }, {}, ['isolation']],
    ['an engine of that version', { ...open, engines: { ...ENGINES, cel: 2 } }, {}, ['engines']],
    ['older rules for schemas', { ...open, engines: { cel: 1, jmespath: 1 } }, {}, ['engines']],
    ['an extension that nobody may use', extended(open), {}, []],
  ])('%s', (_what, environment, change, parts) => {
    expect(unmetOfEnvironment(environment, means(change)).map(({ part }) => part)).toEqual(parts);
  });
});

describe('what a worker lacks for a run', () => {
  const STEPS = `
- { id: ask, gate: { approval: owners } }
- { id: call, run: { uses: "builtin:http", with: { url: "https://inner.test/" } } }`;
  const made = planned(
    packText(STEPS, 'approvals: [ { id: owners, minApprovals: 1 } ]'),
    {},
    {
      environment: open,
      configuration: { ...testConfiguration, defaults: testDefaults, egress: [PRIVATE] },
    },
  );
  const CONTENT = sha256('content');
  const lacks = (environment: Environment, change: Partial<WorkerMeans>, signers: readonly string[] = []) => {
    const pack = { name: 'test', version: '1.0.0', contentDigest: CONTENT, sourceDigest: CONTENT, signers };
    const run = { index: made.index, profile: made.profile, environment, admission: { pack, tenant: 'acme' } };
    return unmetOfRun(run, means(change)).map(({ part, stops }) => [part, stops]);
  };

  it.each<[string, Environment, Partial<WorkerMeans>, readonly (readonly [string, string | null])[]]>([
    ['nothing', open, {}, []],
    ['nothing, under other limits', { ...open, limits: { memoryMiB: 9 } }, {}, []],
    ['what its allowlist has no more', open, { egress: [] }, [['egress', 'SEALED_EGRESS_DENIED']]],
    ['a denied pack', open, { packTrust: { ...trust, deny: [CONTENT] } }, [['packTrust', 'PACK_UNTRUSTED']]],
    ['unsigned packs', open, { packTrust: { ...trust, unsigned: 'refuse' } }, [['packTrust', 'PACK_UNSIGNED']]],
    ['more approvals', open, own(floor({ minApprovals: 2 })), [['approvals', 'PROFILE_MISMATCH']]],
    ['a proof by key', open, own(floor({ proof: 'key' })), [['approvals', 'PROFILE_MISMATCH']]],
    ['a fresh sign-in', open, own(floor({ maxAuthAgeMs: 1_000 })), [['approvals', 'PROFILE_MISMATCH']]],
    ['a lower floor', { ...open, ...floor({ minApprovals: 2, proof: 'key', maxAuthAgeMs: 1_000 }) }, {}, []],
    [
      'actors of its own',
      { ...open, ...floor({ actors: [{ iss: 'i', sub: 's' }] }) },
      {},
      [['approvals', 'PROFILE_MISMATCH']],
    ],
    [
      'an executor that it uses',
      open,
      own({ executors: { ...open.executors, 'builtin:http': 99 } }),
      [['executors', null]],
    ],
    ['an executor that it does not use', open, own({ executors: { ...open.executors, 'builtin:wait': 99 } }), []],
    ['the sandbox', open, { isolations: [] }, [['isolation', null]]],
  ])('%s', (_what, environment, change, unmet) => {
    expect(lacks(environment, change)).toEqual(unmet);
  });
});

describe('what a worker lacks for a run with an extension', () => {
  const admitted = extended(open);
  const made = planned(
    packText(`- { id: greet, run: { uses: "${GREETING.uses}", with: { name: "Ada" } } }`),
    {},
    { environment: admitted },
  );
  const pack = { name: 'test', version: '1.0.0', contentDigest: sha256(''), sourceDigest: sha256(''), signers: [] };

  it.each<[string, Environment, readonly string[]]>([
    ['has it', admitted, []],
    ['does not have it', open, ['executors', 'extensions']],
    ['has another version of what it does', extended(open, { behaviour: 2 }), ['executors', 'extensions']],
    ['describes it otherwise', extended(open, { effects: 'once' }), ['extensions']],
  ])('that %s', (_what, ownEnvironment, parts) => {
    const run = {
      index: made.index,
      profile: made.profile,
      environment: admitted,
      admission: { pack, tenant: 'acme' },
    };
    expect(unmetOfRun(run, means({ environments: [ownEnvironment] })).map(({ part }) => part)).toEqual(parts);
  });
});

describe('trust that stands', () => {
  const key = aKey('pack');
  const { algorithm, spki, keyid } = key.trusted;
  const rules = [{ tenants: ['*'], packs: ['*'], anyOf: ['release'], threshold: 1 }];
  const policy: PackTrustPolicy = {
    ...trust,
    unsigned: 'refuse',
    keys: [{ keyRef: 'release', algorithm, spki }],
    rules,
  };
  const pack = { name: 'test', version: '1.0.0', contentDigest: sha256('content') };
  const code = (signers: readonly string[] | null, change: Partial<PackTrustPolicy> = {}) =>
    decideTrustAgain(pack, 'acme' as never, signers, { ...policy, ...change })?.code ?? null;

  it('is that of the signers whom the admission names, under the policy of now', () => {
    expect(code([keyid])).toBeNull();
    expect(code([keyid], { keys: [] })).toBe('PACK_UNTRUSTED');
    expect(code([keyid], { rules: [] })).toBe('PACK_UNTRUSTED');
    expect(code([])).toBe('PACK_UNSIGNED');
    expect(code([keyid], { minimumVersions: [{ pack: 'test', version: '1.0.1' }] })).toBe('PACK_UNTRUSTED');
  });

  it('of a pack that another one uses is about its content and version alone', () => {
    expect(code(null, { keys: [] })).toBeNull();
    expect(code(null, { deny: [pack.contentDigest] })).toBe('PACK_UNTRUSTED');
  });
});
