import { CliError } from '../terminal/cli-error';

const ANSWER_MS = 30_000;

/** What a server answers at the address of its console: a page, or the code of its refusal; null: none that is known. */
export type ConsoleAnswer =
  | { readonly page: string }
  | { readonly page: null; readonly refusal: 'CONSOLE_NOT_BUILT' | 'CONSOLE_DISABLED' | null };

/** Asks a server for its console. Throws `CLI_SERVER_UNREACHABLE`. */
export async function readConsole(server: string): Promise<ConsoleAnswer> {
  try {
    const response = await fetch(`${server}/console/`, { redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS) });
    const text = await response.text();
    return response.ok ? { page: text } : { page: null, refusal: refusalIn(text) };
  } catch (error) {
    // Not `instanceof`: the error of the platform may be of another realm.
    const { message, cause } = error as { message: string; cause?: { message?: string } };
    if (cause?.message === 'bad port')
      throw new CliError(
        'CLI_USAGE',
        `port ${new URL(server).port} cannot be used: HTTP clients refuse it`,
        'Let the server listen on another port.',
      );
    throw new CliError(
      'CLI_SERVER_UNREACHABLE',
      `${server} does not respond: ${cause?.message ?? message}`,
      'Check the address, make sure that the server is running, and try again.',
      [],
      { cause: error },
    );
  }
}

function refusalIn(text: string): 'CONSOLE_NOT_BUILT' | 'CONSOLE_DISABLED' | null {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return code === 'CONSOLE_NOT_BUILT' || code === 'CONSOLE_DISABLED' ? code : null;
  } catch {
    return null;
  }
}
