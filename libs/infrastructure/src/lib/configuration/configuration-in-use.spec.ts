import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIGURATION } from './configuration';
import { listKeys } from './key';

// Every key of the configuration with the evidence that it is used: a test of its effect, by file and title; for the few keys that affect
// only time or load, the line that reads it. A new key needs a row, because a key that nothing reads would be documented without an effect.

const ROOT = join(__dirname, '..', '..', '..', '..', '..');
const POSTGRES = 'libs/infrastructure/src/lib/postgres';
const E2E = 'apps/webservice-e2e/src/configured.e2e-spec.ts';
const TELEMETRY_E2E = 'apps/webservice-e2e/src/telemetry.e2e-spec.ts';
const TELEMETRY = 'libs/infrastructure/src/lib/telemetry/telemetry.int-spec.ts';
const PARSING = 'libs/infrastructure/src/lib/configuration/parse-configuration.spec.ts';
const ENVIRONMENT = 'libs/infrastructure/src/lib/configuration/environment-of.spec.ts';
const LOGS = 'apps/webservice-e2e/src/several/logs.cases.ts';
const LOG_PAGES = 'apps/webservice/src/logs/log-pages.spec.ts';
const DEV_FILE = 'apps/cli/src/dev/dev-configuration.ts';
const SEALED_E2E = 'apps/webservice-e2e/src/sealed.e2e-spec.ts';
const SIZES = 'libs/infrastructure/src/lib/executors/step/run-sizes.ts';
const BODIES = 'apps/webservice/src/requests/body-reader.spec.ts';
const PLANNING = 'libs/infrastructure/src/lib/planning/planning-threads.int-spec.ts';
const API = 'apps/webservice/src/testing/api';
const CONSOLE_PAGE = 'apps/webservice/src/console/console-page.spec.ts';
const CORS = 'apps/webservice/src/console.int-spec.ts';
const GUARD = 'apps/webservice/src/auth/auth.guard.ts';
const PROXY = 'libs/infrastructure/src/lib/egress/egress-proxy.int-spec.ts';
const HTTP = 'libs/infrastructure/src/lib/executors/http/http-executor.int-spec.ts';
const PLANS = 'libs/core/src/lib/planner/retry-defaults.spec.ts';
const OBJECTS = 'apps/webservice-e2e/src/object-store.e2e-spec.ts';
const EXPORTS = 'apps/webservice-e2e/src/exports.e2e-spec.ts';
const DELIVERIES = 'libs/core/src/lib/operations/delivery/deliver-exports.spec.ts';
const REGISTRY = 'libs/infrastructure/src/lib/registry/registry.long-spec.ts';
const RETENTION = 'libs/infrastructure/src/lib/postgres/upkeep/retention.int-spec.ts';
const SCHEDULES = 'apps/webservice-e2e/src/schedules.e2e-spec.ts';

