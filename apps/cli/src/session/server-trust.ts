import { isJsonObject, type Json } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';
import { safeLine } from '../terminal/safe-text';
import type { Terminal } from '../terminal/terminal';

// A server that is not the one that a person means can name the issuer of that one. The issuer is genuine, so the person signs in, and the
// server gets a token that the other one accepts. Therefore either the token is for this server only, or the person has chosen the issuer.

/**
 * True if a resource indicator (RFC 8707) is the URL of a server or below it. A server may state no other one (RFC 9728 §3.3), because it would
 * get tokens for somebody else.
 */
export function isResourceOf(resource: string, server: string): boolean {
  if (!URL.canParse(resource)) return false;
  const [stated, own] = [new URL(resource), new URL(server)];
  const isPlain = stated.username === '' && stated.password === '' && stated.search === '' && stated.hash === '';
  // `origin` is `null` for schemes without hosts, such as urn.
  const isSameOrigin = stated.origin === own.origin && own.origin !== 'null';
  return isPlain && isSameOrigin && folderOf(stated).startsWith(folderOf(own));
}

/**
 * True if a token says that it is for a resource. An issuer without resource indicators ignores the request for one, and an opaque token does
 * not say it. The server checks the signature; here the issuer is believed, which has sent the token.
 */
export function isTokenFor(access: string, resource: string): boolean {
  const claims = claimsOf(access);
  return isJsonObject(claims) && [claims['aud']].flat().includes(resource);
}

/** Who would get a token. */
interface SignInPlace {
  readonly issuer: string;
  readonly server: string;
}

/** Asks the person whether the server may have a token of the issuer. Throws `CLI_NOT_CONFIRMED`, and `CLI_LOGIN_UNTRUSTED` if nobody can be asked. */
export async function confirmIssuer(terminal: Terminal, { issuer, server }: SignInPlace): Promise<void> {
  const question = `Sign in at ${issuer} for the server ${server}? The server receives your token.`;
  const answer = await terminal.ask(`${safeLine(question)} [y/N] `);
  if (answer === null)
    throw new CliError(
      'CLI_LOGIN_UNTRUSTED',
      `only ${server} itself says that it may have a token of ${issuer}`,
      // Not its address, which the server has chosen and a shell would read.
      'If that is right, name the issuer with --issuer URL.',
    );
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new CliError('CLI_NOT_CONFIRMED', 'the sign-in was not confirmed', 'Nothing was sent to the server.');
}

function claimsOf(access: string): Json {
  try {
    return JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString()) as Json;
  } catch {
    return null;
  }
}

function folderOf({ pathname }: URL): string {
  return pathname.endsWith('/') ? pathname : `${pathname}/`;
}
