/** The colorizer, on a device that may be lost: it is opened anew, once, for each picture that needs it. */
import type { Chroma } from '../../src/image/color/chroma.ts';
import type { Picture } from '../../src/image/raster/picture.ts';
import { Colorizer, type ColorizerOptions } from '../../src/model/colorizer.ts';
import { decodeWeights } from '../../src/model/weights.ts';
import { sha256 } from '../../src/onnx/sha256.ts';
import { DeviceError, FormatError } from '../../src/runtime/errors.ts';

export class Engine {
  readonly #options: ColorizerOptions;
  readonly #onWarning: (message: string) => void;
  #colorizer: Colorizer;

  private constructor(options: ColorizerOptions, onWarning: (message: string) => void, colorizer: Colorizer) {
    this.#options = options;
    this.#onWarning = onWarning;
    this.#colorizer = colorizer;
  }

  /**
   * Opens a device.
   *
   * @param name the weights', for messages
   * @param loadExtractor gets the page's extractor, for weights that need one
   * @throws DeviceError, FormatError
   */
  static async open(
    weights: Uint8Array,
    name: string,
    loadExtractor: () => Promise<Uint8Array>,
    onWarning: (message: string) => void,
  ): Promise<Engine> {
    const { embedding } = decodeWeights(weights, name);
    if (embedding && embedding.kind !== 'maps') {
      throw new FormatError({
        where: name,
        expected: 'weights without a feature extractor or with feature maps',
        got: "ones that need a classifier's vector",
        hint: 'use the command line for them, with --inception',
      });
    }
    const extractor = embedding && (await loadExtractor());
    const digest = extractor && (await sha256(extractor));
    if (embedding && embedding.sha256 !== digest) {
      throw new FormatError({
        where: name,
        expected: `weights that were trained with the page's feature extractor (SHA-256 ${digest})`,
        got: `ones of another (SHA-256 ${embedding.sha256})`,
        hint: 'use the command line for them, with --extractor',
      });
    }
    const options = { weights, onWarning, ...(extractor && { extractor }) };
    return new Engine(options, onWarning, await Colorizer.load(options));
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
      this.#colorizer = await Colorizer.load(this.#options);
      const chroma = await this.#colorizer.chroma(picture);
      this.#onWarning(`The device failed, and was opened again. (${cause.message})`);
      return chroma;
    }
  }

  async close(): Promise<void> {
    await this.#colorizer.close();
  }
}
