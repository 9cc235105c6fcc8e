import { decideDial, decideEgress } from '@taskrunner/core/egress';
import { egressProxyOf, egressRulesOf } from './egress-settings';
import { parseConfiguration } from './parse-configuration';

function read(source: string) {
  const reading = parseConfiguration(source, {});
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.faults));
  return reading.configuration;
}
const faults = (source: string): readonly string[] => {
  const reading = parseConfiguration(source, {});
  return reading.kind === 'refused' ? reading.faults.map(({ code, path }) => `${code} ${path}`) : [];
};
const allow = (entry: string): string => `sealedMode: { allow: [ ${entry} ] }`;

describe('sealedMode.allow', () => {
  it('makes a rule of each port of each entry; nothing is allowed unless it is written', () => {
    expect(egressRulesOf(read(''))).toEqual([]);
    expect(
      egressRulesOf(
        read(
          allow(
            '{ host: A.Example.org. }, { host: "*.b.test", ports: [443, 8443], plainHttp: true, cidr: 10.0.0.0/8 }',
          ),
        ),
      ),
    ).toEqual([
      { scheme: 'https', host: 'a.example.org', port: 443 },
      { scheme: '*', host: '*.b.test', port: 443, cidr: '10.0.0.0/8' },
      { scheme: '*', host: '*.b.test', port: 8443, cidr: '10.0.0.0/8' },
    ]);
  });

  it('opens private addresses by a cidr alone', () => {
    const target = { scheme: 'https', host: 'db.test', port: 443 };
    const rules = egressRulesOf(read(allow('{ host: db.test }')));
    expect(decideEgress(rules, target).allowed).toBe(true);
    expect(decideDial(rules, target, ['10.0.0.5']).address).toBeNull();
    const pinned = egressRulesOf(read(allow('{ host: db.test, cidr: 10.0.0.0/8 }')));
    expect(decideDial(pinned, target, ['10.0.0.5', '8.8.8.8']).address).toBe('10.0.0.5');
  });

  it.each<[string, string[]]>([
    ['{ ports: [1] }', ['CONFIG_MISSING_KEY /sealedMode/allow/0']],
    ['{ host: "https://a.test" }', ['CONFIG_FORMAT /sealedMode/allow/0/host']],
    ['{ host: "a.test:443" }', ['CONFIG_FORMAT /sealedMode/allow/0/host']],
    ['{ host: "a*.test" }', ['CONFIG_FORMAT /sealedMode/allow/0/host']],
    ['{ host: "0x7f.1" }', ['CONFIG_FORMAT /sealedMode/allow/0/host']],
    ['{ host: a.test, cidr: 10.0.0.1/8 }', ['CONFIG_FORMAT /sealedMode/allow/0/cidr']],
    ['{ host: a.test, ports: [0] }', ['CONFIG_RANGE /sealedMode/allow/0/ports/0']],
    ['{ host: a.test, port: 443 }', ['CONFIG_UNKNOWN_KEY /sealedMode/allow/0/port']],
    ['{ host: "*" }', []],
    ['{ host: 10.0.0.5, cidr: 10.0.0.5/32 }', []],
  ])('%s', (entry, expected) => expect(faults(allow(entry))).toEqual(expected));
});

describe('the egress proxy', () => {
  it('knows the hosts of the platform', () => {
    const configuration = read(
      'http: { publicUrl: "https://Runner.example.org/x" }\ndatabase: { workerUrl: "postgresql://w:p@db.example.org/t", host: /run/postgresql }',
    );
    expect(egressProxyOf(configuration).platform).toEqual([
      { host: 'runner.example.org', port: 443 },
      { host: 'db.example.org', port: 5_432 },
    ]);
    expect(faults('sealedMode: { proxy: { resolvers: [dns.example.org] } }')).toEqual([
      'CONFIG_FORMAT /sealedMode/proxy/resolvers/0',
    ]);
  });
});
