/** Output of a command. */
export interface Terminal {
  /** Requested output: a line on stdout. */
  print(line: string): void;
  /** Additional messages: a line on stderr. */
  say(line: string): void;
  /** Text without a line end on stderr, for output that is redrawn. */
  draw(text: string): void;
  /** True if a person looks at stdout. */
  readonly isInteractive: boolean;
  /** The name by which hints call the program. Default: `taskrunner`. */
  readonly calledAs?: string;
  readonly columns: number;
  readonly rows: number;
  /** True if there is a person to ask. Default: false. */
  readonly canAsk?: boolean;
  /** Asks a person; null if there is none. */
  ask(question: string): Promise<string | null>;
}
