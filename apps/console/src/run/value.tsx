/** A value as indented JSON. Text from packs is shown as text, whatever it contains. */
export function Value({ value, label }: { readonly value: unknown; readonly label: string }) {
  return (
    <pre className="value code" tabIndex={0} role="region" aria-label={label}>
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
