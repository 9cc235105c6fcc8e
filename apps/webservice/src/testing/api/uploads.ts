import { once } from 'node:events';
import { connect } from 'node:net';
import { sha256 } from '@taskrunner/core/canonical';
import type { JsonObject } from '@taskrunner/core/foundation';
import { writeTar } from '@taskrunner/infrastructure/archive';
import { Client } from 'pg';
import type { ApiUnderTest, Reply } from './api-under-test';
import { DATABASE, MIB, TENANT } from './sample';

const FILED = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: filed, version: 1.0.0 }
spec:
  inputs:
    - { name: report, type: file }
    - { name: facts, type: object, required: false }
  steps:
    - id: count
      run:
        uses: builtin:script
        with: { interpreter: [sh], source: "wc -c < in/report" }
        files: { report: "{{ inputs.report }}" }
`;

/** Uploads bytes as a person. */
export async function upload(
  api: ApiUnderTest,
  login: string,
  bytes: Uint8Array | ReadableStream,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(`${api.webservice.url}/api/uploads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.tokens.get(login) ?? login}`, ...headers },
    body: bytes as never,
    duplex: 'half',
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as JsonObject };
}

/** Makes an upload expire now. */
async function expire(api: ApiUnderTest, digest: string): Promise<void> {
  const client = new Client({ connectionString: api.server.url(undefined, DATABASE) });
  await client.connect();
  await client.query(`update pack_artifacts.uploads set expires_at = now() - interval '1 second' where digest = $1`, [
    digest,
  ]);
  await client.end();
}

async function tarOf(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const sources = Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  const pieces: Uint8Array[] = [];
  for await (const piece of writeTar(sources)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Tests of uploads. */
export function describeUploads(api: ApiUnderTest): void {
  const { ask, tokens, validators } = api;

  describe('an upload', () => {
    it('is a file input of its tenant, and of no other', async () => {
      const bytes = Buffer.from('the report\n');
      const { status, body } = await upload(api, 'ada', bytes);
      expect(status).toBe(201);
      expect(validators.get('Upload')?.(body)).toBe(true);
      const digest = sha256(bytes);
      expect(body).toMatchObject({ digest, size: bytes.length });
      expect(Date.parse(body['expiresAt'] as string)).toBeGreaterThan(Date.now() + 23 * 3_600_000);

      const file = { digest, name: 'report.txt', mediaType: 'text/plain' };
      const inputs = { report: file, facts: { digest, name: 'not a file' } };
      const planned = await ask('ada', 'POST', '/api/plans', {
        manifest: FILED,
        inputs: { ...inputs, report: { digest, size: 11 } },
      });
      expect(planned.status).toBe(200);
      const { planHash } = planned.body;
      const run = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs, planHash });
      expect([run.status, run.body['planHash']]).toEqual([201, planHash]);
      expect((await ask('ada', 'POST', '/api/plans', { manifest: FILED, inputs })).body['planHash']).toBe(planHash);

      const foreign = await ask('mallory', 'POST', '/api/runs', { manifest: FILED, inputs: { report: file } });
      const absent = await ask('mallory', 'POST', '/api/runs', {
        manifest: FILED,
        inputs: { report: { digest: sha256('nowhere') } },
      });
      for (const refused of [foreign, absent]) {
        expect(refused.status).toBe(422);
        expect(refused.body).toMatchObject({
          code: 'PLAN_INVALID',
          errors: [{ code: 'INPUT_UPLOAD_MISSING', path: '/inputs/report' }],
        });
      }
      const { traceId: one, ...first } = foreign.body;
      const { traceId: two, ...second } = absent.body;
      expect([first, one === two]).toEqual([second, false]);
      const wrong = await ask('ada', 'POST', '/api/runs', {
        manifest: FILED,
        inputs: { report: { digest, size: 10 } },
      });
      expect(wrong.body).toMatchObject({ code: 'PLAN_INVALID', errors: [{ code: 'INPUT_UPLOAD_SIZE' }] });
      const key = { 'idempotency-key': 'with-upload' };
      const made = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs }, key);
      await expire(api, digest);
      const again = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs }, key);
      expect([made.status, again.status, again.body['runId']]).toEqual([201, 200, made.body['runId']]);
      const other = await ask('ada', 'POST', '/api/runs', { manifest: FILED, inputs, labels: { a: 'b' } }, key);
      expect(other.body).toMatchObject({ code: 'PLAN_INVALID', errors: [{ code: 'INPUT_UPLOAD_MISSING' }] });
      const unplanned = await ask('ada', 'POST', '/api/plans?check=true', {
        manifest: FILED,
        inputs: { report: { digest: sha256('nowhere') } },
      });
      expect(unplanned.body).toMatchObject({ valid: false, errors: [{ code: 'INPUT_UPLOAD_MISSING' }] });
    });

    it('is a pack with its files', async () => {
      const files = { 'demo/pack.yaml': FILED, 'demo/notes.txt': 'kept' };
      const { body: pack } = await upload(api, 'ada', await tarOf(files));
      const { body: report } = await upload(api, 'ada', Buffer.from('r'));
      const inputs = { report: { digest: report['digest'] ?? null } };
      const bundle = { digest: pack['digest'] ?? null };
      const run = await ask('ada', 'POST', '/api/runs', { bundle, inputs });
      expect([run.status, run.body['pack']]).toEqual([201, expect.objectContaining({ name: 'filed' })]);
      const inline = await ask('ada', 'POST', '/api/plans', {
        manifest: FILED,
        files: [{ path: 'notes.txt', contentBase64: Buffer.from('kept').toString('base64') }],
        inputs,
      });
      expect(inline.body['planHash']).toBe(run.body['planHash']);
      const simulated = await ask('ada', 'POST', '/api/simulations', { bundle, inputs });
      expect([simulated.status, simulated.body['planHash']]).toEqual([200, run.body['planHash']]);
      expect((await ask('mallory', 'POST', '/api/runs', { bundle, inputs })).body['code']).toBe('UPLOAD_MISSING');
      expect((await ask('ada', 'POST', '/api/runs', { bundle, manifest: FILED })).body['code']).toBe('REQUEST_INVALID');
      expect((await ask('ada', 'POST', '/api/runs', { inputs })).body['code']).toBe('REQUEST_INVALID');
      expect(
        (await ask('ada', 'POST', '/api/runs', { bundle: { digest: report['digest'] ?? null } })).body['code'],
      ).toBe('ARCHIVE_INVALID');
      const link = Buffer.from(await tarOf({ 'pack.yaml': FILED }));
      link[156] = 0x32; // a symbolic link, with the checksum that it then has
      const sum = link.subarray(0, 512).reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
      link.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      const { body: unsafe } = await upload(api, 'ada', link);
      expect(
        (await ask('ada', 'POST', '/api/plans', { bundle: { digest: unsafe['digest'] ?? null } })).body['code'],
      ).toBe('ARCHIVE_UNSAFE');
      const { body: empty } = await upload(api, 'ada', await tarOf({ 'readme.txt': 'x' }));
      expect(
        (await ask('ada', 'POST', '/api/plans', { bundle: { digest: empty['digest'] ?? null } })).body['code'],
      ).toBe('REQUEST_INVALID');
    });

    it('has a size, and the tenant has room for so many', async () => {
      const stream = () => new Blob([Buffer.alloc(MIB + 1)]).stream();
      expect((await upload(api, 'linus', Buffer.alloc(MIB + 1))).body['code']).toBe('OBJECT_TOO_LARGE');
      expect((await upload(api, 'linus', stream())).body['code']).toBe('OBJECT_TOO_LARGE');
      const compressed = await upload(api, 'linus', Buffer.from('x'), { 'content-encoding': 'gzip' });
      expect(compressed.body).toMatchObject({
        code: 'BODY_MEDIA_TYPE',
        remediation: expect.stringContaining('Content-Encoding') as string,
      });
      const codes: unknown[] = [];
      for (let n = 0; n < 4; n++) codes.push((await upload(api, 'linus', Buffer.alloc(MIB, n + 1))).body['code']);
      expect(codes.filter((code) => code !== undefined)).toEqual(expect.arrayContaining(['UPLOADS_FULL']));
      expect(codes[0]).toBeUndefined();
      expect((await upload(api, 'mallory', Buffer.alloc(MIB, 9))).status).toBe(201);
      expect((await upload(api, 'nonsense', Buffer.from('x'))).status).toBe(401);
    });

    it('that is cut off leaves nothing', async () => {
      const content = Buffer.alloc(300_000, 'cut');
      const { port } = new URL(api.webservice.url);
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(
        `POST /api/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tokens.get('mallory')}\r\nContent-Length: 900000\r\n\r\n`,
      );
      socket.write(content, () => setTimeout(() => socket.destroy(), 200));
      await once(socket, 'close');
      expect(await api.objects.stat(TENANT, sha256(content))).toBeNull();
      // The room is free again when the service has noticed: two of three MiB are left beside the current one.
      const again = async (n: number): Promise<number> =>
        (await upload(api, 'mallory', Buffer.alloc(MIB, 20 + n))).status;
      for (let n = 0; n < 2; n++) {
        let status = await again(n);
        for (let tries = 0; status !== 201 && tries < 150; tries++) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          status = await again(n);
        }
        expect(status).toBe(201);
      }
    });
  });
}
