/**
 * The command line of the npm scripts that take no arguments: --help says what they do, and anything else is refused
 * before it is ignored.
 */
import { Command } from 'commander';

/** Ends the process where it was asked for help, or for something that there is not. */
export function takesNoArguments(name: string, description: string): void {
  new Command(name).description(description).allowExcessArguments(false).showHelpAfterError().parse();
}
