import { useEffect, useState, type ReactNode, type RefObject } from 'react';

interface SearchFormFacts {
  /** Name of the form for screen readers: what is searched. */
  readonly name: string;
  /** Name of its entry. */
  readonly label: string;
  readonly placeholder: string;
  /** The text of the address. */
  readonly q: string;
  readonly find: (text: string) => void;
  readonly input: RefObject<HTMLInputElement | null>;
  /** Further filters. */
  readonly children?: ReactNode;
}

/** A search over a list. It searches when it is submitted, and shows everything again when it is emptied. */
export function SearchForm({ name, label, placeholder, q, find, input, children }: SearchFormFacts) {
  const [text, setText] = useState(q);
  useEffect(() => setText(q), [q]);
  return (
    <form
      className="filters"
      role="search"
      aria-label={name}
      onSubmit={(event) => {
        event.preventDefault();
        find(text);
      }}
    >
      <input
        ref={input}
        type="search"
        className="field search"
        aria-label={label}
        placeholder={placeholder}
        value={text}
        onChange={({ target: { value } }) => {
          setText(value);
          if (value === '') find('');
        }}
      />
      {children}
    </form>
  );
}
