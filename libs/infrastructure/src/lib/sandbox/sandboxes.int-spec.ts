import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@taskrunner/core/canonical';
import type { Json } from '@taskrunner/core/foundation';
import { probeSandbox } from './probe';
import { Sandboxes, type SandboxesOptions } from './sandboxes';
import { Supervisor } from './supervisor';

let folder: string;
let supervisor: Supervisor;
let has: boolean;

beforeAll(async () => {
  supervisor = Supervisor.start();
  folder = await mkdtemp(join(tmpdir(), 'sandboxes-'));
  const probe = await probeSandbox({ profile: 'bwrap-sealed/v1', supervisor, stubFolder: join(folder, 'etc') });
  has = probe.available;
  if (!has && process.env.CI === 'true') throw new Error(probe.reason ?? '');
  if (!has) console.warn(`skipped: ${probe.reason}`);
});
afterAll(async () => {
  await supervisor.close();
  await rm(folder, { recursive: true });
});

const prove = (overrides: Pick<SandboxesOptions, 'open' | 'sealed'> & Partial<SandboxesOptions>) =>
  Sandboxes.prove({ supervisor, stubFolder: join(folder, 'etc'), ...overrides });
const missing = '/nonexistent/bwrap';

describe('a worker with bubblewrap', () => {
  it('enforces what is wanted, and no more', async () => {
    if (!has) return;
    const both = await prove({ open: 'bwrap-open/v2', sealed: true });
    expect(both.enforced).toEqual(['bwrap-open/v2', 'bwrap-sealed/v1']);
    expect(both.of('bwrap-sealed/v1')?.profile).toBe('bwrap-sealed/v1');
    expect(both.of('none/v1')).toBeNull();
    expect((await prove({ open: 'none/v1', sealed: true })).enforced).toEqual(['bwrap-sealed/v1', 'none/v1']);
    expect((await prove({ open: 'auto', sealed: false })).enforced).toEqual(['bwrap-open/v2']);
  });

  it('keeps the document of each proof under the digest that runs name', async () => {
    if (!has) return;
    const sandboxes = await prove({ open: 'bwrap-open/v2', sealed: true });
    const text = sandboxes.documents.get(sandboxes.digest) ?? '';
    expect(digestOf(JSON.parse(text) as Json)).toBe(sandboxes.digest);
    expect(JSON.parse(text)).toMatchObject({
      schema: 'taskrunner.probe.v1',
      profiles: [
        { profile: 'bwrap-open/v2', available: true },
        { profile: 'bwrap-sealed/v1', available: true },
      ],
    });
    expect(await sandboxes.again()).toBe(false);
    expect(sandboxes.documents.size).toBe(1);
  });

  it('notices when it can no longer, and when it can again', async () => {
    if (!has) return;
    // A copy that the test can break, in place of the machine's own.
    const bubblewrap = join(folder, 'bwrap');
    await copyFile('/usr/bin/bwrap', bubblewrap);
    const sandboxes = await prove({ open: 'none/v1', sealed: true, bubblewrap });
    const first = sandboxes.digest;
    expect(sandboxes.enforced).toEqual(['bwrap-sealed/v1', 'none/v1']);
    await rm(bubblewrap);
    await writeFile(bubblewrap, '#!/bin/sh\ncase "$1" in --version) echo bubblewrap 0.12.0;; *) exit 1;; esac\n');
    await chmod(bubblewrap, 0o755);
    expect(await Promise.all([sandboxes.again(), sandboxes.again()])).toEqual([true, true]);
    expect(sandboxes.enforced).toEqual(['none/v1']);
    expect(sandboxes.of('bwrap-sealed/v1')).toBeNull();
    expect(sandboxes.refused).toEqual([
      { profile: 'bwrap-sealed/v1', reason: expect.stringContaining('could not be probed') as string },
    ]);
    await rm(bubblewrap);
    await copyFile('/usr/bin/bwrap', bubblewrap);
    expect(await sandboxes.again()).toBe(true);
    expect(sandboxes.digest).toBe(first);
    expect(sandboxes.documents.size).toBe(2);
  });
});

describe('a worker without bubblewrap', () => {
  it('seals nothing, and runs open ones as it is told to', async () => {
    const none = await prove({ open: 'none/v1', sealed: true, bubblewrap: missing });
    expect(none.enforced).toEqual(['none/v1']);
    expect(none.refused).toEqual([{ profile: 'bwrap-sealed/v1', reason: `bubblewrap (${missing}) is not installed` }]);
    expect((await prove({ open: 'auto', sealed: true, bubblewrap: missing })).open).toBe('none/v1');
    const strict = await prove({ open: 'bwrap-open/v2', sealed: true, bubblewrap: missing });
    expect(strict.enforced).toEqual([]);
    expect(strict.of('bwrap-open/v2')).toBeNull();
  });
});
