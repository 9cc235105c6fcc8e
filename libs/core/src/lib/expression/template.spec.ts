import { evaluateTemplate, mapTemplates, parseJsonTemplate, readsOfTemplate } from './json-template';
import { evaluateText, parseTemplate, printTemplate, type Template } from './template';
import type { Json, JsonObject } from '../foundation/json';

const SCOPE: JsonObject = {
  inputs: { x: 1, s: 'text', list: [1, { b: 1, a: 2 }], none: null, t: true },
  secrets: { 'siem-key': 'k' },
};

function parsed(text: string): Template {
  const result = parseTemplate(text);
  if (result.kind === 'faults') throw new Error(JSON.stringify(result.faults));
  return result.template;
}

describe('templates', () => {
  it.each<[string, Template['kind'], Json]>([
    ['plain', 'literal', 'plain'],
    ['a } b }} c { d', 'literal', 'a } b }} c { d'],
    ['{{ inputs.x }}', 'expression', 1],
    ['{{inputs.x}}', 'expression', 1],
    ['{{ {a: {b: inputs.x}} }}', 'expression', { a: { b: 1 } }],
    ['{{ {a: {b: inputs.x}}}}', 'expression', { a: { b: 1 } }],
    ["{{ '}}' }}", 'expression', '}}'],
    ['{{ `{"a": {"b": 1}}` }}', 'expression', { a: { b: 1 } }],
    ["{{ '{{' }}", 'expression', '{{'],
    ['{{ inputs.none }}', 'expression', null],
    ['{{ secrets.siem-key }}', 'expression', 'k'],
    ['v={{ inputs.x }}', 'interpolation', 'v=1'],
    [' {{ inputs.x }}', 'interpolation', ' 1'],
    ['{{ inputs.s }}/{{ inputs.t }}/{{ inputs.list }}', 'interpolation', 'text/true/[1,{"a":2,"b":1}]'],
    ['{{ inputs.x }}{{ inputs.x }}', 'interpolation', '11'],
    ['é😀{{ inputs.x }}', 'interpolation', 'é😀1'],
    ['{{ inputs.x }} }}', 'interpolation', '1 }}'],
  ])('%s', (text, kind, value) => {
    const template = parsed(text);
    expect(template.kind).toBe(kind);
    expect(evaluateText(template, SCOPE)).toEqual(value);
    expect(printTemplate(parsed(printTemplate(template)))).toBe(printTemplate(template));
  });

  it.each<[string, string, number]>([
    ['a {{ inputs.x', 'EXPR_UNCLOSED', 2],
    ["a {{ inputs.x == '}}", 'EXPR_SYNTAX', 17],
    ['a {{ }}', 'EXPR_SYNTAX', 5],
    ['a {{ inputs.x > }} {{ inputs.y', 'EXPR_SYNTAX', 16],
    ['😀 {{ inputs. }}', 'EXPR_SYNTAX', 14],
    ['{{ {a: inputs.x }}', 'EXPR_UNCLOSED', 0],
    ['\ud800 {{ inputs.x }}', 'EXPR_SYNTAX', 0],
  ])('%j is refused', (text, code, offset) => {
    const result = parseTemplate(text);
    expect(result).toMatchObject({ kind: 'faults' });
    if (result.kind === 'faults') expect(result.faults[0]).toMatchObject({ code, offset });
  });

  it('reports every expression that is wrong', () => {
    const result = parseTemplate('{{ $ }} {{ lenght(inputs.x) }} {{ inputs.');
    expect(result.kind === 'faults' && result.faults.map(({ code, offset }) => [code, offset])).toEqual([
      ['EXPR_ROOT', 3],
      ['EXPR_UNKNOWN_FUNCTION', 11],
      ['EXPR_UNCLOSED', 31],
    ]);
  });

  it('does not put null into a text', () => {
    expect(() => evaluateText(parsed('a {{ inputs.none }}'), SCOPE)).toThrow(
      expect.objectContaining({ code: 'EXPR_NULL' }) as Error,
    );
  });
});

describe('templates in JSON values', () => {
  const value: Json = { url: 'https://x/{{inputs.s}}', deep: [1, { n: '{{inputs.x}}' }], plain: { a: 'b' } };

  it('evaluates, prints and names its reads', () => {
    const result = parseJsonTemplate(value);
    if (result.kind === 'faults') throw new Error('faults');
    const { template } = result;
    expect(template.evaluate(SCOPE)).toEqual({ url: 'https://x/text', deep: [1, { n: 1 }], plain: { a: 'b' } });
    expect(template.canonical).toEqual({
      url: 'https://x/{{ inputs.s }}',
      deep: [1, { n: '{{ inputs.x }}' }],
      plain: { a: 'b' },
    });
    expect(template.constant).toBe(false);
    expect(readsOfTemplate(value).map(({ path }) => path)).toEqual([['s'], ['x']]);
    expect(evaluateTemplate(template.canonical, SCOPE)).toEqual(template.evaluate(SCOPE));
  });

  it('maps with RFC 6901 places', () => {
    const places: string[] = [];
    mapTemplates({ 'a/b': ['{{ inputs.x }}'], '~': '{{ inputs.x }}' }, (_, pointer) => {
      places.push(pointer);
      return null;
    });
    expect(places).toEqual(['/a~1b/0', '/~0']);
  });

  it('reports faults by place, also in names', () => {
    const result = parseJsonTemplate({ a: ['{{ }}'], '{{ inputs.x }}': 1, b: '{{ $ }}' });
    expect(result.kind === 'faults' && result.faults.map(({ code, pointer }) => [code, pointer])).toEqual([
      ['EXPR_SYNTAX', '/a/0'],
      ['EXPR_NOT_ALLOWED', '/{{ inputs.x }}'],
      ['EXPR_ROOT', '/b'],
    ]);
  });

  it('is constant without expressions, and keeps own members of any name', () => {
    const odd = JSON.parse('{"__proto__": "{{ inputs.x }}", "constructor": "x"}') as JsonObject;
    expect(JSON.stringify(evaluateTemplate(odd, SCOPE))).toBe('{"__proto__":1,"constructor":"x"}');
    const result = parseJsonTemplate({ a: 'b' });
    expect(result.kind === 'template' && result.template.constant).toBe(true);
  });
});
