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
  /** True if a person can answer on stdin: a question without an answer was then stopped with Ctrl-C, or by the end of the input. */
  readonly canAsk?: boolean;
  /** Asks a person; null if there is none, or no answer. Output meanwhile stands above the question. `over` ends the question. */
  ask(question: string, over?: AbortSignal): Promise<string | null>;
}
