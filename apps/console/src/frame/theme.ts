/** `auto`: the theme of the operating system. */
export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'taskrunner.theme';
const ORDER: readonly Theme[] = ['auto', 'light', 'dark'];

/** The next theme in the cycle. */
export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? 'auto';
}

export function storedTheme(storage: Pick<Storage, 'getItem'>): Theme {
  const found = storage.getItem(KEY);
  return ORDER.find((one) => one === found) ?? 'auto';
}

/** Applies a theme to the page, and stores it for the next visit. */
export function applyTheme(theme: Theme, root: HTMLElement, storage: Pick<Storage, 'setItem'>): void {
  if (theme === 'auto') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
  storage.setItem(KEY, theme);
}
