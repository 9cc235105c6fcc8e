import { renderToStaticMarkup } from 'react-dom/server';
import { jsx, jsxs } from './jsx-runtime';
import { shownText } from './shown-text';

const HIDDEN = 'pay\u202e001\u200b\ufeff\u{e0041}';
const SHOWN = 'pay\\u{202e}001\\u{200b}\\u{feff}\\u{e0041}';

it('shows what would disguise a text, and leaves lines and tabs', () => {
  expect(shownText(`${HIDDEN}\n\tmore\r`)).toBe(`${SHOWN}\n\tmore\\u{d}`);
  expect(shownText('plain ASCII, ümlaut, 漢字, 😀 …')).toBe('plain ASCII, ümlaut, 漢字, 😀 …');
  expect(shownText(SHOWN)).toBe(SHOWN);
});

it('does so in every text of an element, however deep, and in what is read aloud', () => {
  const inner = jsx('b', { children: HIDDEN });
  const element = jsxs('p', {
    title: HIDDEN,
    'aria-label': HIDDEN,
    children: ['a', HIDDEN, [HIDDEN, jsx('i', { children: [HIDDEN] }, 'i')], inner, 7, null],
  });
  const html = renderToStaticMarkup(element);
  expect(html).not.toMatch(/[\u202e\u200b\ufeff]/);
  expect(html.split(SHOWN)).toHaveLength(7);
});

it('does so in what components pass on', () => {
  const Line = ({ children }: { readonly children: string }) => jsx('p', { children: `> ${children}` });
  expect(renderToStaticMarkup(jsx(Line, { children: HIDDEN }))).toContain(SHOWN);
});

it('leaves the value of an entry as it is, because it is sent', () => {
  expect(renderToStaticMarkup(jsx('input', { value: HIDDEN, readOnly: true }))).toContain(HIDDEN);
});
