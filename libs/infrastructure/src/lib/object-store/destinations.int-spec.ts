import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import type { ExportDestination, ExportedFile } from '@taskrunner/core/ports';
import { openDestinations, type DestinationChoice } from './open-destinations';
import { isInstalled, PART, S3_SERVERS, type S3Server } from './testing/s3-servers';
import type { S3Settings } from './s3-settings';

const tenant = 'acme' as TenantId;

function aFile(bytes: Uint8Array, name = 'run_1.evidence.tar'): ExportedFile {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
  return { tenant, name, digest, size: bytes.length };
}

const content = (bytes: Uint8Array) => async () => pieces(bytes);

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function* broken(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* pieces(bytes);
  throw new TypeError('the object store broke');
}

const CHOICE: DestinationChoice = {
  id: 'audit',
  type: 'folder',
  tenants: ['acme'],
  path: null,
  bucket: null,
  prefix: null,
  endpoint: null,
  region: 'us-east-1',
  pathStyle: true,
  accessKeyIdFile: null,
  secretAccessKeyFile: null,
};
const SENDING = { partSize: PART, partsAtOnce: 2, attempts: 2, timeout: 2_000, spoolDirectory: '/nowhere' };

async function open(choice: Partial<DestinationChoice>, sending: Partial<S3Settings> = {}): Promise<ExportDestination> {
  const opened = await openDestinations([{ ...CHOICE, ...choice }], { ...SENDING, ...sending });
  const known = opened.get('audit');
  if (!known) throw new Error('no destination');
  return known.destination;
}

const SMALL = Buffer.from('a bundle');
const unavailable = { code: 'EXPORT_UNAVAILABLE' };

describe('a folder as a destination', () => {
  let folder: string;
  let destination: ExportDestination;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'taskrunner-destination-'));
    mkdirSync(join(folder, 'audit'));
    destination = await open({ path: join(folder, 'audit') });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const target = () => join(folder, 'audit/acme/run_1.evidence.tar');
  const left = () => readdirSync(join(folder, 'audit/.incoming'));

  it('has each file once, in the folder of its tenant', async () => {
    expect(await destination.deliver(aFile(SMALL), content(SMALL))).toBe(true);
    expect(readFileSync(target())).toEqual(SMALL);
    const before = statSync(target());
    expect(await destination.deliver(aFile(SMALL), () => Promise.reject(new Error('not read')))).toBe(false);
    expect(statSync(target())).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
    expect(left()).toEqual([]);
  });

  it('is healed where other bytes stand under the name, of the same size too', async () => {
    await destination.deliver(aFile(SMALL), content(SMALL));
    for (const other of ['a bundlf', 'cut']) {
      writeFileSync(target(), other);
      expect(await destination.deliver(aFile(SMALL), content(SMALL))).toBe(true);
      expect(readFileSync(target())).toEqual(SMALL);
    }
  });

  it('shows nothing of a file that did not come in as a whole', async () => {
    const large = Buffer.alloc(1_000_000, 7);
    await expect(destination.deliver(aFile(large), async () => broken(large))).rejects.toThrow(
      'the object store broke',
    );
    expect([readdirSync(join(folder, 'audit')), left()]).toEqual([['.incoming'], []]);
  });

  it('that is not there is waited for, not made', async () => {
    renameSync(join(folder, 'audit'), join(folder, 'away'));
    await expect(destination.deliver(aFile(SMALL), content(SMALL))).rejects.toMatchObject(unavailable);
    expect(readdirSync(folder)).toEqual(['away']);
    renameSync(join(folder, 'away'), join(folder, 'audit'));
    expect(await destination.deliver(aFile(SMALL), content(SMALL))).toBe(true);
  });

  it('is swept of what killed workers left, and of nothing younger', async () => {
    await destination.deliver(aFile(SMALL), content(SMALL));
    for (const name of ['old', 'young']) writeFileSync(join(folder, 'audit/.incoming', name), 'half a bun');
    utimesSync(join(folder, 'audit/.incoming/old'), 1, 1);
    await destination.deliver(aFile(SMALL, 'run_2.evidence.tar'), content(SMALL));
    expect(left()).toEqual(['young']);
  });

  it('fails as unavailable where a file stands in its way', async () => {
    writeFileSync(join(folder, 'audit/acme'), '');
    await expect(destination.deliver(aFile(SMALL), content(SMALL))).rejects.toMatchObject(unavailable);
  });
});

