import { digestOf } from '@taskrunner/core/canonical';
import { BUILTIN_EXECUTORS } from '@taskrunner/core/plan';
import type { Configuration } from './configuration';
import { environmentOf, environmentsOf, isolationOf, profileDefaultsOf } from './environment-of';
import { keyPathsOf } from './key-paths';
import { parseConfiguration } from './parse-configuration';

function read(source: string): Configuration {
  const reading = parseConfiguration(source, {});
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return reading.configuration;
}

/** Members of the limits of an environment. An additional member by default would change the digest of every environment. */
const LIMITS_OF_THE_FIRST_RELEASE = [
  ...['artifactMaxBytes', 'attemptTimeoutMs', 'cleanupTimeoutMs', 'executeWithinMs', 'expiresAfterMs', 'logBytes'],
  ...['logBytesPerSecond', 'maxParallel', 'maxProcesses', 'memoryMiB', 'retryBackoffMs', 'retryCapAttempts'],
  ...['retryCapBackoffMs', 'retryMaxAttempts', 'retryMaxBackoffMs', 'runTimeoutMs', 'stopGraceMs', 'workspaceMiB'],
];

describe('what is made of a configuration', () => {
  const configuration = read(
    'worker: { stopGrace: 3s }\napprovals: { floor: { maxAuthAge: 15m } }\nkeys: { ledger: /k/l.pem, admissionPublic: [/k/a, /k/b] }',
  );

  it('the environment depends on configuration and build alone', () => {
    const packTrust = { unsigned: 'refuse', keys: [], rules: [], deny: [], minimumVersions: [] } as const;
    const build = { isolation: 'none/v1', executors: BUILTIN_EXECUTORS.slice(0, 1), packTrust };
    const environment = environmentOf(configuration, build);
    expect(environment.approvals.floor).toMatchObject({ minApprovals: 1, maxAuthAgeMs: 900_000, proof: 'service' });
    expect(environment).toMatchObject({ isolation: 'none/v1', executors: { 'builtin:noop': 1 }, engines: { cel: 1 } });
    expect(environmentOf(configuration, build)).toEqual(environment);
    expect(environmentOf(read('limits: { maxParallel: 17 }'), build)).not.toEqual(environment);
    expect(environment.packTrust).toEqual({ policy: digestOf(packTrust), bundleRoots: {} });
    expect(profileDefaultsOf(configuration)).toMatchObject({
      stopGraceMs: 3_000,
      attemptTimeoutMs: 3_600_000,
      maxParallel: 16,
    });
  });

  it('limits of steps that came later stand in the environment only where they are set to something else', () => {
    const build = { isolation: 'none/v1', executors: [], packTrust: {} as never };
    const limitsOf = (limits: string) => environmentOf(read(`sandbox: { limits: { ${limits} } }`), build).limits;
    expect(limitsOf('maxFiles: 250000, tmpMiB: 256, shmMiB: 64')).toEqual(limitsOf(''));
    expect(Object.keys(limitsOf('')).sort()).toEqual(LIMITS_OF_THE_FIRST_RELEASE);
    const set = { maxFiles: 100, tmpMiB: 1, shmMiB: 2 };
    expect(limitsOf('maxFiles: 100, tmpMiB: 1, shmMiB: 2')).toEqual({ ...limitsOf(''), ...set });
    expect(profileDefaultsOf(read('sandbox: { limits: { maxFiles: 100 } }'))).toMatchObject({ maxFiles: 100 });
    // The cost of a check does not concern a run.
    expect(environmentOf(read('sandbox: { watchInterval: 1s, cgroup: /sys/fs/cgroup/x }'), build).limits).toEqual(
      limitsOf(''),
    );
  });

  it('the environment names the programs that may act for people, in one order, if there are any', () => {
    const packTrust = { unsigned: 'refuse', keys: [], rules: [], deny: [], minimumVersions: [] } as const;
    const build = { isolation: 'none/v1', executors: [], packTrust };
    const floor = (actors: string) => environmentOf(read(`approvals: { actors: [${actors}] }`), build).approvals.floor;
    expect(floor('{ iss: b, sub: x }, { iss: a, sub: y }').actors).toEqual([
      { iss: 'a', sub: 'y' },
      { iss: 'b', sub: 'x' },
    ]);
    expect(floor('{ iss: a, sub: y }, { iss: b, sub: x }')).toEqual(floor('{ iss: b, sub: x }, { iss: a, sub: y }'));
    expect(floor('')).not.toHaveProperty('actors');
  });

  it('the environment binds destinations by digest: who may and where to, not how', () => {
    const packTrust = { unsigned: 'refuse', keys: [], rules: [], deny: [], minimumVersions: [] } as const;
    const bound = (more: string) =>
      environmentOf(read(`artifacts: { destinations: [ { id: d, type: s3, tenants: [acme], bucket: b${more} } ] }`), {
        isolation: 'none/v1',
        executors: [],
        packTrust,
      }).destinations;
    expect(bound('')).toEqual({ d: expect.stringMatching(/^sha256:/) as string });
    expect(bound(', pathStyle: true, accessKeyIdFile: /a, secretAccessKeyFile: /b')).toEqual(bound(''));
    for (const other of [', prefix: e/', ', endpoint: "https://s3.test"', ', region: eu-west-1'])
      expect(bound(other)).not.toEqual(bound(''));
    expect(JSON.stringify(bound(''))).not.toContain('acme');
  });

  it.each([
    ['', 'open', 'sealed'],
    ['sealedMode: { enabled: false }', 'open', null],
    ['sealedMode: { required: true }', 'sealed', 'sealed'],
  ])('offers an open and a sealed environment, or one of them (%s)', (text, usual, sealed) => {
    const packTrust = { unsigned: 'refuse', keys: [], rules: [], deny: [], minimumVersions: [] } as const;
    const build = { isolation: 'none/v1', executors: [], packTrust };
    const offered = environmentsOf(read(text), build);
    expect([offered.usual.mode, offered.sealed?.mode ?? null]).toEqual([usual, sealed]);
    for (const { mode, isolation } of [offered.usual, ...(offered.sealed ? [offered.sealed] : [])])
      expect(isolation).toBe(mode === 'sealed' ? 'bwrap-sealed/v1' : 'none/v1');
  });

  it.each([
    ['auto', null],
    ['bwrap', 'bwrap-open/v2'],
    ['none', 'none/v1'],
  ])('%s is %s', (profile, name) => expect(isolationOf(read(`sandbox: { profile: ${profile} }`))).toBe(name));

  it('keys lie in the folder, or where they are said to', () =>
    expect(keyPathsOf(configuration)).toMatchObject({
      admission: '/etc/taskrunner/keys/admission.pem',
      ledger: '/k/l.pem',
      admissionPublic: ['/k/a', '/k/b'],
      ledgerPublic: ['/etc/taskrunner/keys/ledger.pub.pem'],
    }));
});
