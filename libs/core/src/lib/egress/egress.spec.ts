import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseAuthority, parseTarget, parseWholeTarget, type Target } from './authority';
import { broadnessOf } from './broad-egress';
import { decideAddress, decideDial, decideEgress } from './decide-egress';
import { type EgressRule, intersect, isCovered, parseRule } from './egress-rule';
import { isSpecialAddress } from './special-address';
import { lawRuns, searchedCases } from '../../testing/runs-of-laws';

const rules = (...texts: string[]) => texts.map((text) => parseRule(text) as EgressRule);

describe('an authority', () => {
  it.each<[string, string | null, number | null]>([
    ['allowed.test:443', 'allowed.test', 443],
    ['Allowed.TEST.', 'allowed.test', null],
    ['93.184.216.34:80', '93.184.216.34', 80],
    ['[2606:4700::1111]:443', '2606:4700:0:0:0:0:0:1111', 443],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', null],
    ['user@allowed.test', null, null],
    ['allowed.test%40evil.test', null, null],
    ['allowed.test:0', null, null],
    ['allowed.test:0443', null, null],
    ['allowed.test:65536', null, null],
    ['allowed.test:', null, null],
    ['evil.test\u0000.allowed.test', null, null],
    ['evil.test\n', null, null],
    ['bücher.example', null, null],
    ['a..b', null, null],
    ['allowed.test..', null, null],
    ['-a.test', null, null],
    ['a_b.test', null, null],
    ['127.1', null, null],
    ['2130706433', null, null],
    ['0x7f000001', null, null],
    ['0x7f.1', null, null],
    ['127.0.0.01', null, null],
    ['[fe80::1%eth0]', null, null],
    ['[::1', null, null],
    ['[1.2.3.4]', null, null],
    ['', null, null],
    [`${'a.'.repeat(127)}aa`, null, null],
  ])('%j', (text, host, port) => {
    expect(parseAuthority(text)).toEqual(host === null ? null : { host, port });
  });
});

describe('a rule', () => {
  it.each<[string, EgressRule | null]>([
    ['https://allowed.test', { scheme: 'https', host: 'allowed.test', port: 443 }],
    ['https://allowed.test:8443/path?x', { scheme: 'https', host: 'allowed.test', port: 8443, path: '/path' }],
    ['https://allowed.test/', { scheme: 'https', host: 'allowed.test', port: 443 }],
    ['https://allowed.test/a/../b', null],
    ['https://allowed.test/a/%2e%2e/b', null],
    ['http://allowed.test', { scheme: 'http', host: 'allowed.test', port: 80 }],
    ['allowed.test:443', { scheme: 'https', host: 'allowed.test', port: 443 }],
    ['allowed.test:80', { scheme: 'http', host: 'allowed.test', port: 80 }],
    ['*.allowed.test', { scheme: 'https', host: '*.allowed.test', port: 443 }],
    ['https://*.allowed.test:8443', { scheme: 'https', host: '*.allowed.test', port: 8443 }],
    ['*', { scheme: '*', host: '*', port: '*' }],
    ['*.', null],
    ['*.10.0.0.1', null],
    ['a*.test', null],
    ['ftp://allowed.test', null],
    ['https://a@b.test', null],
  ])('%s', (text, rule) => {
    expect(parseRule(text)).toEqual(rule);
  });

  it('takes a whole block of addresses or none', () => {
    expect(parseRule('db.test:5432', '10.0.0.0/8')).toMatchObject({ cidr: '10.0.0.0/8' });
    for (const cidr of ['10.0.0.1/8', '10.0.0.0/33', '10.0.0.0', 'x/8', '::/129'])
      expect(parseRule('db.test', cidr)).toBeNull();
  });
});

