import fc from 'fast-check';
import { objectionToJson } from './check-json';

describe('objectionToJson', () => {
  it.each([
    ['{"a":1,"a":2}', 'a duplicate key', 7],
    ['{"a":1,"\\u0061":2}', 'a duplicate key', 7],
    ['[{"b":{"c":[1,{"x":1,"x":1}]}}]', 'a duplicate key', 21],
    ['{"__proto__":1}', 'a forbidden key', 1],
    [`${'['.repeat(101)}${']'.repeat(101)}`, 'more than 100 levels', 100],
  ])('refuses %s', (text, what, at) => expect(objectionToJson(text)).toEqual({ what, at }));

  it.each([
    '{"a":{"a":1},"b":["a","a"]}',
    '{"a":"\\"a\\":1,","b":"{{{["}',
    `${'['.repeat(100)}${']'.repeat(100)}`,
    '"a"',
    '{}',
  ])('lets %s pass', (text) => expect(objectionToJson(text)).toBeNull());

  it('lets every text pass that JSON.stringify makes', () => {
    const value = fc.jsonValue({ maxDepth: 6 });
    fc.assert(
      fc.property(
        value,
        (one) => objectionToJson(JSON.stringify(one)) === null || /proto|constructor/.test(JSON.stringify(one)),
      ),
    );
  });
});
