const BUILDERS = 'https://stellaops.io/taskrunner/builders/';

/**
 * The Authority of an installation: who issues the tokens of its people. `development` issues them to everyone on the machine. `local` is the account that
 * ran `taskrunner run` without a server.
 */
export type AuthorityKind = 'configured' | 'development' | 'local';

/** An Authority whose evidence fails verification unless the verifier accepts it by an option. */
export interface RestrictedAuthority {
  readonly builder: string;
  /** The option of `verify` and `inspect`. */
  readonly option: '--allow-dev' | '--allow-local';
  /** In the reason of a failed check. */
  readonly noun: string;
  /** In the last line of a verification. */
  readonly keys: string;
  /** Does the caller of the verification accept it? */
  readonly isAccepted: (accepted: AcceptedAuthorities) => boolean;
}

/** The Authorities that a verification accepts besides configured ones. */
export interface AcceptedAuthorities {
  /** Accepts evidence that was made under the development Authority. */
  readonly allowDev?: boolean | undefined;
  /** Accepts evidence of a run without a server, which was made under the local Authority of one account. */
  readonly allowLocal?: boolean | undefined;
}

const RESTRICTED: Readonly<Record<Exclude<AuthorityKind, 'configured'>, RestrictedAuthority>> = {
  development: {
    builder: `${BUILDERS}dev/v1`,
    option: '--allow-dev',
    noun: 'the development Authority',
    keys: 'DEVELOPMENT KEYS',
    isAccepted: ({ allowDev }) => allowDev === true,
  },
  local: {
    builder: `${BUILDERS}local-authority/v1`,
    option: '--allow-local',
    noun: 'a local Authority',
    keys: 'LOCAL KEYS',
    isAccepted: ({ allowLocal }) => allowLocal === true,
  },
};

/**
 * The builder id of a run (docs/guides/evidence-and-verification.md, Signers): `dev` under the development Authority, `local-authority` under a local one,
 * else `local` if a key file signs, else `host-network` if steps share the host's network, else the mode. The key's usage follows the mode alone.
 */
export function builderIdOf(environment: {
  readonly authority: AuthorityKind;
  readonly keyFile: boolean;
  readonly hostNetwork: boolean;
  readonly mode: 'open' | 'sealed';
}): string {
  const { authority, keyFile, hostNetwork, mode } = environment;
  if (authority !== 'configured') return RESTRICTED[authority].builder;
  const name = keyFile ? 'local' : hostNetwork ? 'host-network' : mode;
  return `${BUILDERS}${name}/v1`;
}

/** The restricted Authority under which a builder id says that a run was made; null: it was a configured one. */
export function restrictedAuthorityOf(builder: string): RestrictedAuthority | null {
  return Object.values(RESTRICTED).find((one) => one.builder === builder) ?? null;
}

/** True unless the builder id names a mode that is not the run's. */
export function builderFits(builder: string, mode: 'open' | 'sealed'): boolean {
  return builder !== `${BUILDERS}${mode === 'sealed' ? 'open' : 'sealed'}/v1`;
}
