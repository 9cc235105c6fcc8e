// Obtains tokens from an Authority over plain HTTP like a browser and a CLI: authorization code with PKCE, cookies, forms. There is no
// special grant, so tests use the same tokens as people. Imports only Node.js.
import { createHash, randomBytes } from 'node:crypto';

const allPackScopes = ['packs.read', 'packs.run', 'packs.approve', 'packs.write', 'packs.admin'];

/**
 * Signs `login` in and returns `{accessToken, expiresAt, scopes, refreshToken?}`; `expiresAt` is RFC 3339.
 *
 * - `scopes`: requested scopes; throws an Error if one is not granted. Default: all scopes of this person.
 * - `clientId`: default the CLI. `password`: any.
 * - `authorizationDetails`: RFC 9396, for a token bound to one decision.
 * - `maxAgeSeconds`: RFC 9470 step-up. Each call is a new login in any case, because no session is kept.
 */
export async function loginAs(issuer, login, options = {}) {
  const { scopes, clientId = 'taskrunner-cli', password = 'any' } = options;
  const { authorizationDetails, maxAgeSeconds } = options;
  const endpoints = await discover(issuer);
  const redirectUri = 'http://127.0.0.1/callback';
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const query = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: ['openid', ...(scopes ?? allPackScopes)].join(' '),
    state,
    nonce: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(authorizationDetails && { authorization_details: JSON.stringify(authorizationDetails) }),
    ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
  };
  const start = `${endpoints.authorization_endpoint}?${new URLSearchParams(query)}`;
  const answer = await walk(start, redirectUri, { login, password });
  refuseErrors(answer);
  if (answer.state !== state || answer.iss !== issuer) throw new Error('the answer belongs to another request');
  const form = {
    grant_type: 'authorization_code',
    client_id: clientId,
    code: answer.code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  };
  return requestTokens(endpoints.token_endpoint, form, scopes ?? []);
}

/** Client credentials of a machine: `{accessToken, expiresAt, scopes}`. */
export async function loginAsMachine(issuer, { clientId, clientSecret, scopes = ['packs.read', 'packs.run'] }) {
  const { token_endpoint: endpoint } = await discover(issuer);
  const basic = [clientId, clientSecret].map(encodeURIComponent).join(':');
  const form = { grant_type: 'client_credentials', scope: scopes.join(' ') };
  return requestTokens(endpoint, form, scopes, { authorization: `Basic ${Buffer.from(basic).toString('base64')}` });
}

/** Token exchange (RFC 8693): the subject's token with the actor in `act`. Both are access tokens of this Authority. */
export async function delegate(issuer, { subjectToken, actorToken, clientId = 'taskrunner-cli' }) {
  const { token_endpoint: endpoint } = await discover(issuer);
  const type = 'urn:ietf:params:oauth:token-type:access_token';
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    client_id: clientId,
    subject_token: subjectToken,
    subject_token_type: type,
    actor_token: actorToken,
    actor_token_type: type,
  };
  return requestTokens(endpoint, form, []);
}

/** Does what a person does whose browser has opened the address of a sign-in, up to the page of the program that waits for the answer. */
export async function signInAt(address, { login, password = 'any' }) {
  const redirectUri = new URL(address).searchParams.get('redirect_uri');
  const answer = await walk(address, redirectUri, { login, password });
  const response = await fetch(`${redirectUri}?${new URLSearchParams(answer)}`);
  if (!response.ok) throw new Error(`${redirectUri} answered with HTTP ${response.status}`);
}

/** Does what a person does who opens the address of a sign-in on another device, with its code: confirms it and signs in. */
export async function confirmDevice(address, { login, password = 'any' }) {
  await walk(address, null, { login, password });
}

/** Exchanges a refresh token, which can be used once, for a new access token. */
export async function refresh(issuer, refreshToken, clientId = 'taskrunner-cli') {
  const { token_endpoint: endpoint } = await discover(issuer);
  const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refreshToken };
  return requestTokens(endpoint, form, []);
}

async function discover(issuer) {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`${issuer} is no OpenID Connect issuer: HTTP ${response.status}`);
  const found = await response.json();
  if (found.issuer !== issuer) throw new Error(`asked ${issuer}, but it calls itself ${found.issuer}`);
  return found;
}

/** Follows redirects with cookies and submits forms until the redirect URI is reached (null: a page without a form). Returns its parameters. */
async function walk(start, redirectUri, fields) {
  const cookies = new Map();
  let request = { url: start, method: 'GET' };
  let forms = 0;
  for (let hops = 0; hops < 20; hops += 1) {
    const { url, method, body } = request;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { method, body, redirect: 'manual', headers: cookie ? { cookie } : {} });
    for (const line of response.headers.getSetCookie()) keep(cookies, line);
    const location = response.headers.get('location');
    const text = await response.text();
    if (location) {
      const target = new URL(location, url);
      if (redirectUri !== null && target.href.startsWith(`${redirectUri}?`))
        return Object.fromEntries(target.searchParams);
      request = { url: target.href, method: 'GET' };
    } else if (response.ok && redirectUri === null && !/<form\b/i.test(text)) {
      return {};
    } else if (response.ok && forms < 3) {
      forms += 1;
      request = fillForm(text, url, fields);
    } else {
      throw new Error(`sign-in of ${fields.login} was refused: HTTP ${response.status} ${alertOf(text)}`);
    }
  }
  throw new Error('sign-in goes round in circles');
}

function keep(cookies, line) {
  const [pair, ...attributes] = line.split(';').map((part) => part.trim());
  const at = pair.indexOf('=');
  const expired = attributes.some((one) => /^expires=/i.test(one) && Date.parse(one.slice(8)) < Date.now());
  if (expired) cookies.delete(pair.slice(0, at));
  else cookies.set(pair.slice(0, at), pair.slice(at + 1));
}

function fillForm(html, url, fields) {
  const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/i.exec(html);
  if (!form) throw new Error(`expected a sign-in form at ${url}`);
  const inputs = [...form[2].matchAll(/<input\b([^>]*)>/gi)].map(([, text]) => [
    attribute(text, 'name'),
    attribute(text, 'value'),
  ]);
  const filled = Object.fromEntries(inputs.map(([name, value]) => [name, fields[name] ?? value ?? '']));
  const action = new URL(attribute(form[1], 'action') ?? url, url);
  return { url: action.href, method: 'POST', body: new URLSearchParams(filled) };
}

function attribute(text, name) {
  return new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(text)?.[1];
}

function alertOf(text) {
  return /role="alert">([^<]*)</.exec(text)?.[1] ?? text.slice(0, 300);
}

function refuseErrors({ error, error_description: description }) {
  if (error) throw Object.assign(new Error(`${error}: ${description ?? ''}`), { code: error });
}

async function requestTokens(url, form, wanted, headers = {}) {
  // The lifetime is counted from before the request, so that an expired token is never considered valid.
  const before = Date.now();
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers });
  const body = await response.json();
  refuseErrors(body);
  const scopes = (body.scope ?? '').split(' ').filter((scope) => scope !== '');
  const missing = wanted.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0)
    throw Object.assign(new Error(`not granted: ${missing.join(', ')}`), { code: 'scope_missing' });
  return {
    accessToken: body.access_token,
    expiresAt: new Date(before + body.expires_in * 1_000).toISOString(),
    scopes,
    ...(body.refresh_token && { refreshToken: body.refresh_token }),
  };
}
