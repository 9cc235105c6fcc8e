import type { Terminal } from '../terminal/terminal';

/** The terminal, whose questions end with the signal: nobody then answers. */
export function questionsUntil(terminal: Terminal, over: AbortSignal): Terminal {
  return {
    print: (line) => terminal.print(line),
    say: (line) => terminal.say(line),
    draw: (text) => terminal.draw(text),
    ask: (question) => terminal.ask(question, over),
    get isInteractive() {
      return terminal.isInteractive;
    },
    get columns() {
      return terminal.columns;
    },
    get rows() {
      return terminal.rows;
    },
    ...(terminal.canAsk === undefined ? {} : { canAsk: terminal.canAsk }),
    ...(terminal.calledAs === undefined ? {} : { calledAs: terminal.calledAs }),
  };
}
