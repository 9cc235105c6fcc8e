import { decideEgress, parseTarget } from '@taskrunner/core/egress';
import { isLoopbackHost, sameSubject } from '@taskrunner/core/foundation';
import { checkArtifacts } from './checks/check-artifacts';
import { checkDatabase, checkFolders, isOfWebservice } from './checks/check-database';
import { checkAuthorities, checkSocket } from './checks/check-authorities';
import { checkDestinations } from './checks/check-destinations';
import type { Configuration, IssuerConfiguration, WebhookConfiguration } from './configuration';
import { endpointRule } from './webhook-endpoints';
import type { Notes } from './configuration-fault';
import { checkPacksRegistry } from './checks/check-packs-registry';

/** The process that reads a configuration. `check` means every service for which the file has a database role. */
export type Reader = 'anybody' | 'webservice' | 'check';

/** Rules beyond single keys: values that contradict each other, and values that the reader requires. */
export function checkConfiguration(configuration: Configuration, notes: Notes, reader: Reader = 'anybody'): void {
  const { http, authority, approvals, scheduler, secrets } = configuration;
  if (http.port === http.healthPort && http.port !== 0)
    notes.fault('CONFIG_CONFLICT', '/http/healthPort', 'http.healthPort and http.port must differ.', undefined, [
      '/http/healthPort',
      '/http/port',
    ]);
  checkDatabase(configuration, notes);
  checkSocket(configuration, notes);
  checkBodies(configuration, notes);
  checkConsole(configuration, notes);
  if (configuration.sealedMode.required && !configuration.sealedMode.enabled)
    notes.fault(
      'CONFIG_CONFLICT',
      '/sealedMode/enabled',
      'sealedMode.required requires sealedMode.enabled; otherwise no run could start.',
    );
  if (approvals.expiresAfter > approvals.floor.maxExpiresAfter)
    notes.fault(
      'CONFIG_CONFLICT',
      '/approvals/expiresAfter',
      'approvals.expiresAfter must not exceed approvals.floor.maxExpiresAfter.',
      undefined,
      ['/approvals/expiresAfter', '/approvals/floor/maxExpiresAfter'],
    );
  if (scheduler.grace < scheduler.lease + scheduler.interval)
    notes.fault(
      'CONFIG_CONFLICT',
      '/scheduler/grace',
      'scheduler.grace must be at least the sum of scheduler.lease and scheduler.interval.',
      'Use a longer grace, so that a tick is still on time when another process takes it over.',
    );
  checkActors(configuration, notes);
  checkRetries(configuration, notes);
  checkRetention(configuration, notes);
  checkTelemetry(configuration, notes);
  authority.issuers.forEach((issuer, index) =>
    checkIssuer(issuer, `/authority/issuers/${index}`, authority.development, notes),
  );
  checkNames(authority.issuers, notes);
  configuration.webhooks.endpoints.forEach((_, index) => checkWebhook(configuration, index, notes));
  checkPacksRegistry(configuration.packsRegistry, notes);
  checkAuthorities(configuration, notes);
  checkArtifacts(configuration, notes);
  checkFolders(configuration, notes);
  checkDestinations(configuration, notes);
  checkAttestor(configuration, notes);
  checkSecrets(secrets, notes);
  checkContainer(configuration, notes);
  if (isForWebservice(configuration, reader)) checkWebservice(configuration, notes);
}

/** True if the reader is a webservice, or checks a file that has the database role of one. */
export function isForWebservice({ database }: Configuration, reader: Reader): boolean {
  return reader === 'webservice' || (reader === 'check' && isOfWebservice(database));
}

/** A worker can probe the machine. The webservice promises an environment to runs before a worker has it. */
function checkWebservice({ database, sandbox }: Configuration, notes: Notes): void {
  if (!isOfWebservice(database))
    notes.fault(
      'CONFIG_MISSING_KEY',
      '/database/webUrl',
      'No connection is configured for taskrunner_web.',
      'Set database.webUrl, or database.host and database.webPasswordFile.',
      ['/database/webUrl', '/database/host', '/database/webPasswordFile'],
    );
  if (sandbox.profile === 'auto')
    notes.fault(
      'CONFIG_CONFLICT',
      '/sandbox/profile',
      'sandbox.profile is auto, which the webservice cannot probe.',
      'Use bwrap or none, with the same value for the webservice and the workers.',
    );
}

/** The console signs people in at an issuer whose tokens the API accepts. */
function checkConsole({ console: { enabled, issuer }, authority }: Configuration, notes: Notes): void {
  if (!enabled) return;
  if (issuer === null)
    notes.fault(
      'CONFIG_MISSING_KEY',
      '/console/issuer',
      'console.enabled requires console.issuer.',
      'Set it to one of authority.issuers.',
      ['/console/enabled', '/console/issuer'],
    );
  else if (!authority.issuers.some((one) => one.issuer === issuer && one.kind !== 'clients'))
    notes.fault(
      'CONFIG_CONFLICT',
      '/console/issuer',
      'console.issuer is not an issuer of people in authority.issuers, so the API would refuse its tokens.',
      'Add it to authority.issuers with the kind people or both, or correct it.',
      ['/console/issuer', '/authority/issuers'],
    );
}

