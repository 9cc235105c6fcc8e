// Token exchange (RFC 8693) of the development Authority: somebody acts for a person, and the token says so by `act`.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { audience, decisionMembers, resource, resourceServerOf } from './configuration.mjs';
import { packScopes } from './people.mjs';

export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

const parameters = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'scope',
];

/**
 * Teaches the provider the grant. `subject_token` is an access token of a person, `actor_token` one of who acts: a person or a
 * machine. The new token is the subject's, with its scopes, grants, time of sign-in and binding, and lives no longer. Its `act` is
 * the actor, and within it whoever acted before.
 */
export function teachTokenExchange(provider, { errors, jwks }) {
  const keys = createLocalJWKSet({ keys: jwks.keys.map(({ d: _private, ...key }) => key) });

  const read = async (params, name) => {
    if (params[`${name}_type`] !== accessTokenType)
      throw new errors.InvalidRequest(`${name}_type must be ${accessTokenType}`);
    try {
      const { payload } = await jwtVerify(params[name] ?? '', keys, {
        issuer: provider.issuer,
        audience,
        typ: 'at+jwt',
      });
      return payload;
    } catch (error) {
      throw new errors.InvalidGrant(`${name}: ${error.message}`);
    }
  };

  provider.registerGrantType(
    tokenExchange,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const subject = await read(params, 'subject_token');
      const actor = await read(params, 'actor_token');
      if (subject.auth_time === undefined) throw new errors.InvalidGrant('subject_token is none of a person');
      if (actor.act !== undefined) throw new errors.InvalidGrant('actor_token: who acts cannot act through others');
      const token = new provider.AccessToken({ accountId: subject.sub, client, gty: 'token_exchange' });
      token.resourceServer = new provider.ResourceServer(resource, resourceServerOf(packScopes));
      const wanted = params.scope?.split(' ');
      token.scope = subject.scope
        .split(' ')
        .filter((scope) => wanted?.includes(scope) ?? true)
        .join(' ');
      ctx.oidc.exchanged = {
        seconds: subject.exp - Math.floor(Date.now() / 1_000),
        claims: {
          auth_time: subject.auth_time,
          ...Object.fromEntries(decisionMembers.flatMap((key) => (key in subject ? [[key, subject[key]]] : []))),
          act: { iss: actor.iss, sub: actor.sub, ...(subject.act && { act: subject.act }) },
        },
      };
      ctx.oidc.entity('AccessToken', token);
      ctx.body = {
        access_token: await token.save(),
        issued_token_type: accessTokenType,
        token_type: 'Bearer',
        expires_in: token.expiration,
        scope: token.scope,
      };
    },
    parameters,
  );
}
