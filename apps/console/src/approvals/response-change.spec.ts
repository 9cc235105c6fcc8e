import { changeOfResponse } from './response-change';

it('notices each way in which the response that was read is not that of the gate any more', () => {
  expect(changeOfResponse({ window: 'night' }, { window: 'day' })).toBe('changed');
  expect(changeOfResponse({ window: 'night' }, null)).toBe('withdrawn');
  expect(changeOfResponse(null, { window: 'night' })).toBe('given');
});

it('takes the same response in another order of members for the same', () => {
  expect(changeOfResponse({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe('none');
  expect(changeOfResponse(null, null)).toBe('none');
});
