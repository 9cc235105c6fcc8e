import fc from 'fast-check';
import { parseTraceparent, printTraceparent } from './traceparent';
import { lawRuns } from '@taskrunner/core/testing';

const TRACE = 'a'.repeat(32);
const SPAN = 'b'.repeat(16);

describe('parseTraceparent', () => {
  it.each([
    ['sampled', `00-${TRACE}-${SPAN}-01`, 1],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, 0],
    ['flags of the future', `00-${TRACE}-${SPAN}-ff`, 1],
    ['a later version', `cc-${TRACE}-${SPAN}-01-what-comes`, 1],
  ])('reads %s', (_, text, traceFlags) =>
    expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true }),
  );

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['more in version 00', `00-${TRACE}-${SPAN}-01-x`],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['a line end', `00-${TRACE}-${SPAN}-01\n`],
    ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ])('refuses %s', (_, text) => expect(parseTraceparent(text)).toBeNull());

  it('reads what it prints', () => {
    const hex = (length: number) =>
      fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`)).filter((text) => /[^0]/.test(text));
    fc.assert(
      fc.property(hex(32), hex(16), fc.constantFrom(0, 1), (traceId, spanId, traceFlags) => {
        const text = printTraceparent({ traceId, spanId, traceFlags });
        expect(text).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
        expect(parseTraceparent(text)).toEqual({ traceId, spanId, traceFlags, isRemote: true });
      }),
      lawRuns(),
    );
  });
});
