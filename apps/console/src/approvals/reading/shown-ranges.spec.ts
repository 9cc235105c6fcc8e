import { ShownRanges, withRange } from './shown-ranges';

it('ranges that touch or overlap become one', () => {
  expect(withRange([], { from: 10, to: 20 })).toEqual([{ from: 10, to: 20 }]);
  expect(withRange([{ from: 10, to: 20 }], { from: 20, to: 30 })).toEqual([{ from: 10, to: 30 }]);
  expect(
    withRange(
      [
        { from: 0, to: 5 },
        { from: 10, to: 20 },
        { from: 30, to: 40 },
      ],
      { from: 4, to: 31 },
    ),
  ).toEqual([{ from: 0, to: 40 }]);
  expect(withRange([{ from: 10, to: 20 }], { from: 0, to: 5 })).toEqual([
    { from: 0, to: 5 },
    { from: 10, to: 20 },
  ]);
  expect(withRange([{ from: 10, to: 20 }], { from: 7, to: 7 })).toEqual([{ from: 10, to: 20 }]);
});

describe('the parts of a page', () => {
  const window = { top: 50, bottom: 650 };
  const part = (name: string, top: number, height: number, content = '') => ({ name, top, height, content });

  it('are shown when all of each was within what is seen of the page', () => {
    const shown = new ShownRanges();
    shown.see(window, [part('head', 60, 200), part('long', 300, 1_000), part('end', 1_320, 100)]);
    expect(shown.missing()).toEqual(['long', 'end']);
    // The reader scrolls by 500.
    shown.see(window, [part('head', -440, 200), part('long', -200, 1_000), part('end', 820, 100)]);
    expect(shown.missing()).toEqual(['long', 'end']);
    shown.see(window, [part('head', -940, 200), part('long', -700, 1_000), part('end', 320, 100)]);
    expect(shown.missing()).toEqual([]);
  });

  it('are not shown by a jump over their middle', () => {
    const shown = new ShownRanges();
    shown.see(window, [part('long', 60, 3_000), part('end', 3_080, 100)]);
    shown.see(window, [part('long', -2_500, 3_000), part('end', 520, 100)]);
    expect(shown.missing()).toEqual(['long']);
  });

  it('are not shown while a table in them has pages that were not opened', () => {
    const shown = new ShownRanges();
    shown.see(window, [{ ...part('table', 60, 200), hasUnopened: true }]);
    expect(shown.missing()).toEqual(['table']);
    shown.see(window, [{ ...part('table', 60, 200, 'the last page'), hasUnopened: false }]);
    expect(shown.missing()).toEqual([]);
  });

  it('are as they stand on the page; one whose text is another is not shown any more, one that is only wider or narrower is', () => {
    const shown = new ShownRanges();
    shown.see(window, [part('one', 60, 100), part('two', 170, 100)]);
    expect(shown.missing()).toEqual([]);
    shown.see(window, [part('new', 60, 900), part('one', 960, 100), part('two', 1_060, 100)]);
    expect(shown.missing()).toEqual(['new']);
    shown.see(window, [part('one', 60, 900), part('two', 970, 100)]);
    expect(shown.missing()).toEqual([]);
    shown.see(window, [part('one', 60, 900, 'more'), part('two', 970, 100)]);
    expect(shown.missing()).toEqual(['one']);
    expect(shown.count()).toBe(2);
  });
});
