import type { Fault } from '@taskrunner/core/foundation';
import { faultLines } from './print-faults';

const fault = (more: Partial<Fault>): Fault => ({
  code: 'PACK_UNKNOWN_FIELD',
  path: '/spec/stepz',
  line: 4,
  column: 3,
  message: 'There is no field stepz.',
  remediation: 'Did you mean steps?',
  ...more,
});

describe('faults', () => {
  it.each<[Partial<Fault>, string]>([
    [{}, 'PACK_UNKNOWN_FIELD pack.yaml:4:3 There is no field stepz.'],
    [{ line: 4, column: null }, 'PACK_UNKNOWN_FIELD pack.yaml:4:1 There is no field stepz.'],
    [{ line: null, column: null }, 'PACK_UNKNOWN_FIELD pack.yaml#/spec/stepz There is no field stepz.'],
    [{ line: null, column: null, path: '' }, 'PACK_UNKNOWN_FIELD pack.yaml There is no field stepz.'],
    [{ line: null, column: null, path: '/inputs/region' }, 'PACK_UNKNOWN_FIELD inputs/region There is no field stepz.'],
    [{ message: 'a\u001b[2Jb' }, 'PACK_UNKNOWN_FIELD pack.yaml:4:3 a\\u{1b}[2Jb'],
  ])('%j', (more, line) => {
    expect(faultLines([fault(more)], 'pack.yaml')).toEqual([line, 'help: Did you mean steps?']);
  });
});
