import { boundRules, rulesBeyond, ruleText } from './egress-bound';
import type { EgressRule } from './egress-rule';

const ANYWHERE: EgressRule = { scheme: '*', host: '*', port: '*' };
const rule = (host: string, cidr?: string): EgressRule => {
  return { scheme: 'https', host, port: 443, ...(cidr === undefined ? {} : { cidr }) };
};

describe('a bound of egress rules', () => {
  it.each<[string, EgressRule, readonly EgressRule[], EgressRule | null]>([
    ['the same', rule('a.test'), [rule('a.test')], rule('a.test')],
    ['a host below a suffix', rule('x.a.test'), [rule('*.a.test')], rule('x.a.test')],
    ['any public host', rule('a.test'), [ANYWHERE], rule('a.test')],
    ['another host', rule('b.test'), [rule('a.test')], null],
    // Only pinned rules reach private addresses; a list of every host does not allow them.
    ['pinned, where every host is listed', rule('a.test', '10.0.0.0/8'), [ANYWHERE], null],
    ['pinned, where the host is listed', rule('a.test', '10.0.0.0/8'), [rule('a.test')], null],
    [
      'pinned as it is listed',
      rule('a.test', '10.1.0.0/16'),
      [rule('a.test', '10.0.0.0/8')],
      rule('a.test', '10.1.0.0/16'),
    ],
    [
      'pinned more widely',
      rule('a.test', '10.0.0.0/8'),
      [rule('a.test', '10.1.0.0/16')],
      rule('a.test', '10.1.0.0/16'),
    ],
    // Nor does it take over private addresses that it did not request.
    ['not pinned, where the host is pinned', rule('a.test'), [rule('a.test', '10.0.0.0/8')], null],
  ])('%s', (_what, asked, bound, supplied) => {
    expect(boundRules([asked], bound)).toEqual(supplied === null ? [] : [supplied]);
    expect(rulesBeyond([asked], bound)).toEqual(JSON.stringify(supplied) === JSON.stringify(asked) ? [] : [asked]);
  });

  it('says rules in words', () => {
    expect([rule('a.test', '10.0.0.0/8'), ANYWHERE].map(ruleText)).toEqual(['https://a.test:443 (10.0.0.0/8)', '*']);
  });
});
