import { readdir, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Digest, TenantId } from '@taskrunner/core/foundation';
import { AGE_MS, objectStoreContract, type ObjectStoreBench } from '@taskrunner/core/testing';
import { S3ObjectStore } from './s3-object-store';
import type { S3Settings } from './s3-settings';
import { isInstalled, PART, S3_SERVERS, type S3Server } from './testing/s3-servers';

const tenant = 'acme' as TenantId;
const LARGE = Buffer.alloc(11_000_000, 'large');
const LIMIT = { maxBytes: LARGE.length };

for (const { name, program, start, keepsParts } of S3_SERVERS) {
  const suite = isInstalled(program) ? describe : describe.skip;

  suite(`S3ObjectStore on ${name}`, () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await start();
    }, 60_000);
    afterAll(() => server?.stop());

    const keysOf = async ({ bucket }: S3Settings) => {
      const { Contents = [] } = await server.client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return Contents.map(({ Key = '' }) => Key).sort();
    };

    describe('keeps the contract of object stores', () => {
      it.each(objectStoreContract(async () => benchOn(server)))('$name', ({ run }) => run(), 60_000);
    });

    it('leaves nothing but objects in the bucket and nothing in its spool', async () => {
      const settings = await server.bucket();
      const store = new S3ObjectStore(settings);
      const [small, large] = [
        await store.put(tenant, once(Buffer.from('x')), LIMIT),
        await store.put(tenant, once(LARGE), LIMIT),
      ];
      await store.open(tenant, small.digest, { first: 0, last: 0 }).then(drain);
      expect(await keysOf(settings)).toEqual(
        [small, large].map(({ digest }) => `${settings.prefix}t/acme/sha256/${digest.slice(7)}`).sort(),
      );
      expect(await readdir(settings.spoolDirectory)).toEqual([]);
      store.close();
    });

    it('gives back the parts of an upload that was killed, by its note', async () => {
      const settings = await server.bucket();
      const { bucket, prefix } = settings;
      const store = new S3ObjectStore(settings);
      const key = `${prefix}t/acme/sha256/${'0'.repeat(64)}`;
      const { UploadId } = await server.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
      const part = { Bucket: bucket, Key: key, UploadId, PartNumber: 1, Body: LARGE.subarray(0, 5 << 20) };
      await server.client.send(new UploadPartCommand(part));
      const note = JSON.stringify({ key, uploadId: UploadId });
      await server.client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}x/multipart/dead`, Body: note }));
      await delay(3_100);
      expect(await store.sweep(60_000)).toBe(0);
      expect(await store.sweep(AGE_MS)).toBe(1);
      await expect(
        server.client.send(new ListPartsCommand({ Bucket: bucket, Key: key, UploadId })),
      ).rejects.toMatchObject({ name: expect.stringMatching(/^NoSuch(Upload|Key)$/) });
      expect(await keysOf(settings)).toEqual([]);
      store.close();
    }, 30_000);

    it('stores in parts where the server keeps them, and says so where it does not', async () => {
      const settings = await server.bucket({ partSize: PART });
      const store = new S3ObjectStore(settings);
      const bytes = Buffer.from(LARGE).fill('other', 7_000_000);
      const putting = store.put(tenant, once(bytes), LIMIT);
      if (keepsParts) expect(await drain(await store.open(tenant, (await putting).digest))).toBe(bytes.toString());
      else {
        await expect(putting).rejects.toMatchObject({ code: 'OBJECT_STORE_REFUSED' });
        expect(await keysOf(settings)).toEqual([]);
      }
      store.close();
    });

    it('refuses for what the operator has to correct', async () => {
      const settings = await server.bucket();
      const nowhere = new S3ObjectStore({ ...settings, bucket: 'not-there' });
      await expect(nowhere.put(tenant, once(Buffer.from('x')), LIMIT)).rejects.toMatchObject({
        code: 'OBJECT_STORE_REFUSED',
      });
      const keyless = new S3ObjectStore({ ...settings, accessKeyIdFile: '/not/there' });
      await expect(keyless.stat(tenant, `sha256:${'0'.repeat(64)}` as Digest)).rejects.toMatchObject({
        code: 'OBJECT_STORE_REFUSED',
      });
      if (name === 'moto') return; // moto accepts any secret.
      const wrong = `${settings.spoolDirectory}-wrong`;
      await writeFile(wrong, 'wrong');
      const stranger = new S3ObjectStore({ ...settings, secretAccessKeyFile: wrong });
      await expect(stranger.put(tenant, once(Buffer.from('x')), LIMIT)).rejects.toMatchObject({
        code: 'OBJECT_STORE_REFUSED',
      });
    });

    it('says that the store is away, and goes on when it is back', async () => {
      const settings = await server.bucket({ attempts: 1 });
      const patient = new S3ObjectStore(settings);
      const store = new S3ObjectStore({ ...settings, timeout: 500 });
      const { digest } = await patient.put(tenant, once(Buffer.from('x')), LIMIT);
      patient.close();
      server.pause(true);
      try {
        await expect(store.put(tenant, once(Buffer.from('y')), LIMIT)).rejects.toMatchObject({
          code: 'OBJECT_STORE_UNAVAILABLE',
        });
        await expect(store.open(tenant, digest)).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
      } finally {
        server.pause(false);
      }
      // The server first answers the requests that arrived while it was paused. On a busy machine several attempts may time out.
      const again = async (): Promise<string> => drain(await store.open(tenant, digest));
      let read: string | null = null;
      for (const end = Date.now() + 30_000; read === null;)
        read = await again().catch((error: unknown) => {
          if (Date.now() > end) throw error;
          return null;
        });
      expect(read).toBe('x');
      store.close();
    }, 60_000);

    it('takes a server for away whose port nobody listens at', async () => {
      const store = new S3ObjectStore(await server.bucket({ endpoint: 'http://127.0.0.1:9', attempts: 2 }));
      await expect(store.put(tenant, once(Buffer.from('x')), LIMIT)).rejects.toMatchObject({
        code: 'OBJECT_STORE_UNAVAILABLE',
      });
    });
  });
}

async function benchOn(server: S3Server): Promise<ObjectStoreBench> {
  const settings = await server.bucket();
  const [store, elsewhere] = [new S3ObjectStore(settings), new S3ObjectStore(settings)];
  return {
    store,
    elsewhere,
    ripen: () => delay(AGE_MS + 2_100),
    corrupt: async (owner: TenantId, digest: Digest) => {
      const at = { Bucket: settings.bucket, Key: `${settings.prefix}t/${owner}/sha256/${digest.slice(7)}` };
      const { Body } = await server.client.send(new GetObjectCommand(at));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await server.client.send(new PutObjectCommand({ ...at, Body: bytes }));
    },
    close: async () => {
      // radosgw does not list uploads.
      const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand({ Bucket: settings.bucket }));
      expect(Uploads).toEqual([]);
      store.close();
      elsewhere.close();
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1 << 16) yield bytes.subarray(at, at + (1 << 16));
}

async function drain(content: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const part of content) text += Buffer.from(part).toString();
  return text;
}
