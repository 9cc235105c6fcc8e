import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Launch } from './launch/launch';
import { attack, probeSandbox } from './probe';
import type { IsolationProfile, Sandbox } from './sandbox';
import { Supervisor } from './supervisor';

let folder: string;
let supervisor: Supervisor;
let sandbox: Sandbox | null;
let key: string;

const probe = (profile: IsolationProfile, bubblewrap: string | null = null) =>
  probeSandbox({ profile, supervisor, stubFolder: join(folder, 'etc'), hidden: [key], bubblewrap });

beforeAll(async () => {
  supervisor = Supervisor.start();
  folder = await mkdtemp(join(tmpdir(), 'probe-spec-'));
  key = join(folder, 'keys.pem');
  await writeFile(key, 'the signing key', { mode: 0o600 });
  const found = await probe('bwrap-sealed/v1');
  ({ sandbox } = found);
  if (sandbox === null && process.env.CI === 'true') throw new Error(found.reason ?? '');
  if (sandbox === null) console.warn(`skipped: ${found.reason}`);
});
afterAll(async () => {
  await supervisor.close();
  await rm(folder, { recursive: true });
});

/** The same sandbox with changed options for its probe. */
function weakened(strong: Sandbox, change: (options: readonly string[]) => readonly string[]): Sandbox {
  const inspect: Sandbox['inspect'] = (...of) => {
    const launch: Launch = strong.inspect(...of);
    if (!launch.handover) throw new TypeError('not under bubblewrap');
    return { ...launch, handover: { ...launch.handover, options: change(launch.handover.options) } };
  };
  return Object.assign(Object.create(strong) as Sandbox, { inspect });
}

const without =
  (...taken: readonly string[]) =>
  (options: readonly string[]): readonly string[] =>
    options.filter((option) => !taken.includes(option));
const withMore =
  (...added: readonly string[]) =>
  (options: readonly string[]): readonly string[] => [...options, ...added];

describe('the attack list', () => {
  it.each<IsolationProfile>(['bwrap-open/v2', 'bwrap-sealed/v1'])('fails in every point under %s', async (profile) => {
    if (sandbox === null) return;
    const found = await probe(profile);
    expect(found).toMatchObject({ profile, available: true, reason: null });
    expect(found.document['tried']).toEqual(
      expect.arrayContaining([
        'TCP of this machine over IPv4',
        'UDP of this machine over IPv4',
        'an abstract socket of this machine',
        'the metadata address',
        'vsock',
        'packet sockets',
        'raw sockets',
        'io_uring',
        ...(process.arch === 'x64' ? ['32-bit system calls'] : []),
      ]),
    );
    expect((await probe(profile)).digest).toBe(found.digest);
  });

  it.each<[string, (options: readonly string[]) => readonly string[], readonly string[]]>([
    [
      'the network of this machine',
      withMore('--share-net'),
      [
        'reaches TCP of this machine over IPv4',
        'reaches UDP of this machine over IPv4',
        'reaches an abstract socket of this machine',
      ],
    ],
    [
      'no seccomp filter',
      without('--seccomp', '5'),
      ['has no seccomp filter', 'has vsock (it works)', 'has io_uring (error 14)', 'has keyrings (it works)'],
    ],
    [
      'the processes of this machine',
      (options) =>
        options.flatMap((option) =>
          option === '--unshare-all' ? ['--unshare-ipc', '--unshare-net', '--unshare-uts'] : [option],
        ),
      ['sees processes of others'],
    ],
    [
      'a root that can be written',
      (options) => options.filter((option, at) => option !== '--remount-ro' && options[at - 1] !== '--remount-ro'),
      ['writes /probe'],
    ],
    [
      'a user of another number',
      (options) => options.map((option) => (option === '65534' ? '1234' : option)),
      ['is user 1234'],
    ],
  ])('finds %s', async (_what, change, expected) => {
    if (sandbox === null) return;
    const { findings } = await attack(weakened(sandbox, change), { supervisor, hidden: [key] });
    expect(findings).toEqual(expect.arrayContaining([...expected]));
  });

  it('is not passed by a probe that does not run', async () => {
    if (sandbox === null) return;
    const { findings } = await attack(weakened(sandbox, withMore('--no-such-option')), { supervisor });
    expect(findings).toEqual([expect.stringContaining('could not be probed')]);
  });
});

it('says why a machine without bubblewrap cannot seal', async () => {
  const found = await probe('bwrap-sealed/v1', '/nonexistent/bwrap');
  expect(found).toMatchObject({
    available: false,
    sandbox: null,
    reason: 'bubblewrap (/nonexistent/bwrap) is not installed',
  });
  expect(found.document).toMatchObject({ available: false, sandbox: null, tried: [] });
});
