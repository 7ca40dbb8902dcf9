/** Addresses of the weights and of the classifier that come with the package. */
import { EnvironmentError } from '../runtime/errors.ts';

/**
 * Where the weights are: two folders up, both from src/model/ and from dist/chunks/, where the build puts this file.
 *
 * @throws EnvironmentError in a bundle that is no ES module, as it does not know where it is.
 */
export function defaultWeights(): URL {
  return beside('weights', () => new URL('../../weights/koalarize.safetensors', import.meta.url));
}

/** The classifier that they were trained with. @throws EnvironmentError as `defaultWeights`. */
export function defaultExtractor(): URL {
  return beside('extractor', () => new URL('../../weights/efficientnet-lite0.onnx', import.meta.url));
}

function beside(option: string, address: () => URL): URL {
  try {
    return address();
  } catch (cause) {
    throw new EnvironmentError(
      {
        where: option,
        expected: 'a file beside this module',
        got: 'a bundle that does not know where it is',
        hint: `give its address or its bytes: Colorizer.load({ ${option} })`,
      },
      { cause },
    );
  }
}
