import type { SandboxChoice } from './sandbox-choice';
import { withSettings, type Settings } from './own-settings';
import type { StateDirectory } from './state-directory';

const SCOPES = ['packs.read', 'packs.run', 'packs.approve', 'packs.write', 'packs.admin'];

/** URLs of the database roles. They contain passwords. */
export interface DevDatabase {
  /** The superuser of the embedded server. */
  readonly adminUrl: string;
  readonly ownerUrl: string;
  readonly maintainUrl: string;
  readonly webUrl: string;
  readonly workerUrl: string;
}

/** Inputs of the stack's configuration. */
interface DevConfigurationFacts {
  readonly directory: StateDirectory;
  /** Keys of the section `database`. */
  readonly database: Readonly<Record<string, unknown>>;
  readonly issuer: string;
  readonly jwksUri: string;
  readonly audience: string;
  readonly apiPort: number;
  readonly sandbox: SandboxChoice;
  /** Entries of `approvals.actors`. */
  readonly actors: readonly string[];
  /** Settings of the user, which override those here or are added to them. */
  readonly own: Settings;
  /** Further keys by section, for tests. */
  readonly overrides: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The text of the configuration file: JSON, which is valid YAML. It is secret because it contains database passwords. */
export function printConfiguration(facts: DevConfigurationFacts): string {
  const { directory, database, issuer, jwksUri, audience, apiPort, sandbox, actors, own, overrides } = facts;
  const sections: Record<string, Record<string, unknown>> = {
    // There is no load balancer, and whoever stops the stack waits.
    http: { host: '127.0.0.1', port: apiPort, healthPort: 0, lameDuck: '0s', drain: '5s' },
    worker: { drain: '10s' },
    database: { ...database },
    authority: { development: true, issuers: [{ issuer, jwksUri, audience, kind: 'both', algorithms: ['ES256'] }] },
    // Every scope, so that each of its people finds what they may do.
    console: { enabled: true, issuer, scopes: ['openid', ...SCOPES] },
    artifacts: { root: directory.objects },
    approvals: { grants: ['role:sec-lead'], actors: actors.map((sub) => ({ iss: issuer, sub })) },
    sandbox: { profile: sandbox.profile, roots: sandbox.roots, workDirectory: directory.work },
    keys: { folder: directory.keys },
    // Packs under development are not signed yet.
    packsRegistry: { unsigned: 'run' },
  };
  for (const [name, keys] of Object.entries(overrides)) sections[name] = { ...sections[name], ...keys };
  return `${JSON.stringify(withSettings(sections, own), null, 2)}\n`;
}
