import { insecureEndpoint, isSecureAddress } from './secure-address';

it.each([
  ['https://id.example/a', true],
  ['HTTPS://id.example', true],
  ['http://127.0.0.1:8080/', true],
  ['http://127.9.9.9', true],
  ['http://[::1]:1', true],
  ['http://localhost', true],
  ['http://id.example', false],
  ['http://127.0.0.1.example', false],
  ['http://localhost.example', false],
  ['file:///etc/passwd', false],
  ['javascript:alert(1)', false],
  ['//id.example', false],
  ['https:', false],
  ['', false],
])('%s is secure: %s', (address, expected) => {
  expect(isSecureAddress(address)).toBe(expected);
});

it.each<[string, Record<string, unknown>, string | null]>([
  ['https://id.example', { issuer: 'https://id.example', authorization_endpoint: 'https://id.example/a' }, null],
  ['https://id.example', { authorization_endpoint: 'https://x', token_endpoint: 'http://x' }, 'token_endpoint'],
  ['https://id.example', { end_session_endpoint: 'http://127.0.0.1/' }, 'end_session_endpoint'],
  ['http://127.0.0.1:9', { end_session_endpoint: 'http://127.0.0.1/' }, null],
  ['http://127.0.0.1:9', { jwks_uri: 'http://id.example' }, 'jwks_uri'],
  ['https://id.example', { device_authorization_endpoint: undefined, op_policy_uri: 'x' }, null],
  ['https://id.example', { revocation_endpoint: ['https://id.example'] }, 'revocation_endpoint'],
])('of %s and %j, %s is no endpoint', (issuer, document, name) => {
  expect(insecureEndpoint(issuer, document)).toBe(name);
});