/** The largest body must have room; otherwise it would always be refused. */
function checkBodies({ http: { bodyLimit, bodies } }: Configuration, notes: Notes): void {
  if (bodies.tenantMemory < bodyLimit)
    notes.fault(
      'CONFIG_CONFLICT',
      '/http/bodies/tenantMemory',
      'http.bodies.tenantMemory must be at least http.bodyLimit; otherwise the largest body would always be refused.',
      'Use at least the size of one body.',
      ['/http/bodies/tenantMemory', '/http/bodyLimit'],
    );
  if (bodies.memory < bodies.tenantMemory)
    notes.fault(
      'CONFIG_CONFLICT',
      '/http/bodies/memory',
      'http.bodies.memory must be at least http.bodies.tenantMemory.',
      'Use at least the limit of one tenant.',
      ['/http/bodies/memory', '/http/bodies/tenantMemory'],
    );
}

/** A program that acts for people must not count as a person. */
function checkActors({ approvals: { actors, people } }: Configuration, notes: Notes): void {
  actors.forEach((actor, index) => {
    const at = `/approvals/actors/${index}`;
    if (actors.findIndex((other) => sameSubject(other, actor)) !== index)
      notes.fault('CONFIG_CONFLICT', at, 'The same program is listed twice.', 'Remove one of the two entries.');
    if (people.some((person) => sameSubject(person, actor)))
      notes.fault(
        'CONFIG_CONFLICT',
        at,
        'approvals.people lists the same subject.',
        'Keep it in approvals.people if it is a person, otherwise in approvals.actors.',
      );
  });
}

function checkSecrets({ providers, bindings }: Configuration['secrets'], notes: Notes): void {
  providers.forEach(({ id, kind, folder }, index) => {
    const at = `/secrets/providers/${index}`;
    if (providers.findIndex((other) => other.id === id) !== index)
      notes.fault(
        'CONFIG_CONFLICT',
        `${at}/id`,
        'The same provider is listed twice.',
        'Remove one of the two entries.',
      );
    if ((kind === 'file') !== (folder !== null))
      notes.fault(
        'CONFIG_CONFLICT',
        at,
        'A provider of kind file must have a folder; other providers must not.',
        'Set its folder.',
      );
  });
  bindings.forEach(({ provider }, index) => {
    if (!providers.some(({ id }) => id === provider))
      notes.fault(
        'CONFIG_CONFLICT',
        `/secrets/bindings/${index}/provider`,
        `The provider ${provider} does not exist.`,
        'Add it to secrets.providers, or correct its id.',
      );
  });
}

function checkContainer({ container: { engine, kubernetes } }: Configuration, notes: Notes): void {
  if (engine === 'kubernetes' && kubernetes.workClaim === null)
    notes.fault(
      'CONFIG_CONFLICT',
      '/container/kubernetes/workClaim',
      'container.engine: kubernetes requires container.kubernetes.workClaim.',
      'Set the PersistentVolumeClaim of the volume that the worker and the Jobs share.',
    );
  if ((kubernetes.ownerPod === null) !== (kubernetes.ownerPodUid === null))
    notes.fault(
      'CONFIG_CONFLICT',
      '/container/kubernetes/ownerPodUid',
      'container.kubernetes.ownerPod and ownerPodUid must be set together.',
    );
}

function checkAttestor({ attestor, profile }: Configuration, notes: Notes): void {
  const { url, tokenUrl } = attestor;
  if (url === null) {
    if (profile === 'production')
      notes.fault('CONFIG_CONFLICT', '/attestor/url', 'With profile: production a remote Attestor must sign.');
    return;
  }
  for (const name of ['tokenUrl', 'clientId', 'clientSecretFile'] as const)
    if (attestor[name] === null)
      notes.fault('CONFIG_CONFLICT', `/attestor/${name}`, `attestor.url requires attestor.${name}.`, undefined, [
        `/attestor/${name}`,
        '/attestor/url',
      ]);
  for (const [name, value] of Object.entries({ url, tokenUrl }))
    if (value?.startsWith('http:') && !isLoopbackHost(new URL(value).hostname))
      notes.fault('CONFIG_UNSAFE', `/attestor/${name}`, `attestor.${name} must be https, or on loopback.`);
}

