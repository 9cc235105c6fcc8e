import { flag, httpUrl, list, listOf, oneOf, path, text } from '../kinds';
import { key, needed, section, unset } from '../key';

/** Signature algorithms that an issuer may use (RFC 7518, RFC 8037); `none` and shared keys are not among them. */
const algorithm = oneOf('EdDSA', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512');

const issuer = {
  issuer: needed(httpUrl, 'https://id.example.org', 'Exactly the `iss` of its tokens.'),
  jwksUri: unset(httpUrl, 'Where its keys are; https. Either this or jwksFile.'),
  jwksFile: unset(path, 'Its keys in a file, for machines without a way out.'),
  audience: key(text, 'taskrunner', 'The `aud` that its tokens must have.'),
  kind: key(
    oneOf('both', 'people', 'clients'),
    'both',
    'Whose tokens it issues; only people decide at gates.',
    'people | clients | both',
  ),
  algorithms: key(list(algorithm), ['EdDSA', 'ES256', 'RS256'], 'Signature algorithms that are accepted.'),
};

export const authority = section('Who issues tokens, and how they are read.', {
  issuers: key(listOf(issuer), [], 'Trusted issuers; none: nobody gets in.'),
  claims: section('Claims of the tokens.', {
    tenant: key(text, 'tenant', 'The tenant.'),
    grants: key(text, 'grants', 'Grants, such as role:sec-lead.'),
    name: key(text, 'name', 'The name, for people to read.'),
  }),
  development: key(flag, false, 'Accepts the development Authority. Everything must be on loopback.'),
});
