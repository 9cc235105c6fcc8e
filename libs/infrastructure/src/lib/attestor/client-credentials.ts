import type { Dispatcher } from 'undici';
import { request } from './answers';
import { AttestorError } from './attestor-error';

/** Credentials of a client (RFC 6749 §4.4). */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Resource indicator (RFC 8707). */
  readonly audience: string;
}

/** Time before its expiry at which a token is renewed, milliseconds. */
const MARGIN_MS = 30_000;

/** Access tokens of one client. A token is reused until shortly before its expiry. */
export class TokenSource {
  private held: { readonly token: string; readonly until: number } | null = null;
  private asking: Promise<string> | null = null;

  constructor(
    private readonly credentials: ClientCredentials,
    private readonly dispatcher: Dispatcher,
    private readonly timeoutMs: number,
  ) {}

  /** Returns a valid token. Throws `ATTESTOR_UNAVAILABLE` or `ATTESTOR_TOKEN_REFUSED`. */
  token(): Promise<string> {
    if (this.held && performance.now() < this.held.until) return Promise.resolve(this.held.token);
    return (this.asking ??= this.ask().finally(() => (this.asking = null)));
  }

  /** Discards the cached token after it was rejected. */
  forget(): void {
    this.held = null;
  }

  private async ask(): Promise<string> {
    const { tokenUrl, clientId, clientSecret, audience } = this.credentials;
    const encoded = [clientId, clientSecret].map(encodeURIComponent).join(':');
    const { status, body } = await request(tokenUrl, {
      dispatcher: this.dispatcher,
      timeoutMs: this.timeoutMs,
      headers: {
        authorization: `Basic ${Buffer.from(encoded).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }).toString(),
    });
    const { access_token: token, expires_in: seconds } = body;
    if (status !== 200 || typeof token !== 'string')
      throw new AttestorError(
        status >= 500 ? 'ATTESTOR_UNAVAILABLE' : 'ATTESTOR_TOKEN_REFUSED',
        `the token endpoint returned status ${status}`,
        'Check attestor.tokenUrl, clientId and clientSecretFile, and that this client may request the audience.',
      );
    this.held = { token, until: performance.now() + Number(seconds ?? 60) * 1_000 - MARGIN_MS };
    return token;
  }
}
