/** `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'taskrunner.theme';
const ORDER: readonly Theme[] = ['auto', 'light', 'dark'];

/** The theme that comes after this one. */
export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? 'auto';
}

export function storedTheme(storage: Pick<Storage, 'getItem'>): Theme {
  const found = storage.getItem(KEY);
  return ORDER.find((one) => one === found) ?? 'auto';
}

/** Applies a theme to the page, and keeps it for the next visit. */
export function applyTheme(theme: Theme, root: HTMLElement, storage: Pick<Storage, 'setItem'>): void {
  if (theme === 'auto') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
  storage.setItem(KEY, theme);
}
