// Configuration of oidc-provider as the Authority that TaskRunner expects: JWT access tokens for one resource server.
import { packScopes } from './people.mjs';
import { deviceFlow } from './device-pages.mjs';

/** Resource indicator (RFC 8707) that clients may use; also the default. The audience of the token is `taskrunner`. */
export const resource = 'urn:taskrunner:api';
export const audience = 'taskrunner';

/** Type of the authorization detail (RFC 9396) that binds a token to one decision (docs/guides/approvals.md, Proof of a decision). */
export const decisionDetail = 'pack_decision';
export const decisionMembers = ['pack_run_id', 'pack_gate_id', 'pack_plan_hash', 'pack_gate_digest', 'pack_decision'];
const boundTokenSeconds = 300;

const openIdScopes = ['openid', 'offline_access'];

/** The configuration of the provider. `provider`: the module with its errors and its interaction policy. */
export function configurationOf({ provider, people, clients, state, tokenSeconds }) {
  const { errors, interactionPolicy } = provider;
  const person = (login) => people.find((one) => one.login === login);
  const machine = (id) => clients.find((one) => one.id === id && one.kind === 'machine');
  // Scopes depend on the person, without a consent page.
  const policy = interactionPolicy.base();
  policy.remove('consent');

  // oidc-provider silently drops unknown scopes. A typing error should be reported (RFC 6749 §5.2 invalid_scope).
  const refuseUnknownScopes = (scope) => {
    const unknown = (scope ?? '').split(' ').find((one) => one && ![...packScopes, ...openIdScopes].includes(one));
    if (unknown) throw new errors.InvalidScope('this scope is not known', unknown);
  };

  return {
    jwks: state.jwks,
    cookies: { keys: state.cookieKeys },
    clients: clients.map((client) => clientMetadata(client, state.secrets)),
    scopes: openIdScopes,
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientBasedCORS: (_ctx, origin) => isLoopback(origin),
    claims: { openid: ['sub', 'name'] },
    conformIdTokenClaims: false,
    interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
    async findAccount(_ctx, id) {
      const found = person(id);
      return found && { accountId: id, claims: () => ({ sub: id, name: found.name }) };
    },
    async loadExistingGrant(ctx) {
      const { client, session, params } = ctx.oidc;
      const owned = person(session.accountId)?.scopes ?? [];
      const grant = new ctx.oidc.provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope(openIdScopes.join(' '));
      grant.addOIDCClaims(['sub', 'name']);
      grant.addResourceScope(resource, owned.join(' '));
      for (const detail of JSON.parse(params.authorization_details ?? '[]')) grant.addRar(detail);
      await grant.save();
      return grant;
    },
    async extraTokenClaims(ctx, token) {
      if (token.kind === 'ClientCredentials') return { tenant: machine(token.clientId).tenant, grants: [] };
      const { name, tenant, grants } = person(token.accountId);
      if (ctx.oidc.exchanged) return { name, tenant, grants, ...ctx.oidc.exchanged.claims };
      const { AuthorizationCode, DeviceCode, RefreshToken } = ctx.oidc.entities;
      const detail = token.rar?.find((one) => one.type === decisionDetail) ?? {};
      const bound = Object.fromEntries(decisionMembers.flatMap((key) => (key in detail ? [[key, detail[key]]] : [])));
      return { name, tenant, grants, auth_time: (AuthorizationCode ?? DeviceCode ?? RefreshToken).authTime, ...bound };
    },
    rotateRefreshToken: true,
    // Without a consent page there is no `offline_access` (OpenID Connect Core §11 requires consent for it). People's clients may always
    // refresh, except for tokens that are bound to one decision.
    issueRefreshToken: (_ctx, client, source) => client.grantTypeAllowed('refresh_token') && !source.rar,
    expiresWithSession: () => false,
    renderError(ctx, out) {
      ctx.type = 'json';
      ctx.body = out;
    },
    ttl: {
      AccessToken: (ctx, token) =>
        ctx?.oidc?.exchanged?.seconds ?? (token.rar ? Math.min(boundTokenSeconds, tokenSeconds) : tokenSeconds),
      ClientCredentials: tokenSeconds,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: 86_400,
      IdToken: 3_600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow,
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo(ctx, indicator, client) {
          if (indicator !== resource) throw new errors.InvalidTarget();
          refuseUnknownScopes(ctx.oidc.params.scope);
          return resourceServerOf(machine(client.clientId)?.scopes ?? packScopes);
        },
      },
      richAuthorizationRequests: {
        enabled: true,
        types: { [decisionDetail]: { validate: (_ctx, detail) => checkDecision(detail, errors) } },
        authorizationDetailsForGrantSource: (ctx) => ctx.oidc.grant?.rar,
        authorizationDetailsForAccessToken: (_ctx, _token, source) => source?.rar,
      },
    },
  };
}

/** Format of access tokens for the resource server. */
export function resourceServerOf(scopes) {
  return { scope: scopes.join(' '), audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
}

function clientMetadata(client, secrets) {
  const common = { client_id: client.id, client_name: client.name, id_token_signed_response_alg: 'ES256' };
  if (client.kind === 'machine') {
    return {
      ...common,
      client_secret: secrets[client.id],
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    };
  }
  return {
    ...common,
    // A native client may use any port of the loopback redirect (RFC 8252 §7.3).
    application_type: 'native',
    token_endpoint_auth_method: 'none',
    grant_types: [
      'authorization_code',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ],
    redirect_uris: client.redirectUris,
    authorization_details_types: [decisionDetail],
    response_types: ['code'],
  };
}

function checkDecision(detail, errors) {
  for (const key of decisionMembers) {
    if (typeof detail[key] !== 'string') throw new errors.InvalidAuthorizationDetails(`${key} must be a string`);
  }
}

function isLoopback(origin) {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(origin).hostname);
}
