import { insecureEndpoint } from '@taskrunner/core/foundation';
import * as oauth from 'oauth4webapi';
import type { Settings } from '../settings';
import type { PendingSignIn } from './pending-sign-in';

/** Tokens of one person. They are only kept in memory. */
export interface Tokens {
  readonly access: string;
  /** Expiry, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Refresh token; null: the issuer sent none, so a new sign-in is needed when the access token expires. */
  readonly refresh: string | null;
  readonly identity: string | null;
}

/** Lifetime of a token whose issuer does not state one (RFC 6749 §5.1), seconds. */
const ASSUMED_SECONDS = 300;

/** Client of the issuer: authorization code with PKCE (RFC 7636), as a public client. */
export class Authority {
  private known: Promise<oauth.AuthorizationServer> | null = null;
  private readonly client: oauth.Client;
  private readonly options: { readonly [oauth.allowInsecureRequests]: boolean };

  constructor(
    private readonly settings: Settings,
    /** Redirect URI. */
    readonly redirectUri: string,
  ) {
    this.client = { client_id: settings.clientId };
    // The configuration accepts plain HTTP for the development Authority on loopback only.
    this.options = { [oauth.allowInsecureRequests]: settings.issuer.startsWith('http:') };
  }

  /** The address of a sign-in, and the values to keep for its response. `fresh`: the person must enter their credentials again. */
  async begin(path: string, fresh: boolean): Promise<{ readonly url: string; readonly pending: PendingSignIn }> {
    const { authorization_endpoint: endpoint } = await this.server();
    if (endpoint === undefined) throw new Error('the issuer has no authorization endpoint');
    const pending: PendingSignIn = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier: oauth.generateRandomCodeVerifier(),
      path,
    };
    const url = new URL(endpoint);
    const parameters: Readonly<Record<string, string>> = {
      client_id: this.settings.clientId,
      response_type: 'code',
      redirect_uri: this.redirectUri,
      scope: this.settings.scopes.join(' '),
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
      ...(this.settings.resource === null ? {} : { resource: this.settings.resource }),
      ...(fresh ? { prompt: 'login', max_age: '0' } : {}),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return { url: url.href, pending };
  }

  /** Exchanges the issuer's response for tokens. Throws if it is not the response to this sign-in. */
  async finish(answer: URL, pending: PendingSignIn): Promise<Tokens> {
    const server = await this.server();
    const parameters = oauth.validateAuthResponse(server, this.client, answer, pending.state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      this.client,
      oauth.None(),
      parameters,
      this.redirectUri,
      pending.verifier,
      this.withResource(),
    );
    const result = await oauth.processAuthorizationCodeResponse(server, this.client, response, {
      expectedNonce: pending.nonce,
      requireIdToken: this.settings.scopes.includes('openid'),
    });
    return tokensOf(result, null);
  }

  /** Requests new tokens with a refresh token. An issuer that rotates refresh tokens returns a new one. */
  async renew(refresh: string, before: Tokens): Promise<Tokens> {
    const server = await this.server();
    const response = await oauth.refreshTokenGrantRequest(
      server,
      this.client,
      oauth.None(),
      refresh,
      this.withResource(),
    );
    return tokensOf(await oauth.processRefreshTokenResponse(server, this.client, response), before);
  }

  /** Revokes the refresh token. Returns the address to end the session at the issuer, or null if the issuer has none. */
  async end({ refresh, identity }: Tokens): Promise<string | null> {
    const server = await this.server();
    if (refresh !== null && server.revocation_endpoint !== undefined) {
      const response = await oauth.revocationRequest(server, this.client, oauth.None(), refresh, this.options);
      await oauth.processRevocationResponse(response);
    }
    const { end_session_endpoint: endpoint } = server;
    if (endpoint === undefined) return null;
    const url = new URL(endpoint);
    url.searchParams.set('client_id', this.settings.clientId);
    url.searchParams.set('post_logout_redirect_uri', this.redirectUri);
    if (identity !== null) url.searchParams.set('id_token_hint', identity);
    return url.href;
  }

  private withResource() {
    const { resource } = this.settings;
    return resource === null
      ? this.options
      : { ...this.options, additionalParameters: new URLSearchParams({ resource }) };
  }

  private server(): Promise<oauth.AuthorizationServer> {
    this.known ??= this.discover().catch((error: unknown) => {
      this.known = null;
      throw error;
    });
    return this.known;
  }

  private async discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(this.settings.issuer);
    const response = await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...this.options });
    const server = await oauth.processDiscoveryResponse(issuer, response);
    // The browser goes to some of them, and would also execute a script that one names.
    const insecure = insecureEndpoint(this.settings.issuer, server);
    if (insecure !== null) throw new Error(`the issuer names an address that is not https as its ${insecure}`);
    return server;
  }
}

function tokensOf(result: oauth.TokenEndpointResponse, before: Tokens | null): Tokens {
  return {
    access: result.access_token,
    expiresAt: Date.now() + (result.expires_in ?? ASSUMED_SECONDS) * 1_000,
    refresh: result.refresh_token ?? before?.refresh ?? null,
    identity: result.id_token ?? before?.identity ?? null,
  };
}

/** True if the issuer has refused, so that a new sign-in is required. */
export function isRefused(error: unknown): boolean {
  return error instanceof oauth.ResponseBodyError && error.status < 500;
}
