import {
  databaseUrl,
  duration,
  flag,
  httpUrl,
  list,
  listOf,
  name,
  number,
  oneOf,
  path,
  port,
  secretFile,
  size,
  text,
} from './kinds';
import { key, needed, section, unset, type ValueOf } from './key';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Signature algorithms that an issuer may use (RFC 7518, RFC 8037); `none` and shared keys are not among them. */
const algorithm = oneOf('EdDSA', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512');

const issuer = {
  issuer: needed(httpUrl, 'https://id.example.org', 'Exactly the `iss` of its tokens.'),
  jwksUri: unset(httpUrl, 'Where its keys are; https. Either this or jwksFile.'),
  jwksFile: unset(path, 'Its keys in a file, for machines without a way out.'),
  audience: key(text, 'taskrunner', 'The `aud` that its tokens must have.'),
  kind: key(
    oneOf('both', 'people', 'clients'),
    'both',
    'Whose tokens it issues; only people decide at gates.',
    'people | clients | both',
  ),
  algorithms: key(list(algorithm), ['EdDSA', 'ES256', 'RS256'], 'Signature algorithms that are accepted.'),
};

/**
 * Every key that there is: the parser, the environment variables, the sample and the description come from this one table.
 * Sections and names as README.md §5 of the design; keys are added with what they configure.
 */
export const CONFIGURATION = {
  http: section('The HTTP API and the console.', {
    host: key(text, '127.0.0.1', 'Address to listen on.'),
    port: key(port, 8_080, 'Port of the API; 0 takes a free one.'),
    healthPort: key(port, 8_081, 'Port of health and metrics; 0 takes a free one.'),
    publicUrl: unset(httpUrl, 'How others reach the API; null: http://<host>:<port>.'),
    bodyLimit: key(size(64 * 1024, 256 * MIB), 24 * MIB, 'Largest request body.', 'bytes (KiB, MiB, GiB)'),
  }),
  database: section(
    'PostgreSQL 15 to 18. Each process needs the URL of its own role, or host and the password file of that role.',
    {
      ownerUrl: unset(databaseUrl, 'Role taskrunner_owner: migrations only.'),
      maintainUrl: unset(databaseUrl, 'Role taskrunner_maintain: partitions and retention.'),
      webUrl: unset(databaseUrl, 'Role taskrunner_web: the webservice.'),
      workerUrl: unset(databaseUrl, 'Role taskrunner_worker: the worker.'),
      host: unset(text, 'Host or socket folder, where no URL is given.'),
      port: key(number(1, 65_535), 5_432, 'Port, where no URL is given.'),
      name: key(text, 'taskrunner', 'Database, where no URL is given.'),
      ownerPasswordFile: unset(secretFile, 'File with the password of taskrunner_owner.'),
      maintainPasswordFile: unset(secretFile, 'File with the password of taskrunner_maintain.'),
      webPasswordFile: unset(secretFile, 'File with the password of taskrunner_web.'),
      workerPasswordFile: unset(secretFile, 'File with the password of taskrunner_worker.'),
      poolSize: key(number(1, 1_000), 8, 'Connections of one process for ordinary questions.', 'connections'),
      statementTimeout: key(duration(SECOND, HOUR), 30 * SECOND, 'Longest time one statement may take.', 'ms, s, m, h'),
      allowUnsafe: key(flag, false, 'Accepts a server that may lose acknowledged commits: for tests only.'),
      embedded: section('The database of `taskrunner dev`: a PostgreSQL of our own.', {
        dataDirectory: unset(path, 'Its folder; null: no embedded database.'),
      }),
    },
  ),
  authority: section('Who issues tokens, and how they are read.', {
    issuers: key(listOf(issuer), [], 'Trusted issuers; none: nobody gets in.'),
    claims: section('Claims of the tokens.', {
      tenant: key(text, 'tenant', 'The tenant.'),
      grants: key(text, 'grants', 'Grants, such as role:sec-lead.'),
      name: key(text, 'name', 'The name, for people to read.'),
    }),
    development: key(flag, false, 'Accepts the development Authority. Everything must be on loopback.'),
  }),
  artifacts: section('Where bytes are kept: artifacts, pack files, bundles.', {
    root: key(path, '/var/lib/taskrunner/objects', 'Folder of the object store.'),
    maxBytes: key(size(MIB, 1024 * GIB), GIB, 'Largest artifact.', 'bytes (KiB, MiB, GiB)'),
  }),
  approvals: section('Gates.', {
    floor: section('What every approval must meet, whatever the pack says.', {
      minApprovals: key(number(1, 100), 1, 'Fewest distinct people.', 'people'),
      selfApproval: key(flag, false, 'May an initiator of the run decide, where the pack allows it too?'),
      maxExpiresAfter: key(duration(MINUTE, 365 * DAY), 7 * DAY, 'Longest time to decide.', 's, m, h, d'),
      maxAuthAge: unset(
        duration(MINUTE, 365 * DAY),
        'Oldest sign-in of a person who decides; null: any.',
        's, m, h, d',
      ),
      proof: key(oneOf('service', 'token', 'key'), 'service', 'What must prove the person.', 'service | token | key'),
    }),
    expiresAfter: key(duration(MINUTE, 365 * DAY), DAY, 'Time to decide, where the pack says nothing.', 's, m, h, d'),
    executeWithin: key(
      duration(MINUTE, 365 * DAY),
      DAY,
      'Time to start what was approved, where the pack says nothing.',
      's, m, h, d',
    ),
    grants: key(list(name), [], 'Grants that packs may ask for; others are faults of the pack.'),
  }),
  sandbox: section('How steps are kept apart.', {
    profile: key(
      oneOf('auto', 'bwrap', 'none'),
      'auto',
      'auto: bubblewrap where the probe succeeds, else none.',
      'auto | bwrap | none',
    ),
    roots: key(list(path), [], 'Further exact paths that steps see, read-only; their bin folders join the PATH.'),
    interpreters: key(list(name), ['sh', 'bash', 'python3', 'node'], 'What builtin:script may start.'),
    limits: section('What a step may use, where the pack says nothing.', {
      memoryMiB: key(number(64, 1_048_576), 4_096, 'Memory of each of its processes.', 'MiB'),
      maxProcesses: key(number(16, 65_536), 512, 'Processes and threads.', 'processes'),
      workspaceMiB: key(
        number(1, 1_048_576),
        1_024,
        'Size of a file in the workspace, and of all its artifacts.',
        'MiB',
      ),
    }),
    workDirectory: key(path, '/var/lib/taskrunner/work', 'Folder of the workspaces; emptied at start.'),
  }),
  keys: section('Private keys in files of mode 0600. Each process needs its own only.', {
    folder: key(path, '/etc/taskrunner/keys', 'Where a key lies that has no path of its own below.'),
    admission: unset(secretFile, 'Webservice: signs admissions; null: <folder>/admission.pem.'),
    ledger: unset(secretFile, 'Webservice: signs decisions; null: <folder>/ledger.pem.'),
    runOpen: unset(secretFile, 'Worker: signs statements of open runs; null: <folder>/run-open.pem.'),
    bundle: unset(secretFile, 'Worker: signs bundles; null: <folder>/bundle.pem.'),
    journalMac: unset(secretFile, 'Worker: HMAC key of the journal; null: <folder>/journal-mac.key.'),
    admissionPublic: key(list(path), [], 'Worker: public keys of admissions; []: <folder>/admission.pub.pem.'),
    ledgerPublic: key(list(path), [], 'Worker: public keys of decisions; []: <folder>/ledger.pub.pem.'),
  }),
  worker: section('Workers.', {
    name: unset(name, 'Its name in lists; null: the name of the host.'),
    concurrency: key(number(1, 10_000), 100, 'Runs driven at once.', 'runs'),
    claimInterval: key(duration(10, MINUTE), 500, 'Pause between claims when idle.', 'ms, s'),
    lease: key(
      duration(2 * SECOND, 5 * MINUTE),
      8 * SECOND,
      'How long a worker that stops answering keeps its runs.',
      's, m',
    ),
    labels: key(list(name), [], 'Labels that steps may ask for (`workers`).'),
    stopGrace: key(duration(0, HOUR), 10 * SECOND, 'Between SIGTERM and SIGKILL when a step is stopped.', 'ms, s, m'),
  }),
  limits: section('Of every run, where the pack says nothing. A run keeps those of its admission.', {
    attemptTimeout: key(duration(SECOND, 365 * DAY), HOUR, 'One attempt of a step.', 's, m, h, d'),
    runTimeout: key(
      duration(SECOND, 365 * DAY),
      7 * DAY,
      'The run, without its waiting at approval gates.',
      's, m, h, d',
    ),
    cleanupTimeout: key(
      duration(SECOND, DAY),
      5 * MINUTE,
      'Steps with runOn: always after a cancel or timeout.',
      's, m, h',
    ),
    maxParallel: key(number(1, 100_000), 16, 'Children of a map under way at once.', 'children'),
  }),
  telemetry: section('What the processes say.', {
    logLevel: key(
      oneOf('info', 'trace', 'debug', 'warn', 'error'),
      'info',
      'Least level that is logged.',
      'trace | debug | info | warn | error',
    ),
  }),
};

/** The configuration of one installation: durations are milliseconds, sizes bytes. */
export type Configuration = ValueOf<typeof CONFIGURATION>;
/** A trusted issuer of tokens. */
export type IssuerConfiguration = Configuration['authority']['issuers'][number];
