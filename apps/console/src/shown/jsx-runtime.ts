import { Fragment, jsx as element, jsxs as elements } from 'react/jsx-runtime';
import { shownText } from './shown-text';

// The compiler calls this in place of React (`jsxImportSource`). A page therefore cannot show a text of a pack or a person as it is by
// forgetting something. Values of entries stay exact, because they are sent.

export type { JSX } from 'react/jsx-runtime';
export { Fragment };

/** Texts that a browser shows or a screen reader reads. */
const TEXTS = ['children', 'title', 'alt', 'placeholder', 'aria-label', 'aria-roledescription', 'aria-valuetext'];

type Props = Readonly<Record<string, unknown>>;

export const jsx: typeof element = (type, props, key) => element(type, shownProps(props as Props), key);
export const jsxs: typeof elements = (type, props, key) => elements(type, shownProps(props as Props), key);

function shownProps(props: Props): Props {
  let changed: Record<string, unknown> | null = null;
  for (const name of TEXTS) {
    const before = props[name];
    const after = shown(before);
    if (after !== before) changed = { ...(changed ?? props), [name]: after };
  }
  return changed ?? props;
}

function shown(value: unknown): unknown {
  if (typeof value === 'string') return shownText(value);
  if (!Array.isArray(value)) return value;
  const parts = value as readonly unknown[];
  const all = parts.map(shown);
  return all.some((part, at) => part !== parts[at]) ? all : parts;
}
