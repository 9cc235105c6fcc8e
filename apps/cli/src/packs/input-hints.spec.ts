import type { Fault } from '@taskrunner/core/foundation';
import { withInputHints, type InputRules } from './input-hints';

const RULES = [
  { name: 'region', type: 'string', enum: ['eu', 'us'] },
  { name: 'report', type: 'file', enum: null },
  { name: 'level', type: 'integer', enum: [1, 2] },
  { name: 'count', type: 'integer', enum: null, schema: { minimum: 1, maximum: 9 } },
  { name: 'owner', type: 'object', enum: null, schema: 'schemas/owner.json' },
] as unknown as InputRules;
const fault = (code: string, path: string, line: number | null = null): Fault => ({
  code,
  path,
  line,
  column: line,
  message: 'It is wrong.',
  remediation: 'Set the input.',
});
const hint = (code: string, path: string, line: number | null = null, rules: InputRules = RULES) =>
  withInputHints([fault(code, path, line)], rules)[0]?.remediation;

it.each([
  ['INPUT_MISSING', '/inputs/report', 'Set the input with -i report=@path, or in the file of --inputs.'],
  [
    'INPUT_MISSING',
    '/inputs/region',
    'Set the input with -i region=value, or in the file of --inputs. Allowed values: eu, us.',
  ],
  ['INPUT_MISSING', '/inputs/a~1b', 'Set the input with -i a/b=value, or in the file of --inputs.'],
  ['INPUT_ENUM', '/inputs/level', 'Use -i level=value. Allowed values: 1, 2.'],
  ['INPUT_UNKNOWN', '/inputs/regoin', 'Did you mean region? Inputs of the pack: region, report, level, count, owner.'],
  [
    'INPUT_UNKNOWN',
    '/inputs/ticket',
    'Remove the input, or correct its name. Inputs of the pack: region, report, level, count, owner.',
  ],
  ['INPUT_MISSING', '/inputs/count', 'Set the input with -i count=value, or in the file of --inputs. Bounds: 1 to 9.'],
  ['INPUT_INVALID', '/inputs/count', 'Use -i count=value. Bounds: 1 to 9.'],
  ['INPUT_TYPE', '/inputs/count', 'Use -i count=value. Bounds: 1 to 9.'],
  // Nothing to add.
  ['INPUT_INVALID', '/inputs/owner', 'Set the input.'],
  ['INPUT_TYPE', '/inputs/region', 'Set the input.'],
  ['INPUT_ENUM', '/inputs/report', 'Set the input.'],
  ['INPUT_MISSING', '/spec/steps/0/uses', 'Set the input.'],
])('the remedy of %s at %s names what to type', (code, path, remedy) => {
  expect(hint(code, path)).toBe(remedy);
});

it('a fault of a file keeps its remedy', () => {
  expect(hint('INPUT_MISSING', '/inputs/region', 3)).toBe('Set the input.');
});

it('the number of listed values has a bound', () => {
  const values = Array.from({ length: 25 }, (_, i) => i);
  const rules = [{ name: 'n', type: 'integer', enum: values }] as unknown as InputRules;
  expect(hint('INPUT_ENUM', '/inputs/n', null, rules)).toMatch(/: 0, 1, .*, 19, and 5 more\.$/);
});
