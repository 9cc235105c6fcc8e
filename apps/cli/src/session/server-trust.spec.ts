import type { Terminal } from '../terminal/terminal';
import { confirmIssuer, isResourceOf, isTokenFor } from './server-trust';

describe('a resource', () => {
  it.each([
    ['https://a.example', 'https://a.example', true],
    ['https://a.example/', 'https://a.example', true],
    ['https://A.example:443/api', 'https://a.example', true],
    ['https://a.example/base', 'https://a.example/base', true],
    ['https://a.example/base/api', 'https://a.example/base', true],
    ['https://a.example/', 'https://a.example/base', false],
    ['https://a.example/based', 'https://a.example/base', false],
    ['https://a.example/base/../other', 'https://a.example/base', false],
    ['https://a.example/%62ase', 'https://a.example/base', false],
    ['https://b.example', 'https://a.example', false],
    ['https://a.example.evil.example', 'https://a.example', false],
    ['http://a.example', 'https://a.example', false],
    ['https://a.example:8443', 'https://a.example', false],
    ['https://a.example#x', 'https://a.example', false],
    ['https://a.example?x', 'https://a.example', false],
    ['https://x@a.example', 'https://a.example', false],
    ['urn:taskrunner:api', 'https://a.example', false],
    ['', 'https://a.example', false],
  ])('%s is one of %s: %s', (resource, server, expected) => {
    expect(isResourceOf(resource, server)).toBe(expected);
  });
});

describe('a token', () => {
  const token = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
  const RESOURCE = 'https://a.example/api';

  it.each([
    [token({ aud: RESOURCE }), true],
    [token({ aud: ['account', RESOURCE] }), true],
    // An issuer without resource indicators ignores the parameter (RFC 8707 §2).
    [token({ aud: 'taskrunner' }), false],
    [token({ aud: 'https://a.example' }), false],
    [token({}), false],
    [token(null), false],
    ['opaque', false],
    ['a.b.c', false],
    ['', false],
  ])('%s is for the resource: %s', (access, expected) => {
    expect(isTokenFor(access, RESOURCE)).toBe(expected);
  });
});

describe('an issuer that only the server names', () => {
  const asked: string[] = [];
  const confirm = (answer: string | null) =>
    confirmIssuer({ ask: async (question: string) => (asked.push(question), answer) } as unknown as Terminal, {
      issuer: 'https://id.example\nhelp: x',
      server: 'https://a.example',
    });

  it.each(['y', 'yes', ' Y '])('is used after the answer %j', async (answer) => {
    await confirm(answer);
    expect(asked.pop()).toBe(
      'Sign in at https://id.example\\u{a}help: x for the server https://a.example? The server receives your token. [y/N] ',
    );
  });

  it.each(['', 'n', 'yess', '\u0079\u0335'])('is not used after the answer %j', async (answer) => {
    await expect(confirm(answer)).rejects.toMatchObject({ code: 'CLI_NOT_CONFIRMED', exitCode: 3 });
  });

  it('is not used if nobody can be asked', async () => {
    await expect(confirm(null)).rejects.toMatchObject({
      code: 'CLI_LOGIN_UNTRUSTED',
      exitCode: 3,
      remediation: 'If that is right, name the issuer with --issuer URL.',
    });
  });
});
