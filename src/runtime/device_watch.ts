/** Watch over a device: whether it is lost or closed, and errors that belong to no call, told to whoever comes next. */
import { describeError } from './error_scope.ts';
import { closedError, DeviceError, type ErrorParts } from './errors.ts';
import { PendingErrors } from './pending_errors.ts';

export class DeviceWatch {
  /** What went wrong, and nobody was told of yet. */
  readonly errors = new PendingErrors();
  readonly #name: string;
  #lost: ErrorParts | undefined;
  #closed = false;

  /** @param name of the device, for messages */
  constructor(device: GPUDevice, name: string) {
    this.#name = name;
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault(); // Dawn prints it on stdout otherwise.
      this.note(undefined, Promise.resolve(describeError(event.error)));
    });
    device.lost.then(
      ({ reason, message }) => {
        if (this.#closed) return;
        this.#lost = {
          where: name,
          expected: 'a working device',
          got: `'lost (${reason}): ${message}'`,
          hint: 'open another one',
        };
      },
      () => undefined,
    );
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** From now on it is closed, and whatever becomes of the device no error. */
  close(): void {
    this.#closed = true;
  }

  /** @throws DeviceError if the device is lost or closed. */
  check(): void {
    if (this.#closed) throw closedError(this.#name, 'open another one');
    // A new object each time: its stack shows the call that noticed.
    if (this.#lost) throw new DeviceError(this.#lost);
  }

  /** Notes what may have gone wrong with `buffers`; undefined: nobody knows with which. `error` never rejects. */
  note(buffers: Parameters<PendingErrors['add']>[0], error: Promise<ErrorParts | undefined>): void {
    const named = error.then((problem) => problem && { where: this.#name, ...problem });
    this.errors.add(buffers, named);
  }

  /** What to throw of a problem with this device. */
  error(problem: ErrorParts, cause?: unknown): DeviceError {
    return new DeviceError({ where: this.#name, ...problem }, cause === undefined ? undefined : { cause });
  }
}
