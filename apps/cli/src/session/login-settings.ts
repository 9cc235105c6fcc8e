import { readConsole, type ConsoleAnswer } from '../server/console-page';
import { CliError } from '../terminal/cli-error';
import { safeLine } from '../terminal/safe-text';
import type { NamedContext } from './contexts';
import type { IssuerFacts } from './issuer';
import { isResourceOf } from './server-trust';

/** The client of the command line at an issuer, unless another one is named. */
const CLIENT_ID = 'taskrunner-cli';
/** `offline_access`: many issuers give a refresh token only with it. */
const SCOPES = ['openid', 'offline_access', 'packs.read', 'packs.run', 'packs.approve'];

/** What a person has stated about a sign-in. */
interface StatedLogin {
  readonly issuer?: string | undefined;
  readonly clientId?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly resource?: string | undefined;
}

/** A sign-in, with the reason why the server may get its token. */
interface LoginSettings {
  readonly facts: IssuerFacts;
  /** The person has chosen the issuer; or the token is for a resource of the server; or only the server says so. */
  readonly trust: 'chosen' | 'resource' | 'server';
}

/**
 * The issuer of a server: as stated, else as the context has it, else as the console of the server does. Throws `CLI_LOGIN_UNKNOWN` if the
 * server serves no console, and `CLI_LOGIN_UNTRUSTED` if it states a resource that is not its own.
 */
export async function loginSettings(context: NamedContext, stated: StatedLogin): Promise<LoginSettings> {
  const clientId = stated.clientId ?? context.clientId ?? CLIENT_ID;
  const scopes = stated.scopes ?? context.scopes ?? SCOPES;
  const issuer = stated.issuer ?? context.issuer;
  if (issuer !== null) {
    const { resource = issuer === context.issuer ? context.resource : null } = stated;
    return { facts: { issuer, clientId, scopes, resource }, trust: 'chosen' };
  }
  const found = await settingsOf(context.server);
  if (found.resource !== null && !isResourceOf(found.resource, context.server))
    throw new CliError(
      'CLI_LOGIN_UNTRUSTED',
      `${context.server} states the resource ${safeLine(found.resource)}, which is not its own`,
      'If the address of the server is right, name the issuer with --issuer URL, and the resource with --resource URI if the issuer needs one.',
    );
  const { resource = found.resource } = stated;
  const isTied = resource !== null && isResourceOf(resource, context.server);
  return { facts: { issuer: found.issuer, clientId, scopes, resource }, trust: isTied ? 'resource' : 'server' };
}

interface ConsoleSettings {
  readonly issuer: string;
  readonly resource: string | null;
}

/** The settings that the server writes into the page of its console. */
async function settingsOf(server: string): Promise<ConsoleSettings> {
  const answer = await readConsole(server);
  const block = /<script[^>]*\bid="settings"[^>]*>([^<]*)<\/script>/.exec(answer.page ?? '')?.[1];
  try {
    const { issuer, resource } = JSON.parse(block ?? '') as { issuer?: unknown; resource?: unknown };
    if (typeof issuer === 'string') return { issuer, resource: typeof resource === 'string' ? resource : null };
  } catch {
    // Reported below, as the answer of any other server is.
  }
  throw unknownIssuer(server, answer);
}

const BUILD = 'Build it with `npx nx build console` and try again, or name the issuer with --issuer URL.';
const NAME = 'Name the issuer with --issuer URL, and the client with --client-id if it is not taskrunner-cli.';

function unknownIssuer(server: string, answer: ConsoleAnswer): CliError {
  const refusal = answer.page === null ? answer.refusal : null;
  if (refusal === 'CONSOLE_NOT_BUILT')
    return new CliError('CLI_LOGIN_UNKNOWN', `the console of ${server}, which names the issuer, is not built`, BUILD);
  if (refusal === 'CONSOLE_DISABLED')
    return new CliError('CLI_LOGIN_UNKNOWN', `the console of ${server}, which names the issuer, is disabled`, NAME);
  return new CliError('CLI_LOGIN_UNKNOWN', `${server} serves no console that names its issuer`, NAME);
}
