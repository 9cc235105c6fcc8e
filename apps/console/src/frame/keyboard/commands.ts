/** Something that the palette does. */
export interface Command {
  readonly id: string;
  readonly text: string;
  readonly act: () => void;
}

/** The commands whose texts contain all words that were typed, in either case; those that begin with the first word come first. */
export function matching(commands: readonly Command[], typed: string): readonly Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const [first] = words;
  if (first === undefined) return commands;
  const found = commands.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
  const begins = ({ text }: Command): boolean => text.toLowerCase().startsWith(first);
  return [...found.filter(begins), ...found.filter((command) => !begins(command))];
}

/** The id of a run, if that is what was typed. */
export function typedRun(typed: string): string | null {
  return /^run_[0-9a-z]{26}$/.test(typed.trim()) ? typed.trim() : null;
}
