import { lineHash, logFilterOf, readLineRange, withLine } from './log-filter';

it('reads the lines of an address, and makes addresses of lines', () => {
  expect(['#L120', 'L120-L140', '#L140-L120', '#L0', '#LL', '', '#L1-L2-L3'].map(readLineRange)).toEqual([
    { first: 120, last: 120 },
    { first: 120, last: 140 },
    { first: 120, last: 140 },
    null,
    null,
    null,
    null,
  ]);
  expect([lineHash({ first: 7, last: 7 }), lineHash({ first: 7, last: 9 })]).toEqual(['L7', 'L7-L9']);
});

it('marks one line, or all up to another', () => {
  expect(withLine(null, 5, true)).toEqual({ first: 5, last: 5 });
  expect(withLine({ first: 5, last: 9 }, 3, true)).toEqual({ first: 3, last: 5 });
  expect(withLine({ first: 5, last: 9 }, 12, false)).toEqual({ first: 12, last: 12 });
});

it('asks for an attempt only of a step', () => {
  expect(logFilterOf({ attempt: 2, level: 'warn' })).toEqual({ level: 'warn' });
  expect(logFilterOf({ step: 'scan', attempt: 2 })).toEqual({ step: 'scan', attempt: 2 });
});
