import type { ConsoleSetting } from '../configuration';
import { consolePage, consolePolicy } from './console-page';

const setting: ConsoleSetting = {
  enabled: true,
  issuer: 'https://id.example.org/realms/acme',
  clientId: 'taskrunner-console',
  scopes: ['openid', 'packs.read'],
  resource: null,
  connect: [],
  refresh: 5_000,
  logLines: 5_000,
  graphNodes: 500,
  bundleSize: 1_048_576,
};
const facts = { path: '/runner', nonce: 'bm9uY2U=', setting };

describe('the page of the console', () => {
  it('has the base of its links, its nonce and its settings', () => {
    const page = '<base href="CONSOLE_BASE"><style nonce="CONSOLE_NONCE"></style><script>CONSOLE_SETTINGS</script>';
    const sent = consolePage(page, facts);
    expect(sent).toContain('<base href="/runner/console/">');
    expect(sent).toContain('nonce="bm9uY2U="');
    expect(JSON.parse(/<script>(.*)<\/script>/.exec(sent)?.[1] ?? '')).toMatchObject({
      issuer: 'https://id.example.org/realms/acme',
      refresh: 5_000,
    });
  });

  it('ends no block early, whatever its settings contain', () => {
    const clientId = '</script><script>alert(1)</script>CONSOLE_NONCE$&';
    const sent = consolePage('<script>CONSOLE_SETTINGS</script>', { ...facts, setting: { ...setting, clientId } });
    expect(sent.match(/<\/script>/g)).toHaveLength(1);
    expect(JSON.parse(/<script>(.*)<\/script>/.exec(sent)?.[1] ?? '')).toMatchObject({ clientId });
  });

  it('may run scripts of this server only, and call the issuer and no other host', () => {
    const policy = consolePolicy('bm9uY2U=', { ...setting, connect: ['https://token.example.org/oauth/token'] });
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("style-src 'self' 'nonce-bm9uY2U=';");
    expect(policy).toContain("connect-src 'self' https://id.example.org https://token.example.org;");
    expect(policy).not.toMatch(/unsafe|\*|data:/);
  });
});
