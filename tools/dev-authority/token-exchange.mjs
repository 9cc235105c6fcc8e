// Token exchange (RFC 8693) of the development Authority: an actor acts for a person, and the token records it in `act`.
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
 * Registers the grant with the provider. `subject_token`: access token of a person; `actor_token`: access token of the actor, a person or a
 * machine. The new token has the subject, scopes, grants, time of sign-in and binding of the subject's token, and expires no later. Its
 * `act` is the actor, with earlier actors nested in it.
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
