import { CliError } from '../terminal/cli-error';
import type { Terminal } from '../terminal/terminal';

/**
 * The answer of a person to a question about a decision; null: nobody can be asked. Throws `CLI_NOT_CONFIRMED` if the person stopped at the
 * question, with Ctrl-C for example.
 */
export async function answerOf(terminal: Terminal, question: string): Promise<string | null> {
  const answer = await terminal.ask(question);
  if (answer === null && terminal.canAsk === true)
    throw new CliError('CLI_NOT_CONFIRMED', 'stopped at the question', 'No decision was made.');
  return answer;
}
