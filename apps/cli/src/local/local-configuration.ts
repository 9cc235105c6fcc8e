import { isSetting, parseConfiguration, type Configuration } from '@taskrunner/infrastructure/configuration';
import type { SandboxChoice } from '../dev/sandbox-choice';
import { CliError } from '../terminal/cli-error';
import { LOCAL_AUDIENCE, type LocalAuthority } from './local-authority';
import type { RunFolder } from './local-folder';

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables of what a local run sets itself, because its parts depend on it. */
const RESERVED =
  /^TASKRUNNER_(HTTP|DATABASE|AUTHORITY|KEYS|ATTESTOR|SCHEDULER|CONSOLE)_|^TASKRUNNER_(ARTIFACTS_ROOT|SANDBOX_WORK_DIRECTORY)$/;

/** Inputs of the configuration of a local run. */
interface LocalFacts {
  readonly folder: RunFolder;
  readonly socket: string;
  readonly authority: LocalAuthority;
  readonly keys: string;
  readonly sandbox: SandboxChoice;
  readonly grants: readonly string[];
  readonly isSealed: boolean;
}

/** True if the user has set something of sealed mode, such as that every run is sealed. */
function isSealedMode(variables: Variables): boolean {
  return Object.keys(variables).some((name) => name.startsWith('TASKRUNNER_SEALED_MODE_'));
}

/** The environment variables that set keys of the configuration. Throws `CLI_CONFIG` if one sets what a local run sets itself. */
export function localVariables(env: Variables): Variables {
  const variables = Object.fromEntries(Object.entries(env).filter(([name, value]) => value && isSetting(name)));
  const reserved = Object.keys(variables).filter((name) => RESERVED.test(name));
  if (reserved.length === 0) return variables;
  throw new CliError(
    'CLI_CONFIG',
    `${reserved.join(', ')} cannot be set for a run without a server, which sets it itself`,
    'Unset the variable, or run the pack on a server.',
  );
}

/** The configuration of the webservice and the worker of a local run. Throws `CLI_CONFIG`. */
export function localConfiguration(facts: LocalFacts, variables: Variables): Configuration {
  const { folder, socket, authority, keys, sandbox, grants, isSealed } = facts;
  const { issuer, jwksFile } = authority;
  const sections = {
    http: { socket, lameDuck: '0s', drain: '1s' },
    worker: { drain: '5s', lease: '5s', claimInterval: '50ms' },
    // The server is on this machine: if it is late, the machine is busy.
    database: { kind: 'file', folder: folder.storage, poolSize: 4, connectTimeout: '1m' },
    authority: {
      local: true,
      issuers: [{ issuer, jwksFile, audience: LOCAL_AUDIENCE, kind: 'people', algorithms: ['EdDSA'] }],
    },
    artifacts: { root: folder.objects },
    approvals: { grants },
    sandbox: { profile: sandbox.profile, roots: sandbox.roots, workDirectory: folder.work },
    // The worker of this process is the only one: a run that it cannot seal is refused at once.
    // Its sandbox is probed only if it is needed.
    sealedMode: { enabled: sandbox.profile === 'bwrap' && (isSealed || isSealedMode(variables)), wait: '1s' },
    keys: { folder: keys },
    // A pack of the person who runs it is not signed.
    packsRegistry: { unsigned: 'run' },
    scheduler: { enabled: false },
    telemetry: { logLevel: 'error' },
  };
  const reading = parseConfiguration(JSON.stringify(sections), variables, 'webservice');
  if (reading.kind === 'read') return reading.configuration;
  throw new CliError(
    'CLI_CONFIG',
    'the configuration of the run is invalid',
    'Correct the listed variables.',
    reading.faults,
  );
}
