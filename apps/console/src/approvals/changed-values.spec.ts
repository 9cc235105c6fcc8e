import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ChangedValues } from './changed-values';

const shown = (before: unknown, after: unknown): string =>
  renderToStaticMarkup(createElement(ChangedValues, { changes: [{ path: '/with/script', before, after }] }));

it('shows the lines of a long text that differ, and not the whole text twice', () => {
  const script = (line: string): string =>
    Array.from({ length: 2_000 }, (_, at) => (at === 1_000 ? line : `echo ${at}`)).join('\n');
  const html = shown(script('rm one'), script('rm two'));
  expect(html).toContain('<del>- rm one</del>');
  expect(html).toContain('<ins>+ rm two</ins>');
  expect(html).toContain('… 998 equal lines');
  expect(html).not.toContain('\\n');
  expect(html.length).toBeLessThan(1_000);
});

it('says how many more lines differ', () => {
  const text = (word: string): string => Array.from({ length: 300 }, (_, at) => `${word} ${at}`).join('\n');
  expect(shown(text('old'), text('new'))).toContain('560 more lines differ');
});

it('shows short values whole, before and after', () => {
  expect(shown(1, ['a'])).toContain('<del>1</del>');
  expect(shown(1, ['a'])).toContain('<ins>[&quot;a&quot;]</ins>');
});