describe.each(S3_SERVERS)('a bucket of $name as a destination', ({ program, start, keepsParts }) => {
  const suite = isInstalled(program) ? it : it.skip;
  let server: S3Server;
  let settings: S3Settings;
  let destination: ExportDestination;

  beforeAll(async () => {
    if (!isInstalled(program)) return;
    server = await start();
    settings = await server.bucket({ prefix: 'evidence/', attempts: 1 });
    destination = await open({ ...settings, type: 's3' }, settings);
  }, 90_000);
  afterAll(async () => {
    (destination as { close?(): void } | undefined)?.close?.();
    await server?.stop();
  });

  const keys = async (prefix = 'evidence/') => {
    const found = await server.client.send(new ListObjectsV2Command({ Bucket: settings.bucket, Prefix: prefix }));
    return (found.Contents ?? []).map(({ Key }) => Key);
  };
  const stored = async (Key: string) => {
    const found = await server.client.send(new GetObjectCommand({ Bucket: settings.bucket, Key }));
    return { bytes: await found.Body?.transformToByteArray(), written: found.LastModified };
  };

  suite('has each file once, under its tenant; other bytes are replaced', async () => {
    const key = 'evidence/acme/run_1.evidence.tar';
    expect(await destination.deliver(aFile(SMALL), content(SMALL))).toBe(true);
    expect(await keys()).toEqual([key]);
    expect(Buffer.from((await stored(key)).bytes ?? [])).toEqual(SMALL);
    expect(await destination.deliver(aFile(SMALL), () => Promise.reject(new Error('not read')))).toBe(false);
    await server.client.send(new PutObjectCommand({ Bucket: settings.bucket, Key: key, Body: 'a bundlf' }));
    expect(await destination.deliver(aFile(SMALL), content(SMALL))).toBe(true);
    expect(Buffer.from((await stored(key)).bytes ?? [])).toEqual(SMALL);
  });

  (keepsParts ? suite : it.skip)(
    'takes a large file in parts, and keeps no notes of them',
    async () => {
      const large = Buffer.alloc(2 * PART + 5, 3);
      const file = aFile(large, 'large.evidence.tar');
      expect(await destination.deliver(file, content(large))).toBe(true);
      expect(await destination.deliver(file, () => Promise.reject(new Error('not read')))).toBe(false);
      expect(await keys('evidence/.incoming/')).toEqual([]);
      const broke = destination.deliver(aFile(large, 'broken.tar'), async () => broken(large));
      await expect(broke).rejects.toThrow('the object store broke');
      expect(await keys('evidence/acme/broken')).toEqual([]);
    },
    60_000,
  );

  suite(
    'that does not answer is unavailable, and goes on',
    async () => {
      const file = aFile(SMALL, 'late.evidence.tar');
      const impatient = await open({ ...settings, type: 's3' }, { ...settings, timeout: 2_000 });
      server.pause(true);
      try {
        await expect(impatient.deliver(file, content(SMALL))).rejects.toMatchObject(unavailable);
      } finally {
        server.pause(false);
      }
      // The server continues. On a busy machine several attempts may time out.
      for (const end = Date.now() + 30_000; ;)
        try {
          await impatient.deliver(file, content(SMALL));
          break;
        } catch (error) {
          if (Date.now() > end) throw error;
        }
      (impatient as unknown as { close(): void }).close();
      expect(await keys('evidence/acme/late')).toEqual(['evidence/acme/late.evidence.tar']);
    },
    30_000,
  );

  suite('that is not there is refused', async () => {
    const nowhere = await open({ ...settings, type: 's3', bucket: 'no-such-bucket' }, settings);
    await expect(nowhere.deliver(aFile(SMALL), content(SMALL))).rejects.toMatchObject({ code: 'EXPORT_REFUSED' });
    (nowhere as unknown as { close(): void }).close();
  });
});
