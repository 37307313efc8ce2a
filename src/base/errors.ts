// The two ways a program stops on purpose. Counterpart: strerr_die*.c with exit codes 100 and 111.
// Bad bytes from the network or from a cdb are no exceptions: they are a flag, false or -1.
import { errorText } from './oserror.ts';

/** Wrong arguments: `PROGRAM: usage: TEXT`, exit 100. Without a text the program's own usage line is printed. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * The environment, a file or the system refuses: `PROGRAM: fatal: TEXT`, exit 111 unless the program says otherwise.
 */
export class Fatal extends Error {
  override name = 'Fatal';
  readonly exitCode: number;
  constructor(message: string, exitCode = 111) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs `action`; a system error becomes `Fatal("MESSAGE: djb's text")`. */
export function orFatal<T>(message: string, action: () => T, exitCode = 111): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Fatal) throw error;
    throw new Fatal(`${message}: ${errorText(error)}`, exitCode);
  }
}
