import { setTimeout as delay } from 'node:timers/promises';
import { insecureEndpoint, isEndpoint, isSecureAddress } from '@taskrunner/core/foundation';
import { CliError } from '../terminal/cli-error';
import { safeLine } from '../terminal/safe-text';
import type { Session } from './context-file';

/** What a sign-in needs to know of an issuer. */
export interface IssuerFacts {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Resource indicator (RFC 8707) of the API; null: none is sent. */
  readonly resource: string | null;
}

/** What a person is shown to sign in on another device (RFC 8628). */
interface DeviceSignIn {
  readonly address: string;
  /** The same with the code; null: the issuer has none. */
  readonly completeAddress: string | null;
  readonly code: string;
}

/** The answer of a browser to the loopback address. */
export interface Redirect {
  /** `http://127.0.0.1:<port>/callback`. */
  readonly address: string;
  /** Resolves to the address with the answer of the issuer to the request with this state. */
  answerTo(state: string): Promise<URL>;
}

// An ES module, and only sign-ins need it.
const load = () => import('oauth4webapi');
type OAuth = Awaited<ReturnType<typeof load>>;
type AuthorizationServer = Awaited<ReturnType<OAuth['processDiscoveryResponse']>>;
type TokenAnswer = Awaited<ReturnType<OAuth['processRefreshTokenResponse']>>;

/** The life of a token whose issuer does not state one (RFC 6749 §5.1), seconds. */
const ASSUMED_SECONDS = 300;
/** Time for one answer of the issuer, milliseconds. */
const ANSWER_MS = 30_000;
const MOST_POLL_SECONDS = 60;

/** An OpenID Connect issuer, as a public client uses it. Errors are `CliError`s. */
export class Issuer {
  private constructor(
    private readonly oauth: OAuth,
    private readonly server: AuthorizationServer,
    private readonly facts: IssuerFacts,
  ) {}

  /**
   * Reads the discovery document. Throws `CLI_USAGE`, `CLI_ISSUER_UNREACHABLE`, `CLI_LOGIN_FAILED`, and `CLI_LOGIN_UNTRUSTED` if it names an
   * address that is not https.
   */
  static async discover(facts: IssuerFacts): Promise<Issuer> {
    if (!isSecureAddress(facts.issuer))
      throw new CliError(
        'CLI_USAGE',
        'the issuer must be an https URL',
        'Plain HTTP is accepted on loopback only. Correct --issuer.',
      );
    const url = new URL(facts.issuer);
    const oauth = await load();
    const options = {
      algorithm: 'oidc' as const,
      ...plain(oauth, facts),
      signal: () => AbortSignal.timeout(ANSWER_MS),
    };
    const server = await asked(facts.issuer, async () =>
      oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, options)),
    );
    const insecure = insecureEndpoint(facts.issuer, server);
    if (insecure !== null) throw insecureAddress(facts.issuer, insecure);
    return new Issuer(oauth, server, facts);
  }

  get hasDeviceFlow(): boolean {
    return this.server.device_authorization_endpoint !== undefined;
  }

  /** Signs in with a browser: authorization code with PKCE (RFC 7636) and a redirect to loopback (RFC 8252). */
  async signInByBrowser(redirect: Redirect, open: (address: string) => void): Promise<Session> {
    const { oauth, server, facts } = this;
    const client = { client_id: facts.clientId };
    const endpoint = server.authorization_endpoint;
    if (endpoint === undefined)
      throw new CliError('CLI_LOGIN_FAILED', 'the issuer has no authorization endpoint', 'Use --device.');
    const [state, nonce, verifier] = [
      oauth.generateRandomState(),
      oauth.generateRandomNonce(),
      oauth.generateRandomCodeVerifier(),
    ];
    const address = new URL(endpoint);
    const query = {
      client_id: facts.clientId,
      response_type: 'code',
      redirect_uri: redirect.address,
      scope: facts.scopes.join(' '),
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(facts.resource === null ? {} : { resource: facts.resource }),
    };
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
    const answered = redirect.answerTo(state);
    open(address.href);
    const answer = await answered;
    return asked(facts.issuer, async () => {
      const parameters = oauth.validateAuthResponse(server, client, answer, state);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        oauth.None(),
        parameters,
        redirect.address,
        verifier,
        this.options(),
      );
      const isOpenId = facts.scopes.includes('openid');
      return sessionOf(
        await oauth.processAuthorizationCodeResponse(server, client, response, {
          ...(isOpenId ? { expectedNonce: nonce } : {}),
          requireIdToken: isOpenId,
        }),
        null,
      );
    });
  }

  /** Signs in on another device. `show` gets what the person needs. Ends with `signal`. */
  async signInByDevice(show: (device: DeviceSignIn) => void, signal: AbortSignal): Promise<Session> {
    const { oauth, server, facts } = this;
    const client = { client_id: facts.clientId };
    if (!this.hasDeviceFlow)
      throw new CliError(
        'CLI_LOGIN_FAILED',
        `${facts.issuer} offers no sign-in on another device`,
        'Sign in with a browser on this machine, without --device.',
      );
    const started = await asked(facts.issuer, async () => {
      const parameters = {
        scope: facts.scopes.join(' '),
        ...(facts.resource === null ? {} : { resource: facts.resource }),
      };
      return oauth.processDeviceAuthorizationResponse(
        server,
        client,
        await oauth.deviceAuthorizationRequest(server, client, oauth.None(), parameters, this.options()),
      );
    });
    for (const name of ['verification_uri', 'verification_uri_complete'] as const) {
      const address = started[name];
      if (address !== undefined && !isEndpoint(facts.issuer, address)) throw insecureAddress(facts.issuer, name);
    }
    show({
      address: started.verification_uri,
      completeAddress: started.verification_uri_complete ?? null,
      code: started.user_code,
    });
    let seconds = Math.min(started.interval ?? 5, MOST_POLL_SECONDS);
    for (;;) {
      await delay(seconds * 1_000, undefined, { signal }).catch(() => {
        throw tooLate();
      });
      try {
        const response = await oauth.deviceCodeGrantRequest(
          server,
          client,
          oauth.None(),
          started.device_code,
          this.options(),
        );
        return sessionOf(await oauth.processDeviceCodeResponse(server, client, response), null);
      } catch (error) {
        const code = error instanceof oauth.ResponseBodyError ? error.error : null;
        if (code === 'slow_down') seconds = Math.min(seconds + 5, MOST_POLL_SECONDS);
        else if (code !== 'authorization_pending') throw failure(facts.issuer, error);
      }
    }
  }

  /** New tokens for a refresh token. Throws `CLI_LOGIN_EXPIRED` if the issuer refuses it. */
  async renew(refresh: string): Promise<Session> {
    const { oauth, server, facts } = this;
    const client = { client_id: facts.clientId };
    try {
      const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refresh, this.options());
      return sessionOf(await oauth.processRefreshTokenResponse(server, client, response), refresh);
    } catch (error) {
      if (error instanceof oauth.ResponseBodyError && error.status < 500) throw expired(error);
      throw failure(facts.issuer, error);
    }
  }

  /** Revokes a refresh token. False: the issuer offers no revocation. */
  async revoke(refresh: string): Promise<boolean> {
    const { oauth, server, facts } = this;
    if (server.revocation_endpoint === undefined) return false;
    const client = { client_id: facts.clientId };
    await asked(facts.issuer, async () =>
      oauth.processRevocationResponse(
        await oauth.revocationRequest(server, client, oauth.None(), refresh, this.options()),
      ),
    );
    return true;
  }

  private options() {
    const { resource } = this.facts;
    return {
      ...plain(this.oauth, this.facts),
      signal: () => AbortSignal.timeout(ANSWER_MS),
      ...(resource === null ? {} : { additionalParameters: new URLSearchParams({ resource }) }),
    };
  }
}

