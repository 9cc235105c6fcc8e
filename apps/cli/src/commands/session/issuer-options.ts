import type { Command } from 'commander';

/** Options of commands that name an issuer. */
export interface IssuerOptions {
  readonly output: string;
  readonly server?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scope?: readonly string[];
  readonly resource?: string;
}

/** Adds the options of an issuer. */
export function withIssuer(command: Command): Command {
  return command
    .option(
      '--issuer <url>',
      'OpenID Connect issuer (default: the issuer of the context, then the issuer of the console of the server)',
    )
    .option('--client-id <id>', 'public client at the issuer (default: taskrunner-cli)')
    .option(
      '--scope <scope...>',
      'scopes to request (default: openid offline_access packs.read packs.run packs.approve)',
    )
    .option('--resource <uri>', 'resource indicator (RFC 8707) of the API, if the issuer needs one');
}
