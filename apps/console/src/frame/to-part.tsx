import type { ReactNode } from 'react';

/**
 * A button that leads to another part of the page and gives it the focus. A link to a fragment would leave the page, because the page has a
 * base address. `to`: id of an element with `tabIndex={-1}`.
 */
export function ToPart({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  return (
    <button
      type="button"
      className="link-button"
      onClick={() => {
        const part = document.getElementById(to);
        part?.scrollIntoView({ block: 'start' });
        part?.focus({ preventScroll: true });
      }}
    >
      {children}
    </button>
  );
}
