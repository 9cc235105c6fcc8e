import type { Json } from '../api/views';

/** A value as indented JSON. Text from packs is shown as text, whatever it contains. */
export function Value({ value, label }: { readonly value: Json; readonly label: string }) {
  return (
    <pre className="value code" tabIndex={0} role="region" aria-label={label}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