/** Key, or a prefix of keys with `*` → file, and a text in it. The first match counts. */
const SHOWN: readonly (readonly [key: string, file: string, text: string])[] = [
  ['http.cors.origins', CORS, 'answers pages of the configured origins'],
  ['http.cors.maxAge', CORS, "'access-control-max-age'"],
  ['http.limits.plan', E2E, 'is reached where http says, with its limits'],
  ['http.limits.refusedDecisions', 'apps/webservice/src/gates/gates.controller.ts', 'refusedDecisions'],
  ['http.limits.refusedTokens', GUARD, 'const { refusedTokens } = this.limits.of'],
  ['http.streams.cache', 'apps/webservice/src/logs/shared-logs.spec.ts', 'take no more memory than they may'],
  ['http.events.interval', `${API}/events.ts`, 'is a stream that goes on where a reader was'],
  ['http.timings.page', `${API}/runs.ts`, 'has times for a timeline, compact and in pages'],
  ['http.timings.held', 'apps/webservice/src/timings/shared-timings.spec.ts', 'hold no more than they may'],
  [
    'http.journals.cache',
    'libs/core/src/lib/operations/retention/compared-runs.spec.ts',
    'takes no more memory than it may, except the last one',
  ],
  ['http.streams.person', E2E, 'has as many open streams of one person as http says'],
  ['http.streams.tenant', 'apps/webservice/src/logs/open-streams.spec.ts', 'of one tenant and of all'],
  ['http.streams.all', 'apps/webservice/src/logs/open-streams.spec.ts', 'of one tenant and of all'],
  ['http.streams.stall', LOGS, 'cuts off a reader that takes nothing for as long as configured'],
  ['http.logs.pageLines', `${API}/logs.ts`, "['limit=1001', ['/limit']]"],
  ['http.logs.scanLines', LOG_PAGES, 'says how far it looked where a limit ends it'],
  ['http.logs.scanBytes', LOG_PAGES, 'says how far it looked where a limit ends it'],
  ['http.logs.reads', 'apps/webservice/src/logs/read-turns.spec.ts', 'are so many at once'],
  [
    'http.lameDuck',
    `${API}/departure.ts`,
    'fails readiness, answers on, then ends streams with where to go on and lets requests end',
  ],
  [
    'http.drain',
    `${API}/departure.ts`,
    'fails readiness, answers on, then ends streams with where to go on and lets requests end, for so long',
  ],
  ['http.bodies.direct', BODIES, 'leave small ones alone'],
  ['http.bodies.directValues', BODIES, 'are those with many values too, which hold nothing'],
  ['http.bodies.memory', BODIES, 'are so many at once, in all and of one tenant'],
  ['http.bodies.tenantMemory', BODIES, 'are so many at once, in all and of one tenant'],
  ['http.bodies.threads', PLANNING, 'leaves a thread to others, however much one tenant asks'],
  ['http.bodies.queue', PLANNING, 'refuses what has no room to wait'],
  ['http.bodies.threadMemory', 'apps/webservice/src/requests/body-threads.module.ts', 'threadMemory: memory'],
  [
    'http.bodies.time',
    'apps/webservice/src/requests/body-threads.module.ts',
    'limits: { memory, time, threads, queue }',
  ],
  ['http.bodies.discard', BODIES, 'is read no further than configured'],
  [
    'http.bodies.discardRate',
    'apps/webservice/src/requests/reading-turns.spec.ts',
    'let %i senders deliver what the rate permits in all, and not less',
  ],
  ['http.bodies.discardTime', BODIES, 'is read no longer than configured, and not after the client has gone'],
  ['http.bodies.*', BODIES, 'is refused while it comes in: %s of %s'],
  ['http.limits.*', GUARD, 'this.limits.of[access.limit]'],
  ['http.socket', 'apps/webservice/src/composition.int-spec.ts', 'answers on a socket instead, and opens no port'],
  ['http.*', E2E, 'is reached where http says, with its limits'],
  ['database.poolSize', E2E, 'asks it on as many connections, and as long, as configured'],
  ['database.statementTimeout', E2E, 'asks it on as many connections, and as long, as configured'],
  ['database.allowUnsafe', 'libs/infrastructure/src/lib/postgres/schema/migrate.int-spec.ts', 'allowLoss: true'],
  ['database.webUrl', E2E, 'connects to the PostgreSQL that is configured'],
  ['database.workerUrl', E2E, 'connects to the PostgreSQL that is configured'],
  ['database.connectTimeout', `${POSTGRES}/concurrency.int-spec.ts`, 'waits for a connection as long as configured'],
  ['database.*', PARSING, 'give their passwords to the URLs'],
  ['authority.issuers', E2E, 'takes tokens of the Authority that is configured'],
  ['console.enabled', `${API}/requests.ts`, 'CONSOLE_DISABLED'],
  ['console.connect', CONSOLE_PAGE, "connect: ['https://token.example.org/oauth/token']"],
  ['console.*', CONSOLE_PAGE, 'has the base of its links, its nonce and its settings'],
  ['authority.claims.*', 'apps/webservice/src/auth/read-claims.spec.ts', 'grants'],
  ['authority.development', PARSING, 'accepts the development Authority on loopback only'],
  ['authority.local', PARSING, 'accepts a local Authority on a socket only'],
  ['audit.checkpointEvery', 'apps/webservice-e2e/src/audit.e2e-spec.ts', "checkpointEvery: '1s'"],
  ['audit.refusals.every', 'apps/webservice-e2e/src/audit.e2e-spec.ts', "refusals: { every: '1s'"],
  ['audit.refusals.tenant', 'apps/webservice-e2e/src/audit.e2e-spec.ts', "tenant: 'acme'"],
  [
    'audit.refusals.most',
    'libs/core/src/lib/operations/callers/refusal-tally.spec.ts',
    'a flood of them in a few entries',
  ],
  ['retention.journal', RETENTION, 'goes once it is past retention and all its runs are archived'],
  ['retention.tenants', RETENTION, 'is past what its tenant has, where that is otherwise'],
  [
    'retention.events',
    'libs/infrastructure/src/lib/postgres/delivery/postgres-event-feed.int-spec.ts',
    'goes by retention from its beginning',
  ],
  ['retention.*', RETENTION, 'leaves nothing in any table but its evidence, which goes later'],
  ['artifacts.bundle.carriedBytes', 'apps/worker/src/sealing.module.ts', 'artifacts.bundle.carriedBytes'],
  ['artifacts.bundle.heldLogBytes', 'apps/worker/src/sealing.module.ts', 'artifacts.bundle.heldLogBytes'],
  [
    'artifacts.bundleRoots',
    'libs/infrastructure/src/lib/executors/bundle-ingest.int-spec.ts',
    'a root that is not configured',
  ],
  ['artifacts.uploads.idle', `${API}/unfinished-requests.ts`, 'is an upload that stalls'],
  ['artifacts.uploads.*', `${API}/uploads.ts`, 'has a size, and the tenant has room for so many'],
  ['artifacts.destinations', EXPORTS, 'arrives once it is sealed, as a whole, and verifies'],
  ['artifacts.exports.giveUpAfter', DELIVERIES, 'is given up when it has failed for as long as configured'],
  ['artifacts.exports.longestRetry', DELIVERIES, 'pauses twice as long each time, up to the longest pause'],
  ['artifacts.exports.timeout', DELIVERIES, 'that hangs ends at its time limit'],
  ['artifacts.exports.*', EXPORTS, 'a destination that is down delays no seal'],
  ['artifacts.s3.*', OBJECTS, 'runs an example pack that was uploaded'],
  ['artifacts.probe.*', `${API}/api-configuration.ts`, 'probe: { bytes: 1_024, interval: 200 }'],
  ['artifacts.store', OBJECTS, 'runs an example pack that was uploaded'],
  ['artifacts.grace', OBJECTS, 'keeps what is referred to and collects what is not'],
  ['artifacts.sweepInterval', OBJECTS, 'keeps what is referred to and collects what is not'],
  ['artifacts.*', E2E, 'keeps bytes where artifacts say, up to what they say'],
  ['approvals.floor.proof', 'libs/infrastructure/src/lib/configuration/environment-of.ts', 'proof: floor.proof'],
  ['approvals.floor.selfApproval', ENVIRONMENT, 'the environment depends on configuration and build alone'],
  ['approvals.actors', 'apps/webservice-e2e/src/actors.e2e-spec.ts', 'lets a configured program act, and tells of it'],
  ['approvals.grants', `${API}/api-configuration.ts`, "grants: ['role:sec-lead']"],
  ['approvals.*', E2E, 'gives approvals the configured time and floor'],
  ['retries.backoff', PLANS, 'stand in the profile, by node, so that they are bound with its digest'],
  ['retries.maxBackoff', PLANS, 'stand in the profile, by node, so that they are bound with its digest'],
  ['retries.cap.maxBackoff', PLANS, 'of a pause'],
  ['retries.*', E2E, 'tries again as configured where the pack says nothing, and refuses what asks for more'],
  ['packsRegistry.maxPackBytes', REGISTRY, 'refuses what is larger than configured, before it fetches it'],
  ['packsRegistry.maxFiles', REGISTRY, 'refuses what is larger than configured, before it fetches it'],
  ['packsRegistry.timeout', REGISTRY, 'without an answer it is unavailable'],
  ['packsRegistry.maxSignatures', 'libs/infrastructure/src/lib/registry/oci-pack-registry.ts', 'limits.maxSignatures'],
  ['packsRegistry.cacheBytes', 'libs/infrastructure/src/lib/registry/oci-pack-registry.ts', 'limits.cacheBytes'],
  ['packsRegistry.*', 'apps/webservice-e2e/src/packs.e2e-spec.ts', 'each refusal has its code'],
  ['policies.timeout', 'libs/infrastructure/src/lib/policies/policy.module.ts', 'configuration.policies.timeout'],
  ['webhooks.endpoints', 'apps/webservice-e2e/src/gates/gate-stack.ts', 'endpoints'],
  ['webhooks.*', 'apps/webservice-e2e/src/gates/gate-stack.ts', 'webhooks'],
  ['scheduler.maxPerTenant', SCHEDULES, 'is one of as many as the tenant may have'],
  ['scheduler.*', 'apps/webservice-e2e/src/schedule-replicas.e2e-spec.ts', 'what nobody could run in time is made up'],
  ['container.engine', 'apps/webservice-e2e/stack-profiles.mjs', "container: { engine: 'podman'"],
  [
    'container.*',
    'libs/infrastructure/src/lib/configuration/container-settings.spec.ts',
    'each key reaches its engine',
  ],
  ['sealedMode.allow', 'apps/webservice-e2e/stack-profiles.mjs', 'sealedMode: { allow: [loopback(port)] }'],
  ['sealedMode.proxy.connections', PROXY, 'takes no more connections at once than it may'],
  ['sealedMode.proxy.dial', 'libs/infrastructure/src/lib/egress/egress-process/attempt.ts', 'limits.dialMs'],
  ['sealedMode.proxy.drain', 'libs/infrastructure/src/lib/egress/egress-process/attempt-socket.ts', 'limits.drainMs'],
  ['sealedMode.proxy.resolvers', PROXY, 'resolves once'],
  ['sealedMode.proxy.*', PROXY, 'keeps the limits of a socket'],
  ['sealedMode.http.maxBody', HTTP, 'more bytes than are kept'],
  ['sealedMode.http.certificates', HTTP, 'certificates: [certificate.ca]'],
  [
    'sealedMode.http.timeout',
    'libs/infrastructure/src/lib/executors/http/http-exchange.ts',
    'headersTimeout: timeoutMs',
  ],
  ['sandbox.profile', ENVIRONMENT, "'%s is %s'"],
  ['sealedMode.wait', SEALED_E2E, 'ends a sealed run that waits in vain, with evidence, and starts nothing of it'],
  ['sealedMode.*', ENVIRONMENT, 'offers an open and a sealed environment'],
  ['sandbox.bubblewrap', SEALED_E2E, 'seals until the first start that fails, then refuses; open runs go on'],
  ['sandbox.probeInterval', 'apps/worker/src/loops.module.ts', 'sandbox.probeInterval'],
  ['sandbox.roots', 'libs/infrastructure/src/lib/sandbox/bwrap-sandbox.int-spec.ts', 'a further root'],
  ['sandbox.interpreters', 'libs/core/src/lib/planner/laws/plan-faults.spec.ts', 'SCRIPT_INTERPRETER'],
  ['sandbox.limits.memoryMiB', SIZES, 'defaults.memoryMiB'],
  ['sandbox.limits.workspaceMiB', SIZES, 'defaults.workspaceMiB'],
  ['sandbox.limits.maxProcesses', SIZES, 'defaults.maxProcesses'],
  ['sandbox.limits.maxFiles', SIZES, 'defaults.maxFiles'],
  ['sandbox.limits.tmpMiB', 'libs/infrastructure/src/lib/service/open-sandboxes.ts', 'limits.tmpMiB'],
  ['sandbox.limits.shmMiB', 'libs/infrastructure/src/lib/service/open-sandboxes.ts', 'limits.shmMiB'],
  ['sandbox.watchInterval', 'libs/infrastructure/src/lib/service/open-sandboxes.ts', 'watchMs: watchInterval'],
  ['sandbox.cgroup', 'libs/infrastructure/src/lib/service/open-sandboxes.ts', 'proveCgroup(cgroup)'],
  ['sandbox.workDirectory', DEV_FILE, 'workDirectory: directory.work'],
  ['secrets.maxBytes', 'libs/infrastructure/src/lib/secrets/secret-providers.ts', 'maxBytes'],
  [
    'secrets.deliveryFolder',
    'libs/infrastructure/src/lib/executors/builtin-executors.module.ts',
    'configuration.secrets.deliveryFolder',
  ],
  [
    'secrets.*',
    'apps/webservice-e2e/src/secrets.e2e-spec.ts',
    'a step sees them, and no surface does, in any spelling',
  ],
  ['keys.folder', DEV_FILE, 'keys: { folder: directory.keys }'],
  ['keys.*', ENVIRONMENT, 'keys lie in the folder, or where they are said to'],
  [
    'profile',
    'libs/infrastructure/src/lib/attestor/attestor.module.spec.ts',
    'with profile: production a worker that can read a key for runs does not start',
  ],
  ['attestor.retry', 'apps/worker/src/sealing.module.ts', 'configuration.attestor.retry'],
  ['attestor.timeout', 'libs/infrastructure/src/lib/attestor/attestor.module.ts', 'attestor.timeout'],
  ['attestor.caFile', 'libs/infrastructure/src/lib/attestor/attestor.module.ts', 'caFile: attestor.caFile'],
  ['attestor.*', 'apps/webservice-e2e/src/attestor.e2e-spec.ts', 'clientSecretFile'],
  ['worker.claimInterval', 'apps/worker/src/loops/claim-loop.ts', 'this.options.claimIntervalMs'],
  ['worker.snapshotEntries', 'apps/webservice-e2e/stack-profiles.mjs', 'snapshotEntries: 10'],
  ['worker.seals', 'apps/worker/src/loops.module.ts', 'atOnce: worker.seals'],
  [
    'worker.unreadyAfter',
    'apps/worker/src/loops/claim-loop.spec.ts',
    'that fail for as long as configured make the worker unready',
  ],
  [
    'worker.drain',
    'apps/webservice-e2e/src/long/rolling-restart.long-spec.ts',
    'leaves no step in needs_attention, and no request fails',
  ],
  ['worker.stopGrace', E2E, 'stopGraceMs: 1_000'],
  ['worker.slots', 'apps/webservice-e2e/stack-profiles.mjs', 'slots: 3'],
  [
    'worker.assignmentItems',
    'libs/core/src/lib/operations/driver/fan-out/fan-out.spec.ts',
    'at most so many as one assignment holds',
  ],
  ['worker.*', E2E, 'registers its worker as configured'],
  [
    'limits.messageCharacters',
    'libs/infrastructure/src/lib/configuration/environment-of.ts',
    'limits.messageCharacters',
  ],
  ['limits.logBytes', LOGS, 'keeps as much as configured, and says what it dropped'],
  ['limits.logRate', LOGS, 'keeps as much a second as configured'],
  ['limits.planMemory', PLANNING, 'ends with its thread what takes too much memory'],
  ['limits.planTime', PLANNING, 'ends with its thread what takes too long'],
  ['limits.planThreads', PLANNING, 'leaves a thread to others'],
  ['limits.planQueue', PLANNING, 'refuses what has no room to wait'],
  ['limits.profileWait', 'apps/worker/src/loops.module.ts', 'limits.profileWait'],
  ['limits.*', E2E, 'ends attempts and binds its defaults as configured'],
  [
    'telemetry.logLevel',
    'libs/infrastructure/src/lib/telemetry/json-log.spec.ts',
    'leaves out what is below its level',
  ],
  ['telemetry.headersFile', TELEMETRY, 'with the headers of a file'],
  ['telemetry.protocol', TELEMETRY, 'is JSON or protobuf'],
  ['telemetry.signals', TELEMETRY, 'of the signals that are configured'],
  ['telemetry.sampling', TELEMETRY, 'is sampled: %s'],
  ['telemetry.serviceName', TELEMETRY, "serviceName: 'mine'"],
  ['telemetry.queueSize', TELEMETRY, 'queueSize: 16'],
  ['telemetry.exportTimeout', TELEMETRY, 'never answers'],
  ['telemetry.*', TELEMETRY_E2E, 'is one trace from the request into the child process'],
];

