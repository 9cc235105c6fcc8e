import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ShownTable } from './shown-table';
import { tableOf } from './tables-in';

const shown = (count: number): string => {
  const table = tableOf(Array.from({ length: count }, (_, at) => ({ at, severity: at % 2 === 0 ? 'low' : 'high' })));
  if (table === null) throw new TypeError('no table');
  return renderToStaticMarkup(createElement(ShownTable, { table, name: 'findings' }));
};

it('counts severities above the table, and has pages of a long one', () => {
  const html = shown(1_000);
  expect(html).toContain('1000 rows: 500 high, 500 low');
  expect(html.indexOf('500 high')).toBeLessThan(html.indexOf('<table'));
  expect(html.match(/<tr/g)).toHaveLength(101);
  expect(html).toContain('Rows 1 to 100 of 1000');
  expect(html).toContain('data-unopened');
});

it('has no pages of a short one', () => {
  expect(shown(100).match(/<tr/g)).toHaveLength(101);
  expect(shown(100)).not.toContain('<nav');
});
