import { BrandedError } from '@taskrunner/core/foundation';
import { refusal } from './registry-error';
import { readObject } from './oci';

/** Address and settings of a registry. */
export interface HttpSetting {
  /** Scheme, host and port. A path before `/v2/` is not supported. */
  readonly origin: string;
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** Token endpoint, if it is not on the registry itself. Only exactly this URL is used. */
  readonly tokenRealm: string | null;
  /** Timeout of one exchange including its body, milliseconds. */
  readonly timeoutMs: number;
}

interface Exchange {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** A path of the registry, or a URL that it returned. */
  readonly target: string;
  /** Token scope, such as `repository:packs/demo:pull`. */
  readonly scope: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Maximum bytes of a response. */
  readonly maxBytes: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const HOPS = 3;
const TOKEN_BYTES = 64 * 1024;
const TOKEN_SECONDS = 60;
/** Maximum number of cached tokens, one per scope. */
const TOKENS = 1_000;

/**
 * HTTP client for exactly one registry. A redirect, an upload location or a token realm on another host is `REGISTRY_REFUSED`
 * (docs/guides/packs-registry.md), so that neither credentials nor packs are sent to a host that is not configured.
 */
export class RegistryHttp {
  private readonly tokens = new Map<string, { readonly header: string; readonly until: number }>();

  constructor(private readonly setting: HttpSetting) {}

  /** Performs one exchange, with a token if the registry requires one. Rejects with `REGISTRY_…` or `PACK_TOO_LARGE`. */
  async exchange(exchange: Exchange): Promise<Reply> {
    const known = this.tokens.get(exchange.scope);
    const first = await this.send(exchange, known && known.until > performance.now() ? known.header : null);
    if (first.status !== 401) return checked(first, exchange);
    const header = await this.authorize(first.headers.get('www-authenticate') ?? '', exchange.scope);
    const second = await this.send(exchange, header);
    if (second.status === 401) {
      this.tokens.delete(exchange.scope);
      throw refusal('REGISTRY_DENIED', `${this.setting.origin} does not accept the credentials`);
    }
    return checked(second, exchange);
  }

  /** Resolves a URL that the registry returned. Throws `REGISTRY_REFUSED` if it refers to another host. */
  resolve(supplied: string, what: string): URL {
    const url = URL.canParse(supplied, this.setting.origin) ? new URL(supplied, this.setting.origin) : null;
    if (url !== null && url.origin === this.setting.origin && url.username === '' && url.password === '') return url;
    throw refusal('REGISTRY_REFUSED', `${this.setting.origin} redirects ${what} to another host`);
  }

  private async send(exchange: Exchange, authorization: string | null): Promise<Reply> {
    let url = this.resolve(exchange.target, 'a request');
    for (let hop = 0; ; hop++) {
      const reply = await this.fetch(url, exchange, authorization);
      if (reply.status < 300 || reply.status > 399) return reply;
      if (hop === HOPS || !['GET', 'HEAD'].includes(exchange.method))
        throw refusal('REGISTRY_REFUSED', `${this.setting.origin} redirects in a loop`);
      url = this.resolve(reply.headers.get('location') ?? '', 'a redirect');
    }
  }

  private async fetch(url: URL, exchange: Exchange, authorization: string | null): Promise<Reply> {
    const { method, headers = {}, body, maxBytes } = exchange;
    const signal = AbortSignal.timeout(this.setting.timeoutMs);
    try {
      const response = await fetch(url, {
        method,
        headers: { ...headers, ...(authorization === null ? {} : { authorization }) },
        redirect: 'manual',
        signal,
        ...(body === undefined ? {} : { body: Buffer.from(body) }),
      });
      const { status } = response;
      return { status, headers: response.headers, body: await readBody(response, maxBytes) };
    } catch (error) {
      if (TooLong.is(error)) throw refusal('PACK_TOO_LARGE', `${url.pathname} has more than ${maxBytes} bytes`);
      const why = signal.aborted ? `within ${this.setting.timeoutMs} ms` : '';
      throw refusal('REGISTRY_UNAVAILABLE', `${this.setting.origin} does not respond ${why}`.trimEnd(), error);
    }
  }

  private async authorize(challenge: string, scope: string): Promise<string> {
    const { credentials, origin, tokenRealm } = this.setting;
    const basic =
      credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    if (/^basic\b/i.test(challenge)) {
      if (basic === null) throw refusal('REGISTRY_DENIED', `${origin} requires credentials`);
      this.tokens.set(scope, { header: basic, until: Infinity });
      return basic;
    }
    if (!/^bearer\b/i.test(challenge))
      throw refusal('REGISTRY_DENIED', `${origin} requires an unsupported type of credentials`);
    const parameters = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map((one) => [one[1] ?? '', one[2] ?? '']));
    const realm = parameters.get('realm') ?? '';
    const url = realm === tokenRealm ? new URL(realm) : this.resolve(realm, 'for a token');
    const service = parameters.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', parameters.get('scope') ?? scope);
    const reply = await this.fetch(url, { method: 'GET', target: '', scope, maxBytes: TOKEN_BYTES }, basic);
    if (reply.status !== 200) throw refusal('REGISTRY_DENIED', `${origin} returned no token (status ${reply.status})`);
    const { token, access_token: accessToken, expires_in: seconds } = readObject(reply.body);
    const text = typeof token === 'string' ? token : accessToken;
    if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text))
      throw refusal('REGISTRY_DENIED', `${origin} returned no token`);
    const header = `Bearer ${text}`;
    if (this.tokens.size >= TOKENS) this.tokens.clear();
    // Half of its lifetime, because the token must still be valid at the end of the exchange.
    const lifeMs = (typeof seconds === 'number' && seconds > 0 ? seconds : TOKEN_SECONDS) * 500;
    this.tokens.set(scope, { header, until: performance.now() + lifeMs });
    return header;
  }
}

/** Returns a successful or "not found" response, and throws for any other status. */
function checked(reply: Reply, { method, target }: Exchange): Reply {
  const { status } = reply;
  if (status < 300 || status === 404) return reply;
  const what = `${method} ${target.split('?', 1)[0] ?? ''} returned status ${status}`;
  if (status === 403) throw refusal('REGISTRY_DENIED', what);
  if (status === 429 || status >= 500) throw refusal('REGISTRY_UNAVAILABLE', what);
  throw refusal('REGISTRY_UNSUPPORTED', what);
}

class TooLong extends BrandedError {
  static {
    this.brand('TooLong');
  }
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > maxBytes) throw new TooLong();
    parts.push(part);
  }
  return Buffer.concat(parts, size);
}
