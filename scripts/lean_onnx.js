import { readFile } from 'node:fs/promises';

/**
 * ONNX's messages with their decoders alone: two thirds of onnx-proto's generated code write messages, or turn them into
 * other objects. Only who exports needs those, and nothing for browsers does.
 */
export const leanOnnx = {
  name: 'lean-onnx',
  /** @param {import('esbuild').PluginBuild} build */
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]onnx-proto[\\/]dist[\\/]onnx\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const others =
        /^( +)\w+\.(?:encode|\w+Delimited|verify|fromObject|toObject|prototype\.toJSON) = .*\n(?:.*\n)*?\1\};\n/gm;
      return { loader: 'js', contents: source.replace(others, '') };
    });
    // Without it, 64-bit integers are read as the nearest number, as src/onnx/proto.ts takes them.
    onLoad({ filter: /[\\/]long[\\/]umd[\\/]index\.js$/ }, () => ({
      loader: 'js',
      contents: 'module.exports = undefined;',
    }));
    // protobufjs configures its writers in any case.
    onLoad({ filter: /[\\/]protobufjs[\\/]src[\\/](writer\w*|rpc)\.js$/ }, () => ({
      loader: 'js',
      contents: 'exports._configure = () => {};',
    }));
  },
};
