import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanningSetting } from '@taskrunner/core/operations';
import { parseConfiguration, type Configuration } from '@taskrunner/infrastructure/configuration';
import type { EmbeddedPostgres } from '@taskrunner/infrastructure/embedded-postgres';
import { roleName } from '@taskrunner/infrastructure/postgres';
import type { ProbingIssuer } from './access-tokens';
import { DATABASE, MIB, SCAN_LINES, environment } from './sample';

/** Places of the parts that the webservice uses. */
export interface ApiParts {
  readonly folder: string;
  readonly database: EmbeddedPostgres;
  readonly issuer: { readonly issuer: string; readonly jwksUri: string; readonly audience: string };
  readonly probing: ProbingIssuer;
}

/** The configuration of the webservice: limits that the tests reach, and rates that they do not. */
export async function apiConfiguration({ folder, database, issuer, probing }: ApiParts): Promise<Configuration> {
  const reading = parseConfiguration('', {});
  if (reading.kind === 'refused') throw new Error('the defaults are refused');
  const { configuration: defaults } = reading;
  return {
    ...defaults,
    http: {
      ...defaults.http,
      ...{ port: 0, healthPort: 0 },
      bodyLimit: MIB,
      bodies: { ...defaults.http.bodies, memory: 8 * MIB, tenantMemory: 4 * MIB },
      // For all requests of this file, because a machine may be slow. Waits for these times last in full.
      ...{ keepAlive: 65_000, headersTimeout: 6_000, bodyTimeout: 5_000 },
      ...{ lameDuck: 4_000, drain: 8_000 },
      timings: { ...defaults.http.timings, page: 2 },
      streams: { ...defaults.http.streams, cache: 16 * MIB, stall: 10_000 },
      logs: { ...defaults.http.logs, scanLines: SCAN_LINES },
      limits: {
        ...defaults.http.limits,
        submit: 5_000,
        plan: 500,
        decide: 5_000,
        stream: 1_000,
        download: 500,
        read: 5_000,
        refusedDecisions: 1_000,
        refusedTokens: 1_000,
      },
    },
    database: {
      ...defaults.database,
      webUrl: database.url(roleName('web'), DATABASE),
      poolSize: 4,
      allowUnsafe: true,
    },
    authority: {
      ...defaults.authority,
      issuers: [
        {
          issuer: issuer.issuer,
          jwksUri: issuer.jwksUri,
          jwksFile: null,
          audience: issuer.audience,
          kind: 'both',
          algorithms: ['ES256'],
        },
        {
          ...{ issuer: probing.issuer, audience: probing.audience, kind: 'both', algorithms: ['ES256'] },
          ...{ jwksUri: null, jwksFile: join(folder, 'probing.json') },
        },
      ],
    },
    artifacts: {
      ...defaults.artifacts,
      root: join(folder, 'objects'),
      probe: { bytes: 1_024, interval: 200 },
      uploads: { ...defaults.artifacts.uploads, maxBytes: MIB, tenantBytes: 3 * MIB, packBytes: MIB, idle: 12_000 },
    },
    keys: { ...defaults.keys, folder },
    // Hostile packs reach the memory limit. A time limit would apply to all plans.
    limits: { ...defaults.limits, planMemory: 64 * MIB, planTime: 30_000, planThreads: 2, planQueue: 64 },
    packsRegistry: { ...defaults.packsRegistry, ...(await registries(folder)), unsigned: 'run' },
    scheduler: {
      ...defaults.scheduler,
      enabled: false,
      interval: 1_000,
      batch: 10,
      lease: 10_000,
      grace: 60_000,
      catchUpWindow: 86_400_000,
      maxPerTenant: 10,
      maxActive: 10,
      history: 100,
    },
    telemetry: { ...defaults.telemetry, logLevel: 'error', measureInterval: 1_000 },
  };
}

/** A folder of packs that belongs to the tenant acme. */
async function registries(folder: string) {
  const path = join(folder, 'packs');
  await mkdir(path);
  const place = { name: 'main', type: 'folder' as const, url: null, path, tenants: ['acme'], publish: true };
  const registry = { ...place, plainHttp: false, usernameFile: null, passwordFile: null, tokenRealm: null };
  const limits = { timeout: 5_000, maxPackBytes: 1 << 20, maxFiles: 100, maxSignatures: 4, cacheBytes: 1 << 20 };
  return { registries: [registry], ...limits };
}

/** The installation with which packs are planned. `proof`: the proof that decisions need at least. */
export function planningSetting(proof?: 'token'): PlanningSetting {
  return {
    environment: environment(proof),
    configuration: {
      defaults: {
        maxParallel: 16,
        expiresAfterMs: 3_600_000,
        executeWithinMs: 3_600_000,
        runTimeoutMs: 3_600_000,
        cleanupTimeoutMs: 60_000,
        attemptTimeoutMs: 60_000,
        stopGraceMs: 1_000,
        workspaceMiB: 64,
        memoryMiB: 256,
        maxProcesses: 32,
      },
      grants: ['role:sec-lead'],
      secrets: {},
      interpreters: ['sh'],
      egress: [],
      sensitiveInputs: false,
    },
  };
}
