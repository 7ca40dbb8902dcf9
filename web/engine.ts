/** The colorizer, on a device that may be lost: it is opened anew, once, for each picture that needs it. */
import type { Chroma } from '../src/image/chroma.ts';
import type { Picture } from '../src/image/picture.ts';
import { Colorizer } from '../src/model/colorizer.ts';
import { decodeWeights } from '../src/model/weights.ts';
import { DeviceError, FormatError } from '../src/runtime/errors.ts';

export class Engine {
  readonly #weights: Uint8Array;
  readonly #notice: (message: string) => void;
  #colorizer: Colorizer;

  private constructor(weights: Uint8Array, notice: (message: string) => void, colorizer: Colorizer) {
    this.#weights = weights;
    this.#notice = notice;
    this.#colorizer = colorizer;
  }

  /** Opens a device. `name` is the weights', for messages. @throws DeviceError, FormatError */
  static async open(weights: Uint8Array, name: string, notice: (message: string) => void): Promise<Engine> {
    if (decodeWeights(weights, name).embedding) {
      throw new FormatError(
        `${name}: expected weights without a feature extractor, got ones that need it – use the command line for them, with --inception`,
      );
    }
    return new Engine(weights, notice, await Colorizer.load({ weights, notice }));
  }

  /** The device's name. */
  get device(): string {
    const { name, software } = this.#colorizer.gpu;
    return `${name || 'a device that the browser does not name'}${software ? ' (software: slow)' : ''}`;
  }

  /** What the network says of a picture. @throws DeviceError when a new device fails as well */
  async chroma(picture: Picture): Promise<Chroma> {
    try {
      return await this.#colorizer.chroma(picture);
    } catch (cause) {
      if (!(cause instanceof DeviceError)) throw cause;
      await this.close();
      this.#colorizer = await Colorizer.load({ weights: this.#weights, notice: this.#notice });
      const chroma = await this.#colorizer.chroma(picture);
      this.#notice(`The device failed, and was opened again. (${cause.message})`);
      return chroma;
    }
  }

  async close(): Promise<void> {
    await this.#colorizer.close();
  }
}
