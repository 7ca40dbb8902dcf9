/** `--tune`: what is said while algorithms are measured. */
import type { TuneOptions } from '../../runtime/tuning_store/index.ts';
import { printable } from './messages.ts';

/** Tells how far tuning is, on one line of its own at the end; on a terminal it is written over meanwhile. */
export function tuning(out: NodeJS.WriteStream = process.stderr): TuneOptions {
  let begin = 0;
  const over = (text: string) => (out.isTTY ? `\r\x1b[K${text}` : text);
  return {
    progress: (done, total, what) => {
      if (done === 0) begin = performance.now();
      if (done === total) {
        const seconds = ((performance.now() - begin) / 1000).toFixed(1);
        out.write(over(`tuning   ${total} convolutions measured in ${seconds} s\n`));
      } else if (out.isTTY) {
        out.write(over(`tuning   ${done + 1}/${total}  ${what}`.slice(0, (out.columns || 80) - 1)));
      }
    },
    warn: (message) => out.write(over(`${printable(message)}\n`)),
  };
}
