import type { Command } from 'commander';
import type { Context } from '../context';
import { registerContexts } from './context.commands';
import { registerLogin } from './login.command';
import { registerLogout } from './logout.command';

/** `login`, `logout` and `context …`: servers with their sign-ins. */
export function registerSession(program: Command, context: Context): void {
  registerLogin(program, context);
  registerLogout(program, context);
  registerContexts(program, context);
}
