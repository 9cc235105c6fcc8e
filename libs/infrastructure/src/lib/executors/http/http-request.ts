import { canonical } from '@taskrunner/core/canonical';
import { parseWholeTarget, type Target } from '@taskrunner/core/egress';
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '@taskrunner/core/foundation';
import { CARRYING_HEADERS } from '@taskrunner/core/planner';
import type { ExecutionRequest } from '@taskrunner/core/ports';
import { SecretError } from '@taskrunner/core/secret';
import { refusal } from '../step/executor-error';
import { secretText } from '../step/secret-text';

/** A request as it will be sent. */
export interface HttpRequest {
  readonly method: string;
  /** Without a fragment. */
  readonly url: string;
  readonly target: Target;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string | readonly string[] };
  readonly body: string | null;
}

const AGENT = 'taskrunner';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Reads the bound parameters of an http step. Throws `WITH_INVALID` or `HTTP_URL_INVALID`. Messages never contain a value. */
export function httpRequestOf({
  with: parameters,
  key,
  secrets,
}: Pick<ExecutionRequest, 'with' | 'key' | 'secrets'>): HttpRequest {
  const { method = 'GET', url, query = {}, headers = {} } = parameters;
  if (typeof method !== 'string' || typeof url !== 'string') throw refusal('WITH_INVALID', 'with.method and with.url must be texts'); // prettier-ignore
  const whole = withQuery(url, query);
  const target = parseWholeTarget(whole);
  if (target === null)
    throw refusal('HTTP_URL_INVALID', 'with.url is no plain http or https URL once its values are in');
  const { text, type } = bodyOf(parameters);
  return {
    method,
    url: whole,
    target,
    headers: {
      'user-agent': AGENT,
      accept: '*/*',
      'accept-encoding': 'identity',
      // The same for every execution of an attempt, so that a server can recognise a repetition.
      ...(SAFE.has(method) ? {} : { 'idempotency-key': key }),
      ...(type === null ? {} : { 'content-type': type }),
      ...headersOf(headers),
      ...signIn(parameters['auth'] ?? null, secrets),
    },
    body: text,
  };
}

/** RFC 6750 §2.1, RFC 7617: the secret that `auth` names, as read for this attempt. */
function signIn(auth: Json, secrets: ExecutionRequest['secrets']): Record<string, string> {
  if (!isJsonObject(auth)) return {};
  const { bearer = null, basic = null } = auth;
  const password = isJsonObject(basic) ? basic['password'] : bearer;
  if (typeof password !== 'string') throw refusal('WITH_INVALID', 'with.auth must name a secret');
  const value = secrets.get(password);
  if (value === undefined) throw new SecretError('SECRET_NOT_GRANTED', `the secret ${password} is not bound here`);
  const text = secretText(password, value);
  if (!isJsonObject(basic)) {
    if (!/^[\x21-\x7e]+$/.test(text))
      throw refusal(
        'WITH_INVALID',
        'with.auth refers to a secret that contains characters that a header cannot contain',
      );
    return { authorization: `Bearer ${text}` };
  }
  return {
    authorization: `Basic ${Buffer.from(`${scalar(basic['username'] ?? '', 'with.auth')}:${text}`).toString('base64')}`,
  };
}

function withQuery(url: string, query: Json): string {
  if (!isJsonObject(query)) throw refusal('WITH_INVALID', 'with.query must be an object');
  const pairs = pairsOf(query, 'query');
  const plain = url.replace(/#.*$/s, '');
  if (pairs === '') return plain;
  return `${plain}${plain.includes('?') ? (/[?&]$/.test(plain) ? '' : '&') : '?'}${pairs}`;
}

/** `name=value` pairs, percent-encoded. A list gives several pairs, null none. */
function pairsOf(values: JsonObject, field: string): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(values))
    for (const one of isJsonArray(value) ? value : [value])
      if (one !== null) pairs.push(`${encode(name)}=${encode(scalar(one, `with.${field}`))}`);
  return pairs.join('&');
}

function encode(text: string): string {
  if (!text.isWellFormed()) throw refusal('WITH_INVALID', 'a value contains an unpaired surrogate');
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function scalar(value: Json, place: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return JSON.stringify(value);
  throw refusal('WITH_INVALID', `${place} must contain strings, numbers and booleans, or lists of them`);
}

function headersOf(headers: Json): Record<string, string | readonly string[]> {
  if (!isJsonObject(headers)) throw refusal('WITH_INVALID', 'with.headers must be an object');
  const found: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) continue;
    const lower = name.toLowerCase();
    const texts = (isJsonArray(value) ? value : [value]).map((one) => scalar(one, 'with.headers'));
    const isSound = /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(lower) && !CARRYING_HEADERS.includes(lower);
    // RFC 9110 §5.5: no control characters. Characters outside of ASCII have no agreed meaning.
    if (!isSound || texts.some((text) => !/^[\t\x20-\x7e]*$/.test(text)))
      throw refusal('WITH_INVALID', 'a header in with.headers has a name or a value that cannot be sent');
    found[lower] = texts.length === 1 ? (texts[0] ?? '') : texts;
  }
  return found;
}

function bodyOf({ body = null, form = null }: JsonObject): {
  readonly text: string | null;
  readonly type: string | null;
} {
  if (form !== null) {
    if (!isJsonObject(form) || body !== null) throw refusal('WITH_INVALID', 'with.form must be an object, and with.body absent'); // prettier-ignore
    return { text: pairsOf(form, 'form'), type: 'application/x-www-form-urlencoded' };
  }
  if (body === null) return { text: null, type: null };
  if (typeof body === 'string') return { text: body, type: 'text/plain; charset=utf-8' };
  return { text: canonical(body), type: 'application/json' };
}