describe('a decision', () => {
  const list = rules('allowed.test:443', '*.wild.test', 'http://plain.test');
  it.each<[string, string]>([
    ['https://allowed.test/', 'EGRESS_ALLOWED'],
    ['https://ALLOWED.test:443', 'EGRESS_ALLOWED'],
    ['http://plain.test', 'EGRESS_ALLOWED'],
    ['https://a.b.wild.test', 'EGRESS_ALLOWED'],
    ['http://allowed.test:443', 'EGRESS_NOT_LISTED'],
    ['https://allowed.test:22', 'EGRESS_NOT_LISTED'],
    ['https://plain.test', 'EGRESS_NOT_LISTED'],
    ['https://wild.test', 'EGRESS_NOT_LISTED'],
    ['https://evilwild.test', 'EGRESS_NOT_LISTED'],
    ['https://allowed.test.evil.test', 'EGRESS_NOT_LISTED'],
  ])('about %s is %s', (url, code) => {
    const target = parseTarget(url);
    expect(target && decideEgress(list, target)).toMatchObject({ code, allowed: code === 'EGRESS_ALLOWED' });
  });

  it.each<[string, string]>([
    ['https://example.com', 'EGRESS_ALLOWED'],
    ['https://93.184.216.34', 'EGRESS_ALLOWED'],
    ['https://localhost', 'EGRESS_SPECIAL_ADDRESS'],
    ['https://a.localhost', 'EGRESS_SPECIAL_ADDRESS'],
    ['https://127.0.0.1', 'EGRESS_SPECIAL_ADDRESS'],
    ['https://[::ffff:7f00:1]', 'EGRESS_SPECIAL_ADDRESS'],
  ])('of the open mode about %s is %s', (url, code) => {
    const target = parseTarget(url);
    expect(target && decideEgress(rules('*'), target).code).toBe(code);
  });

  it.each<[string, string]>([
    ['https://api.test/v1', 'EGRESS_ALLOWED'],
    ['https://api.test/v1/users?x=/v2', 'EGRESS_ALLOWED'],
    ['https://api.test/v10', 'EGRESS_PATH_OUTSIDE'],
    ['https://api.test', 'EGRESS_PATH_OUTSIDE'],
    ['https://api.test/?/v1', 'EGRESS_PATH_OUTSIDE'],
    ['https://other.test/v1', 'EGRESS_NOT_LISTED'],
  ])('about the whole URL %s is %s', (url, code) => {
    const target = parseWholeTarget(url);
    expect(target && decideEgress(rules('https://api.test/v1'), target).code).toBe(code);
  });

  it.each(['https://api.test/v1/../v2', 'https://api.test/v1/%2E%2e/v2', 'https://api.test/v1%2f..', 'https://api.test/v1//x', 'https://api.test/v1/./x', 'https://api.test/%5cx'])(
    'is never asked about a path that leaves itself: %s',
    (url) => expect(parseWholeTarget(url)).toBeNull(),
  ); // prettier-ignore

  it('does not ask for a path that nobody sees', () => {
    const target = parseTarget('https://api.test/v2');
    expect(target && decideEgress(rules('https://api.test/v1'), target).code).toBe('EGRESS_ALLOWED');
  });

  it('about what a name was resolved to takes the first address that some rule allows', () => {
    const both = [parseRule('a.test') as EgressRule, parseRule('a.test', '10.0.0.0/8') as EgressRule];
    const to: Target = { scheme: 'https', host: 'a.test', port: 443 };
    expect(decideDial(both, to, ['127.0.0.1', '10.0.0.5'])).toEqual({ address: '10.0.0.5', code: 'EGRESS_ALLOWED' });
    expect(decideDial(both.slice(0, 1), to, ['10.0.0.5'])).toEqual({ address: null, code: 'EGRESS_SPECIAL_ADDRESS' });
    expect(decideDial(both, to, [])).toEqual({ address: null, code: 'EGRESS_NOT_LISTED' });
    expect(decideDial(both, { ...to, port: 80 }, ['8.8.8.8']).address).toBeNull();
  });

  it('refuses what is no target', () => {
    const any = rules('*');
    expect(decideEgress(any, { scheme: 'ftp', host: 'a.test', port: 21 }).code).toBe('EGRESS_SCHEME_INVALID');
    expect(decideEgress(any, { scheme: 'https', host: 'a@b', port: 443 }).code).toBe('EGRESS_HOST_INVALID');
    expect(decideEgress(any, { scheme: 'https', host: 'a.test', port: 0 }).code).toBe('EGRESS_PORT_INVALID');
    expect(decideEgress([], { scheme: 'https', host: 'a.test', port: 443 }).code).toBe('EGRESS_NOT_LISTED');
  });

  it('about a private address needs a rule that pins it', () => {
    const pinned = parseRule('db.test', '10.1.0.0/16') as EgressRule;
    expect(decideAddress(pinned, '10.1.2.3')).toBe('EGRESS_ALLOWED');
    expect(decideAddress(pinned, '::ffff:10.1.2.3')).toBe('EGRESS_ALLOWED');
    expect(decideAddress(pinned, '10.2.0.1')).toBe('EGRESS_ADDRESS_OUTSIDE');
    expect(decideAddress(pinned, '93.184.216.34')).toBe('EGRESS_ADDRESS_OUTSIDE');
    expect(decideAddress(parseRule('db.test') as EgressRule, '10.1.2.3')).toBe('EGRESS_SPECIAL_ADDRESS');
  });
});