/** The sign-in is over, and only a new one helps. */
export function expired(cause: unknown = null): CliError {
  return new CliError('CLI_LOGIN_EXPIRED', 'the sign-in has ended', 'Sign in again with: taskrunner login', [], {
    cause,
  });
}

/** Nobody has signed in in time. */
export function tooLate(): CliError {
  return new CliError('CLI_LOGIN_FAILED', 'nobody has signed in in time', 'Try again, or raise --timeout.');
}

/** The issuer names an address that is not opened or asked. */
function insecureAddress(issuer: string, name: string): CliError {
  return new CliError(
    'CLI_LOGIN_UNTRUSTED',
    `${issuer} names an address that is not https as its ${name}`,
    'Plain HTTP is accepted on loopback only. Check the address of the issuer, or ask its operator.',
  );
}

function plain(oauth: OAuth, { issuer }: IssuerFacts) {
  // `discover` has accepted plain HTTP on loopback only.
  return { [oauth.allowInsecureRequests]: new URL(issuer).protocol === 'http:' };
}

async function asked<Value>(issuer: string, ask: () => Promise<Value>): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    throw CliError.is(error) ? error : failure(issuer, error);
  }
}

/** What went wrong at the issuer. Texts of it are shown, its tokens never. */
function failure(issuer: string, error: unknown): CliError {
  if (CliError.is(error)) return error;
  const { name, message, cause } = error as Error;
  if (name === 'TypeError' || name === 'TimeoutError') {
    const { message: reason } = (cause ?? error) as Error;
    const help = 'Check the address of the issuer, make sure that it can be reached, and try again.';
    return new CliError('CLI_ISSUER_UNREACHABLE', `${issuer} does not respond: ${safeLine(reason)}`, help, [], {
      cause: error,
    });
  }
  const { error: code, error_description: description } = error as { error?: unknown; error_description?: unknown };
  const said =
    typeof code === 'string' ? `${code}${typeof description === 'string' ? `: ${description}` : ''}` : message;
  return new CliError(
    'CLI_LOGIN_FAILED',
    // Texts of others, which are escaped where they enter.
    `${issuer} refused: ${safeLine(said)}`,
    'Check the issuer, the client id and the scopes, or ask the operator.',
    [],
    { cause: error },
  );
}

function sessionOf(answer: TokenAnswer, before: string | null): Session {
  return {
    access: answer.access_token,
    expiresAt: Date.now() + (answer.expires_in ?? ASSUMED_SECONDS) * 1_000,
    refresh: answer.refresh_token ?? before,
  };
}
