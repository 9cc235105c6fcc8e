// A small remote Attestor (docs/guides/evidence-and-verification.md, Signers): it verifies a worker's run before it signs. One process, a folder, keys in files.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { attestDraft, sealManifest } from './attesting.mjs';
import { openKeep } from './keep.mjs';
import { Refusal } from './refusal.mjs';

const require = createRequire(import.meta.url);
const { sha256 } = require('@taskrunner/core/canonical');
const { readTrust } = require('@taskrunner/core/evidence');
const { readTar } = require('@taskrunner/infrastructure/archive');
const { FileSigner } = require('@taskrunner/infrastructure/signing');

const LIMITS = { maxBytes: 512 * 1024 ** 2, maxFiles: 250_000, maxFileBytes: 256 * 1024 ** 2 };
const MANIFEST_BYTES = 64 * 1024 ** 2;

/**
 * Starts the Attestor. `configuration`: `{host, port, issuer, jwksUri | jwksFile, audience, clients: {<client id>: {builders, tenants}},
 * trustFile, keys: {runOpen, runSealed?, bundle, summary}, folder, verifierId, algorithms?, limits?}`; paths are absolute. `clock`:
 * milliseconds. Resolves to `{url, stop()}`.
 */
export async function startAttestor(configuration, { clock = Date.now, log = () => undefined } = {}) {
  const { keys, audience, issuer, clients, algorithms = ['EdDSA', 'ES256', 'RS256'] } = configuration;
  const limits = { ...LIMITS, ...configuration.limits };
  const trustText = await readFile(configuration.trustFile, 'utf8');
  const trust = readTrust(trustText);
  const signers = {
    runOpen: await FileSigner.open('run-open', keys.runOpen),
    runSealed: keys.runSealed ? await FileSigner.open('run-sealed', keys.runSealed) : null,
    bundle: await FileSigner.open('bundle', keys.bundle),
    summary: await FileSigner.open('summary', keys.summary),
  };
  const keep = await openKeep(configuration.folder);
  const keySet = configuration.jwksFile
    ? createLocalJWKSet(JSON.parse(await readFile(configuration.jwksFile, 'utf8')))
    : createRemoteJWKSet(new URL(configuration.jwksUri));

  const clientOf = async (request) => {
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (!token) throw new Refusal(401, 'ATTESTOR_UNAUTHENTICATED', 'a bearer token is needed');
    try {
      const { payload } = await jwtVerify(token, keySet, { issuer, audience, algorithms });
      const id = payload.client_id ?? payload.azp;
      if (Object.hasOwn(clients, id)) return clients[id];
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new Refusal(401, 'ATTESTOR_UNAUTHENTICATED', error.code);
    }
    throw new Refusal(403, 'ATTESTOR_CLIENT_UNKNOWN', 'this client is not configured');
  };

  const serve = async (request) => {
    const [, run, what] = /^\/v1\/runs\/([^/]+)\/(statements|manifest)$/.exec(request.url) ?? [];
    if (!run || request.method !== 'POST')
      throw new Refusal(404, 'ATTESTOR_NOT_FOUND', 'POST /v1/runs/{runId}/statements or …/manifest');
    const client = await clientOf(request);
    const id = decodeURIComponent(run);
    if (what === 'manifest')
      return sealManifest({ run: id, bytes: await bodyOf(request, MANIFEST_BYTES), signers, keep });
    const files = await readTar(request, limits).catch((error) => {
      throw new Refusal(error.code === 'ARCHIVE_TOO_LARGE' ? 413 : 422, error.code ?? 'ARCHIVE_INVALID', error.message);
    });
    const { verifierId } = configuration;
    return attestDraft({
      run: id,
      files,
      client,
      trust,
      trustDigest: sha256(trustText),
      verifierId,
      signers,
      keep,
      now: clock(),
    });
  };

  const server = createServer((request, response) => {
    serve(request)
      .then((answer) => [200, answer])
      .catch((error) => {
        if (error instanceof Refusal) return [error.status, { code: error.code, detail: error.message, ...error.more }];
        log('error', error);
        return [500, { code: 'ATTESTOR_INTERNAL', detail: 'see the log of the Attestor' }];
      })
      .then(([status, body]) => {
        const { url } = request;
        log(status === 200 ? 'info' : 'warn', {
          url,
          status,
          ...(status === 200 ? {} : { code: body.code, detail: body.detail }),
        });
        request.resume();
        response.writeHead(status, {
          'content-type': status === 200 ? 'application/json' : 'application/problem+json',
        });
        response.end(JSON.stringify(status === 200 ? body : { title: body.code, status, ...body }));
      });
  });
  server.listen(configuration.port ?? 0, configuration.host ?? '127.0.0.1');
  await once(server, 'listening');
  const { address, port } = server.address();
  return {
    url: `http://${address}:${port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request, limit) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    if ((size += part.length) > limit) throw new Refusal(413, 'ATTESTOR_TOO_LARGE', `more than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