describe('addresses', () => {
  it.each(['0.0.0.0', '10.0.0.1', '100.100.100.200', '127.0.0.1', '169.254.169.254', '172.31.255.255', '192.168.1.1', '198.18.0.1', '224.0.0.1', '255.255.255.255', '168.63.129.16', '::', '::1', '::ffff:10.0.0.1', '::ffff:7f00:1', '::127.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::1', '2002:7f00:1::', '2002:a9fe:a9fe::1', '2001::1', '2001:db8::1', 'fe80::1', 'fec0::1', 'fd00:ec2::254', 'ff02::1', '100::1', '5f00::1', 'x', '', '1.2.3', '::1%lo'])(
    '%s is special',
    (ip) => expect(isSpecialAddress(ip)).toBe(true),
  ); // prettier-ignore
  it.each(['8.8.8.8', '93.184.216.34', '172.32.0.1', '100.128.0.1', '::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1', '2606:4700::1111', '2001:4860:4860::8888'])(
    '%s is public',
    (ip) => expect(isSpecialAddress(ip)).toBe(false),
  ); // prettier-ignore

  it('are special whole blocks long, up to their edges', () => {
    const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (value) => {
        const ip = text(value);
        expect(isSpecialAddress(`::ffff:${ip}`)).toBe(isSpecialAddress(ip));
        expect(isSpecialAddress(`64:ff9b::${ip}`)).toBe(isSpecialAddress(ip));
      }),
      lawRuns(),
    );
  });
});

describe('an intersection', () => {
  const rule = fc
    .record({
      scheme: fc.constantFrom('http', 'https', '*'),
      host: fc.constantFrom('*', 'a.test', 'b.a.test', '*.a.test', '*.b.a.test', '*.test', '8.8.8.8', '10.0.0.1'),
      port: fc.constantFrom<(number | '*')[]>(80, 443, '*'),
      cidr: fc.constantFrom(undefined, '10.0.0.0/8', '10.0.0.0/16', '8.8.8.0/24'),
      path: fc.constantFrom(undefined, '/v1', '/v1/a', '/v2'),
    })
    .map(({ cidr, path, ...rest }) => {
      return {
        ...rest,
        ...(cidr === undefined ? {} : { cidr }),
        ...(path === undefined ? {} : { path }),
      };
    });
  const list = fc.array(rule, { maxLength: 4 });
  const target = fc.record({
    scheme: fc.constantFrom('http', 'https'),
    host: fc.constantFrom('a.test', 'b.a.test', 'c.b.a.test', 'x.test', 'atest', 'other.org', '8.8.8.8', '9.9.9.9'),
    port: fc.constantFrom(80, 443, 22),
    path: fc.constantFrom('/', '/v1', '/v1/a/b', '/v2'),
  });

  const allows = (rules: readonly EgressRule[], to: Target) => decideEgress(rules, to).allowed;

  it('allows nothing that one of the lists denies', () => {
    fc.assert(
      fc.property(list, list, target, (a, b, to) => {
        if (allows(intersect(a, b), to)) expect([allows(a, to), allows(b, to)]).toEqual([true, true]);
      }),
      searchedCases(1_000, 50_000),
    );
  });

  it('allows all that both lists allow, where no block of addresses is pinned', () => {
    const unpinned = list.map((rules) => rules.map(({ cidr: _, ...rest }): EgressRule => rest));
    fc.assert(
      fc.property(unpinned, unpinned, target, (a, b, to) => {
        expect(allows(intersect(a, b), to)).toBe(allows(a, to) && allows(b, to));
      }),
      searchedCases(1_000, 50_000),
    );
  });

  it('is what a covered rule is with the list that covers it, but for its pinned addresses', () => {
    fc.assert(
      fc.property(rule, list, target, (one, by, to) => {
        const unpinned = by.map(({ cidr: _, ...rest }): EgressRule => rest);
        if (isCovered(one, unpinned)) expect(allows(intersect([one], unpinned), to)).toBe(allows([one], to));
      }),
      searchedCases(1_000, 50_000),
    );
  });

  it.each([
    [undefined, '10.0.0.0/8', '10.0.0.0/8'],
    ['10.1.0.0/16', '10.0.0.0/8', '10.1.0.0/16'],
    ['10.0.0.0/8', '10.0.0.0/8', '10.0.0.0/8'],
    ['10.0.0.0/8', '192.168.0.0/16', null],
    ['10.0.0.0/8', 'fd00::/8', null],
  ])('of %s and %s pins %s', (one, other, both) => {
    const result = intersect([parseRule('a.test', one) as EgressRule], [parseRule('a.test', other) as EgressRule]);
    expect(result.map(({ cidr }) => cidr)).toEqual(both === null ? [] : [both]);
  });

  it('does not depend on order, and is itself when repeated', () => {
    fc.assert(
      fc.property(list, list, (a, b) => {
        const both = intersect(a, b);
        expect(intersect(b, a)).toEqual(both);
        expect(intersect([...a].reverse(), b)).toEqual(both);
      }),
      lawRuns(),
    );
  });
});

