import type { Field } from './field';
import { Entry } from './entry';
import type { Entries, FieldFaults } from './read-fields';

interface FormFacts {
  readonly fields: readonly Field[];
  readonly entries: Entries;
  readonly faults: FieldFaults;
  readonly change: (entries: Entries) => void;
}

/** The entries of a form, and what is wrong with the form as a whole. */
export function FormFields({ fields, entries, faults, change }: FormFacts) {
  const whole = faults[''] ?? [];
  return (
    <>
      {fields.map((field) => (
        <Entry
          key={field.name}
          field={field}
          entry={entries[field.name] ?? ''}
          faults={faults[field.name] ?? []}
          change={(entry) => change({ ...entries, [field.name]: entry })}
        />
      ))}
      {whole.length === 0 ? null : (
        <ul className="plain entry-faults" role="alert">
          {whole.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Moves the keyboard to the first entry that is wrong. */
export function toFirstFault(form: HTMLElement | null): void {
  requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
