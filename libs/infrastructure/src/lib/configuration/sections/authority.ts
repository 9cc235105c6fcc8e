import { flag, httpUrl, issuerName, list, listOf, oneOf, path, text } from '../kinds';
import { key, needed, section, unset } from '../key';

/** Signature algorithms that an issuer may use (RFC 7518, RFC 8037). `none` and shared keys are excluded. */
const algorithm = oneOf('EdDSA', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512');

const issuer = {
  issuer: needed(issuerName, 'https://id.example.org', 'The exact `iss` claim of its tokens.'),
  jwksUri: unset(httpUrl, 'URL of its key set; https. Set either this or jwksFile.'),
  jwksFile: unset(path, 'File with its key set, for machines without network access.'),
  audience: key(text, 'taskrunner', 'The `aud` claim that its tokens must have.'),
  kind: key(
    oneOf('both', 'people', 'clients'),
    'both',
    'Type of subject that it issues tokens to. Only people can decide at gates.',
    'people | clients | both',
  ),
  algorithms: key(list(algorithm), ['EdDSA', 'ES256', 'RS256'], 'Accepted signature algorithms.'),
};

export const authority = section('Token issuers, and the claims of their tokens.', {
  issuers: key(listOf(issuer), [], 'Trusted issuers. If the list is empty, every request is refused.'),
  claims: section('Names of token claims.', {
    tenant: key(text, 'tenant', 'Claim with the tenant.'),
    grants: key(text, 'grants', 'Claim with the grants, such as role:sec-lead.'),
    name: key(text, 'name', 'Claim with the display name.'),
  }),
  development: key(flag, false, 'Accepts the development Authority. All addresses must be on loopback.'),
  local: key(
    flag,
    false,
    'The issuer is the account that runs this process, as in `taskrunner run` without a server. Requires http.socket. Evidence fails verification without --allow-local.',
  ),
});
