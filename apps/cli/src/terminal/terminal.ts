/** Where a command writes. */
export interface Terminal {
  /** What was asked for: a line on stdout. */
  print(line: string): void;
  /** What is said beside it: a line on stderr. */
  say(line: string): void;
  /** Without a line end, on stderr: for what is drawn over. */
  draw(text: string): void;
  /** True if a person looks at stdout. */
  readonly isInteractive: boolean;
  readonly columns: number;
  readonly rows: number;
  /** Asks a person; null if there is none. */
  ask(question: string): Promise<string | null>;
}
