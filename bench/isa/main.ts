/** Entry point of `npm run isa`: machine code that GPUs' compilers make of the kernels. See docs/isa.md. */
import { COMMANDS } from './commands.ts';
import { Complaint } from './complaint.ts';
import { HELP, readOptions } from './options.ts';

try {
  const options = readOptions(process.argv.slice(2));
  if (options) COMMANDS[options.command](options);
  else console.log(HELP);
} catch (error) {
  if (!(error instanceof Complaint)) throw error;
  console.error(`isa: ${error.message}`);
  process.exitCode = 1;
}