interface Vectors {
  readonly meta: { readonly allowlist_for_test: readonly string[] };
  readonly url_cases: readonly { readonly input: string; readonly expect: string }[];
  readonly resolver_cases: readonly {
    readonly name: string;
    readonly host: string;
    readonly answers: readonly (readonly string[])[];
    readonly expect: string;
  }[];
  readonly connect_cases: readonly { readonly request_line?: string; readonly expect: string }[];
  readonly redirect_cases: readonly { readonly chain: readonly [string, string]; readonly expect: string }[];
}

describe('a broad rule', () => {
  it.each<[string, boolean]>([
    ['*', true],
    ['*.com', true],
    ['*.s3.amazonaws.com', false],
    ['*.amazonaws.com', true],
    ['*.github.io', true],
    ['*.workers.dev', true],
    ['webhook.site', true],
    ['dns.google', true],
    ['*.example.com', false],
    ['api.example.com', false],
    ['my.github.io', false],
  ])('%s: %s', (host, broad) => expect(broadnessOf({ host }) !== null).toBe(broad));
});

const vectors = process.env['TASKRUNNER_VECTORS'] ?? join(__dirname, '../../../../../../shared/vectors');
const file = join(vectors, 'project/ssrf-egress-cases.json');
if (!existsSync(file)) console.log(`skipped: no egress vectors at ${file}`);

(existsSync(file) ? describe : describe.skip)('the egress vectors', () => {
  const cases = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null) as Vectors;
  const list = cases === null ? [] : rules(...cases.meta.allowlist_for_test);

  it('of URLs are all denied', () => {
    const allowed = cases.url_cases.filter(({ input }) => {
      const target = parseTarget(input);
      return target !== null && decideEgress(list, target).allowed;
    });
    expect(cases.url_cases.length).toBe(32);
    expect(allowed.filter(({ expect: wanted }) => !wanted.startsWith('allow')).map(({ input }) => input)).toEqual([]);
  });

  it('of addresses lead nowhere, or to the public one alone', () => {
    const wild = [parseRule('*.allowed.test') as EgressRule];
    expect(cases.resolver_cases.length).toBe(7);
    for (const { host, answers, expect: wanted } of cases.resolver_cases)
      for (const ips of answers) {
        const { address } = decideDial(wild, { scheme: 'https', host, port: 443 }, ips);
        expect([host, address]).toEqual([host, wanted === 'deny' ? null : '93.184.216.34']);
      }
  });

  it('of redirects stop at the second hop, by the list where it is another place (none is followed in any case)', () => {
    expect(cases.redirect_cases.length).toBe(4);
    for (const { chain, expect: wanted } of cases.redirect_cases) {
      const target = parseTarget(chain[1]);
      const allowed = target !== null && decideEgress(list, target).allowed;
      expect([chain[1], allowed]).toEqual([chain[1], wanted.includes('loop')]);
    }
  });

  it('of CONNECT are decided as they say', () => {
    const lines = cases.connect_cases.filter(({ request_line }) => request_line?.startsWith('CONNECT '));
    expect(lines.length).toBeGreaterThan(5);
    for (const { request_line = '', expect: wanted } of lines) {
      const text = request_line.replace(/^CONNECT /, '').replace(/ HTTP\/1\.1$/, '');
      const authority = parseAuthority(text);
      const decision =
        authority?.port == null
          ? null
          : decideEgress(list, {
              scheme: authority.port === 80 ? 'http' : 'https',
              host: authority.host,
              port: authority.port,
            });
      expect([text, decision?.allowed ?? false]).toEqual([
        text,
        wanted === 'allow' || wanted.startsWith('same decision'),
      ]);
    }
  });
});
