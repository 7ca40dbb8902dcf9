/** Decoder of ONNX files: from bytes to plain data. Not what its operators mean: that is the importer's. */
import { FormatError } from '../runtime/errors.ts';
import { Attributes, type AttributeValue } from './attributes.ts';
import { ELEMENTS } from './elements.ts';
import { checkLocation } from './external.ts';
import type { OnnxFile, OnnxGraph, OnnxNode, ValueInfo } from './model.ts';
import { inOrder, labelOf } from './order.ts';
import { decodeModel, encodedOf, type onnx, toNumber } from './proto.ts';
import { decodeTensor, externalEntries } from './tensor.ts';
import type { OnnxTensor } from './tensor_types.ts';

const OLDEST_IR = 3;

/** External files by their location. */
export type ExternalFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Decodes a model. Constants refer to `bytes` and `external`, and are decoded when they are asked for their numbers.
 *
 * @param name for messages
 * @param external the files that `externalLocations` lists
 * @throws FormatError when the file is damaged, is not self-consistent, or has what is not decoded: model-local
 *   functions, sparse initializers, IR versions before 3.
 */
export function decodeOnnx(bytes: Uint8Array, name: string, external: ExternalFiles): Omit<OnnxFile, 'sha256'> {
  const model = decodeModel(bytes, name);
  const irVersion = toNumber(model.irVersion);
  if (!(irVersion >= OLDEST_IR))
    throw new FormatError({
      where: name,
      expected: `an ONNX model of IR version ${OLDEST_IR} or newer`,
      got: irVersion,
    });
  if (model.functions.length) {
    const functions = model.functions.slice(0, 10).map((one) => `'${one.name ?? ''}'`);
    const remedy = 'export it without functions, or inline them with onnx.inliner';
    throw new FormatError({
      where: name,
      expected: 'no model-local functions',
      got: functions.join(', '),
      hint: remedy,
    });
  }
  if (!model.graph) throw new FormatError({ where: name, expected: 'an ONNX model', got: 'no graph' });
  const domains = new Map(model.opsetImport.map((one) => [plainDomain(one.domain), toNumber(one.version ?? 0)]));
  const opset = domains.get('') ?? 0;
  if (!(opset >= 1))
    throw new FormatError({ where: name, expected: 'the opset that the model is written for', got: 'none' });
  const producer = [model.producerName, model.producerVersion].filter(Boolean).join(' ');
  const graph = decodeGraph(model.graph, name, external);
  const size = [...external.values()].reduce((sum, file) => sum + file.length, bytes.length);
  return { name, irVersion, producer, opset, domains, graph, bytes: size };
}

/**
 * Lists the external files that a model refers to, as paths below its folder, sorted.
 *
 * @throws FormatError when the model is damaged, or refers to files elsewhere.
 */
export function externalLocations(bytes: Uint8Array, name: string): string[] {
  const graph = decodeModel(bytes, name).graph;
  const attributes = graph?.node?.flatMap((node) => node.attribute ?? []) ?? [];
  const constants = attributes.flatMap(({ t, tensors }) => [...(t ? [t] : []), ...(tensors ?? [])]);
  const locations = new Set<string>();
  for (const tensor of [...(graph?.initializer ?? []), ...constants]) {
    const entries = externalEntries(encodedOf(tensor), name);
    if (entries) locations.add(checkLocation(entries.get('location') ?? '', name));
  }
  return [...locations].sort();
}

