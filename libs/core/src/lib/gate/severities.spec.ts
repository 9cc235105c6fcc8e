import { rankedFindings } from './severities';

it('the worst findings stand first, in their order inside, with a count of each severity', () => {
  const list = ['info', 'low', 'HIGH', 'critical', null, 'medium', 'high', 'low'].map((severity, at) => ({
    severity,
    at,
  }));
  expect(rankedFindings(list)?.rows.map(({ at }) => at)).toEqual([3, 2, 6, 5, 1, 7, 0, 4]);
  expect(rankedFindings(list)?.counts).toEqual(['1 critical', '2 high', '1 medium', '2 low', '1 info', '1 other']);
});

it.each([[[]], [[{ at: 1 }]], [[{ severity: 'low' }, 7]]])('%j are no findings', (list) => {
  expect(rankedFindings(list)).toBeNull();
});