/** Evidence must not be deleted before the run's other data. */
function checkRetention({ retention }: Configuration, notes: Notes): void {
  const places = ['/retention/evidence', '/retention/runs'];
  if (retention.evidence < retention.runs)
    notes.fault(
      'CONFIG_CONFLICT',
      '/retention/evidence',
      'retention.evidence must be at least retention.runs.',
      undefined,
      places,
    );
  retention.tenants.forEach(({ tenant, runs, evidence }, index) => {
    const at = `/retention/tenants/${index}`;
    if (retention.tenants.findIndex((other) => other.tenant === tenant) !== index)
      notes.fault('CONFIG_CONFLICT', at, `The tenant ${tenant} is listed twice.`, 'Remove one of the two entries.');
    if ((evidence ?? retention.evidence) < (runs ?? retention.runs))
      notes.fault('CONFIG_CONFLICT', at, `The evidence of the tenant ${tenant} would be deleted before its runs.`);
  });
}

function checkRetries({ retries }: Configuration, notes: Notes): void {
  for (const name of ['maxAttempts', 'maxBackoff'] as const) {
    if (retries[name] <= retries.cap[name]) continue;
    const places = [`/retries/${name}`, `/retries/cap/${name}`];
    notes.fault(
      'CONFIG_CONFLICT',
      `/retries/${name}`,
      `retries.${name} must not exceed retries.cap.${name}.`,
      undefined,
      places,
    );
  }
}

/** A header of a receiver is a credential, so it is sent only over encrypted connections. */
function checkTelemetry({ telemetry: { endpoint, headersFile } }: Configuration, notes: Notes): void {
  if (headersFile === null || endpoint === null || !endpoint.startsWith('http:')) return;
  if (isLoopbackHost(new URL(endpoint).hostname)) return;
  notes.fault(
    'CONFIG_UNSAFE',
    '/telemetry/endpoint',
    'With telemetry.headersFile the endpoint must be https or on loopback.',
    'Use https, or remove the headers.',
    ['/telemetry/endpoint', '/telemetry/headersFile'],
  );
}

function checkIssuer(issuer: IssuerConfiguration, at: string, development: boolean, notes: Notes): void {
  const { jwksUri, jwksFile, algorithms } = issuer;
  if ((jwksUri === null) === (jwksFile === null))
    notes.fault(
      'CONFIG_CONFLICT',
      at,
      'An issuer must have either jwksUri or jwksFile.',
      'Set exactly one of the two.',
      [`${at}/jwksUri`, `${at}/jwksFile`],
    );
  if (jwksUri?.startsWith('http:') && !(development && isLoopbackHost(new URL(jwksUri).hostname)))
    notes.fault(
      'CONFIG_UNSAFE',
      `${at}/jwksUri`,
      'jwksUri must be https.',
      'Use https. Plain http is allowed only for the development Authority.',
    );
  if (algorithms.length === 0)
    notes.fault('CONFIG_RANGE', `${at}/algorithms`, 'An issuer must have at least one algorithm.');
}

function checkNames(issuers: readonly IssuerConfiguration[], notes: Notes): void {
  issuers.forEach(({ issuer }, index) => {
    if (issuers.findIndex((other) => other.issuer === issuer) !== index)
      notes.fault(
        'CONFIG_CONFLICT',
        `/authority/issuers/${index}/issuer`,
        'The same issuer is listed twice.',
        'Remove one of the two entries.',
      );
  });
}

/** Private addresses must be named explicitly. A tenant is notified of each event once per URL. */
function checkWebhook(
  { webhooks: { endpoints, firstRetry, longestRetry } }: Configuration,
  index: number,
  notes: Notes,
): void {
  const endpoint = endpoints[index];
  if (!endpoint) return;
  const at = `/webhooks/endpoints/${index}`;
  const rule = endpointRule(endpoint);
  const target = parseTarget(endpoint.url);
  if (rule === null || target === null)
    notes.fault(
      'CONFIG_FORMAT',
      at,
      'url or cidr is not valid. The address bits after the prefix of a cidr must be zero, as in 10.1.0.0/16.',
    );
  else if (!decideEgress([rule], target).allowed)
    notes.fault(
      'CONFIG_UNSAFE',
      `${at}/url`,
      'The address is private or outside cidr.',
      'Set cidr to the address range that contains it.',
    );
  if (endpoint.cidr === null && endpoint.url.startsWith('http:'))
    notes.fault('CONFIG_UNSAFE', `${at}/url`, 'url must be https.', 'Use https. Plain http is allowed only with cidr.');
  const same = ({ tenant, url }: WebhookConfiguration): boolean => tenant === endpoint.tenant && url === endpoint.url;
  if (endpoints.findIndex(same) !== index)
    notes.fault('CONFIG_CONFLICT', at, 'The same endpoint is listed twice.', 'Remove one of the two entries.');
  if (index === 0 && firstRetry > longestRetry)
    notes.fault(
      'CONFIG_CONFLICT',
      '/webhooks/longestRetry',
      'webhooks.longestRetry must be at least webhooks.firstRetry.',
    );
}