const keys = listKeys(CONFIGURATION).map(([path]) => path.join('.'));

function fits(pattern: string, key: string): boolean {
  return pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern;
}

describe('every key of the configuration is in use', () => {
  it.each(keys)('%s', (key) => {
    const row = SHOWN.find(([pattern]) => fits(pattern, key));
    // Undefined: a new key. Add the test that shows its effect to SHOWN above.
    expect(row).toBeDefined();
    const [, file = '', text] = row ?? [];
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(text);
  });

  it.each(SHOWN.map(([pattern]) => pattern))('%s names a key', (pattern) =>
    expect(keys.some((key) => fits(pattern, key))).toBe(true),
  );

  // Nx uses a cached result if no declared input has changed.
  it('stands in files that are inputs of this test', () => {
    const project = readFileSync(join(ROOT, 'libs/infrastructure/project.json'), 'utf8');
    const { inputs } = (JSON.parse(project) as { targets: { test: { inputs: readonly unknown[] } } }).targets.test;
    const folders = inputs
      .filter((one) => typeof one === 'string')
      .map((one) => one.replace('{workspaceRoot}/', '').replace('**/*', ''));
    const files = SHOWN.map(([, file]) => file).filter((file) => file.startsWith('apps/'));
    expect(files.filter((file) => !folders.some((folder) => file.startsWith(folder)))).toEqual([]);
  });
});
