// The product as `taskrunner dev` starts it, with an issuer whose key we have, and a tenant with objects of every kind.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Minter, makeIssuer } from './tokens.mjs';

const require = createRequire(import.meta.url);
/** High limits, because limits are not tested here. */
const MANY = 100_000;
const PACK = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: security-full, version: 1.0.0 }
spec:
  inputs: [ { name: number, type: integer, default: 1 } ]
  approvals: [ { id: owners, grants: [packs.approve] } ]
  steps:
    - id: make
      effects: idempotent
      run:
        uses: builtin:script
        with: { interpreter: [sh], source: "mkdir -p out && echo canary-of-the-tenant | tee out/report.txt" }
        artifacts: [ { name: report, path: out/report.txt, mediaType: text/plain } ]
    - id: approve
      gate: { approval: owners, message: "go on with {{ inputs.number }}?" }
    - id: last
      run: { uses: "builtin:transform", with: { outputs: { text: done } } }
`;

/** Resolves to the values that the parts need, and `stop`. */
export async function startStack({ victim, runs }) {
  const folder = mkdtempSync(join(tmpdir(), 'taskrunner-security-'));
  const issuer = makeIssuer('http://127.0.0.1:9/security', 'taskrunner');
  const jwksFile = join(folder, 'jwks.json');
  writeFileSync(jwksFile, JSON.stringify(issuer.jwks));
  const registry = join(folder, 'registry');
  mkdirSync(registry);
  const { startDevStack } = require('../../apps/cli/dist/dev/dev-stack.js');
  const most = Object.fromEntries(
    ['submit', 'plan', 'decide', 'stream', 'download', 'read', 'refusedDecisions', 'refusedTokens'].map((name) => [
      name,
      MANY,
    ]),
  );
  const dev = await startDevStack({
    stateDirectory: join(folder, 'state'),
    durable: false,
    configuration: {
      http: { host: '127.0.0.1', port: 0, healthPort: 0, limits: most },
      authority: {
        development: true,
        issuers: [{ issuer: issuer.issuer, audience: issuer.audience, jwksFile, kind: 'both', algorithms: ['ES256'] }],
      },
      // Its issuer is not among those of this stack.
      console: { enabled: false },
      packsRegistry: {
        unsigned: 'run',
        registries: [{ name: 'theirs', type: 'folder', path: registry, tenants: [victim], publish: true }],
      },
    },
  }).catch((error) => {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  });
  const stop = async () => {
    await dev.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: dev.server,
    minter: new Minter(issuer),
    runs,
    fill: (server, minter) => fill(server, minter, victim, runs),
    stop,
  };
}

/** Creates runs, half of them waiting at gates and half sealed, and published packs. */
async function fill(server, minter, victim, runs) {
  const token = minter.token(victim);
  const approver = minter.token(victim, ['packs.read', 'packs.approve'], { sub: 'who approves' });
  for (const version of ['1.0.0', '1.1.0'])
    await server.json({
      method: 'POST',
      path: '/api/packs',
      token,
      body: { manifest: PACK.replace('version: 1.0.0', `version: ${version}`) },
    });
  const ids = [];
  for (let number = 0; number < runs; number++)
    ids.push(
      (
        await server.json({
          method: 'POST',
          path: '/api/runs',
          token,
          body: { pack: 'security-full:1.0.0', inputs: { number } },
        })
      ).runId,
    );
  for (const [index, runId] of ids.entries()) {
    await until(
      async () => (await server.ask({ path: `/api/runs/${runId}/gates/approve`, token })).status === 200,
      `${runId} waits`,
    );
    if (index % 2 === 0) continue;
    const { gateDigest, planHash } = await server.json({ path: `/api/runs/${runId}/gates/approve`, token });
    const body = { gateId: 'approve', decision: 'approved', planHash, gateDigest, reason: 'for the probes' };
    await server.json({ method: 'POST', path: `/api/runs/${runId}/approve`, token: approver, body });
  }
  for (const runId of ids.filter((_, index) => index % 2 === 1))
    await until(
      async () => (await server.json({ path: `/api/runs/${runId}`, token })).evidence.status === 'sealed',
      `${runId} is sealed`,
    );
}

/** Polls until the condition holds. */
export async function until(holds, what) {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 600) throw new Error(`it does not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
