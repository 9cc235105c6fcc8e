import type { Configuration, IssuerConfiguration } from './configuration';
import type { Notes } from './configuration-fault';

/** What single keys cannot show: values that do not go together. */
export function checkConfiguration(configuration: Configuration, notes: Notes): void {
  const { http, database, authority, approvals } = configuration;
  if (http.port === http.healthPort && http.port !== 0)
    notes.fault('CONFIG_CONFLICT', '/http/healthPort', 'http.healthPort and http.port must differ.');
  if (approvals.expiresAfter > approvals.floor.maxExpiresAfter)
    notes.fault(
      'CONFIG_CONFLICT',
      '/approvals/expiresAfter',
      'approvals.expiresAfter is longer than approvals.floor.maxExpiresAfter.',
    );
  if (database.embedded.dataDirectory !== null) checkEmbedded(database, notes);
  authority.issuers.forEach((issuer, index) =>
    checkIssuer(issuer, `/authority/issuers/${index}`, authority.development, notes),
  );
  checkNames(authority.issuers, notes);
  if (authority.development) checkDevelopment(configuration, notes);
  checkArtifacts(configuration, notes);
}

const MOST_PARTS = 10_000;
const LEAST_GRACE_MS = 10 * 60_000;

function checkArtifacts({ artifacts, database }: Configuration, notes: Notes): void {
  const { s3, store, maxBytes, uploads, grace } = artifacts;
  if (grace < LEAST_GRACE_MS && !database.allowUnsafe)
    notes.fault(
      'CONFIG_UNSAFE',
      '/artifacts/grace',
      'artifacts.grace must be 10m or more: an object would be deleted before its record is written.',
      'Write 10m or more; less works together with database.allowUnsafe only, for tests.',
    );
  if (uploads.maxBytes > uploads.tenantBytes)
    notes.fault(
      'CONFIG_CONFLICT',
      '/artifacts/uploads/maxBytes',
      'artifacts.uploads.maxBytes is more than artifacts.uploads.tenantBytes.',
    );
  if ((s3.accessKeyIdFile === null) !== (s3.secretAccessKeyFile === null))
    notes.fault('CONFIG_CONFLICT', '/artifacts/s3', 'Access key id and secret are files both, or neither.');
  if (s3.endpoint?.startsWith('http:') && !isLoopback(new URL(s3.endpoint).hostname))
    notes.fault('CONFIG_UNSAFE', '/artifacts/s3/endpoint', 'artifacts.s3.endpoint must be https.', 'Use https.');
  if (s3.prefix !== null && !/^([A-Za-z0-9][A-Za-z0-9._-]{0,63}\/){1,8}$/.test(s3.prefix))
    notes.fault('CONFIG_FORMAT', '/artifacts/s3/prefix', 'artifacts.s3.prefix must be names, each followed by /.');
  if (store !== 's3') return;
  if (s3.bucket === null) notes.fault('CONFIG_MISSING_KEY', '/artifacts/s3', 'With store: s3 a bucket must be named.');
  if (Math.max(maxBytes, uploads.maxBytes) > s3.partSize * MOST_PARTS)
    notes.fault(
      'CONFIG_CONFLICT',
      '/artifacts/s3/partSize',
      `An object of S3 has ${MOST_PARTS} parts at most; with these the largest artifact or upload would have more.`,
      'Raise artifacts.s3.partSize.',
    );
}

function checkEmbedded(database: Configuration['database'], notes: Notes): void {
  for (const name of ['ownerUrl', 'maintainUrl', 'webUrl', 'workerUrl', 'host'] as const)
    if (database[name] !== null)
      notes.fault(
        'CONFIG_CONFLICT',
        `/database/${name}`,
        `database.${name} and database.embedded.dataDirectory exclude each other.`,
      );
}

function checkIssuer(issuer: IssuerConfiguration, at: string, development: boolean, notes: Notes): void {
  const { jwksUri, jwksFile, algorithms } = issuer;
  if ((jwksUri === null) === (jwksFile === null))
    notes.fault('CONFIG_CONFLICT', at, 'An issuer has either jwksUri or jwksFile.', 'Write exactly one of the two.');
  if (jwksUri?.startsWith('http:') && !(development && isLoopback(new URL(jwksUri).hostname)))
    notes.fault(
      'CONFIG_UNSAFE',
      `${at}/jwksUri`,
      'jwksUri must be https.',
      'Use https; plain http works for the development Authority only.',
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
        'The same issuer is here twice.',
        'Keep one of the two.',
      );
  });
}

/** The development Authority gives anybody any name: nothing of it may be reached from elsewhere. */
function checkDevelopment({ http, authority }: Configuration, notes: Notes): void {
  const refuse = (at: string, what: string) =>
    notes.fault('CONFIG_UNSAFE', at, `With authority.development ${what} must be on loopback.`);
  if (!isLoopback(http.host)) refuse('/http/host', 'http.host');
  if (http.publicUrl !== null && !isLoopback(new URL(http.publicUrl).hostname))
    refuse('/http/publicUrl', 'http.publicUrl');
  authority.issuers.forEach(({ issuer }, index) => {
    if (!isLoopback(new URL(issuer).hostname)) refuse(`/authority/issuers/${index}/issuer`, 'every issuer');
  });
}

/** True for `localhost` and literal loopback addresses; other names are not looked up. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.test(host)
  );
}
