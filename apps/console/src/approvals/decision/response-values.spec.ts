import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { ResponseValues } from './response-values';

it('shows the fields in the order of the pack, with titles and descriptions', () => {
  const schema = {
    type: 'object',
    properties: {
      window: { type: 'string', title: 'Window', description: 'When to begin' },
      tested: { type: 'boolean' },
      note: { type: 'string' },
    },
  };
  const value = { more: 1, tested: false, window: 'night' };
  const html = renderToStaticMarkup(createElement(ResponseValues, { schema, value, label: 'The response' }));
  const text = html.replace(/<[^>]*>/g, '|').replace(/\|+/g, '|');
  expect(text).toBe('|Window| When to begin|night|tested|no|note|no answer|more|1|');
});