function decodeGraph(graph: onnx.IGraphProto, file: string, external: ExternalFiles): OnnxGraph {
  if (graph.sparseInitializer?.length)
    throw new FormatError({
      where: file,
      expected: 'dense initializers',
      got: `${graph.sparseInitializer.length} sparse ones`,
    });
  const initializers = new Map<string, OnnxTensor>();
  graph.initializer?.forEach((one, i) => {
    const tensor = decodeTensor(encodedOf(one), `${file}: initializer ${i}`, external);
    if (tensor.name === '' || initializers.has(tensor.name))
      throw new FormatError({
        where: file,
        expected: `a name of its own for initializer ${i}`,
        got: `'${tensor.name}'`,
      });
    initializers.set(tensor.name, tensor);
  });
  const declared = (graph.input ?? []).map((one) => decodeValue(one, file));
  const inputs = declared.filter(({ name }) => !initializers.has(name));
  const outputs = (graph.output ?? []).map((one) => decodeValue(one, file));
  const given = new Set([...inputs.map(({ name }) => name), ...initializers.keys()]);
  if (given.size !== inputs.length + initializers.size)
    throw new FormatError({
      where: file,
      expected: 'inputs of different names',
      got: `${inputs.map(({ name }) => name)}`,
    });
  if (!outputs.length) throw new FormatError({ where: file, expected: 'a graph with outputs', got: 'none' });
  const nodes = (graph.node ?? []).map((one) => decodeNode(one, file, external));
  const values = [...(graph.valueInfo ?? []).map((one) => decodeValue(one, file)), ...declared, ...outputs];
  return {
    name: graph.name ?? '',
    inputs,
    outputs,
    initializers,
    nodes: inOrder(
      nodes,
      given,
      outputs.map(({ name }) => name),
      file,
    ),
    values: new Map(values.map((value) => [value.name, value])),
  };
}

function decodeNode(node: onnx.INodeProto, file: string, external: ExternalFiles): OnnxNode {
  const { opType, name, input: inputs, output: outputs } = node as onnx.NodeProto;
  const label = `${file}: ${labelOf({ opType, name, outputs })}`;
  const values = new Map<string, AttributeValue>();
  for (const attribute of (node.attribute ?? []) as onnx.AttributeProto[]) {
    if (values.has(attribute.name))
      throw new FormatError({ where: label, expected: `attribute '${attribute.name}' once`, got: 'it twice' });
    values.set(attribute.name, decodeAttribute(attribute, label, external));
  }
  return { name, opType, domain: plainDomain(node.domain), inputs, outputs, attributes: new Attributes(label, values) };
}

function decodeAttribute(attribute: onnx.AttributeProto, node: string, external: ExternalFiles): AttributeValue {
  const { f, i, s, t, floats, ints, strings, tensors, name } = attribute;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const where = `${node}, attribute '${name}'`;
  const type = attribute.type || typeOf(attribute);
  if (type === 1) return { kind: 'float', value: f };
  if (type === 2) return { kind: 'int', value: toNumber(i) };
  if (type === 3) return { kind: 'string', value: text(s) };
  if (type === 4 && t) return { kind: 'tensor', value: decodeTensor(encodedOf(t), where, external) };
  if (type === 6) return { kind: 'floats', value: floats };
  if (type === 7) return { kind: 'ints', value: ints.map(toNumber) };
  if (type === 8) return { kind: 'strings', value: strings.map(text) };
  if (type === 9)
    return { kind: 'tensors', value: tensors.map((one) => decodeTensor(encodedOf(one), where, external)) };
  return { kind: 'other', value: { 4: 'an empty tensor', 5: 'a graph', 10: 'graphs' }[type] ?? `type ${type}` };
}

/** The type of an attribute of files before IR version 4, which may leave it to be told from what is there. */
function typeOf(attribute: onnx.AttributeProto): number {
  const fields = ['f', 'i', 's', 't', 'g'] as const;
  const lists = ['floats', 'ints', 'strings', 'tensors', 'graphs'] as const;
  const one = fields.findIndex((field) => Object.hasOwn(attribute, field));
  return one >= 0 ? one + 1 : lists.findIndex((field) => attribute[field].length) + 6;
}

function decodeValue(value: onnx.IValueInfoProto, file: string): ValueInfo {
  const tensor = value.type?.tensorType;
  const name = value.name ?? '';
  const shape = tensor?.shape?.dim?.map((dim) => {
    if (dim.dimParam) return dim.dimParam;
    const extent = Object.hasOwn(dim, 'dimValue') ? toNumber(dim.dimValue!) : -1;
    if (extent > Number.MAX_SAFE_INTEGER)
      throw new FormatError({ where: file, expected: `extents below 2^53 for '${name}'`, got: extent });
    // Some exporters write -1 for a dimension that is not known.
    return extent < 0 ? '' : extent;
  });
  return { name, type: ELEMENTS[tensor?.elemType ?? 0]?.type, shape };
}

/** ONNX's own operators have two names for their domain. */
function plainDomain(domain: string | null | undefined): string {
  return domain === 'ai.onnx' ? '' : (domain ?? '');
}
