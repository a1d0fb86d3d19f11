import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  elementType,
  type Attribute,
  type Model,
  type ModelConstant,
  type ModelNode,
  type ModelTensor,
} from "./types.ts";

/** ONNX's intermediate representation and operator set that the engine writes. */
export const irVersion = 10;
export const opset = 21;

/** Operator domains beside ONNX's own, with the version that is asked for. */
const domains: Readonly<Record<string, number>> = {
  "com.microsoft": 1,
  "com.microsoft.nchwc": 1,
};

/** The bytes of an ONNX model file (message ModelProto of onnx.proto3; numbers in the code are its field numbers). */
export function encodeModel(model: Model): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(irVersion);
  writer.tag(2, WireType.LengthDelimited).string("gen");
  message(writer, 8, (w) => w.tag(2, WireType.Varint).int64(opset));
  for (const [domain, version] of Object.entries(domains)) {
    if (model.nodes.some((node) => node.domain === domain)) {
      message(writer, 8, (w) => {
        w.tag(1, WireType.LengthDelimited).string(domain);
        w.tag(2, WireType.Varint).int64(version);
      });
    }
  }
  message(writer, 7, (w) => {
    for (const node of model.nodes) message(w, 1, (v) => writeNode(v, node));
    w.tag(2, WireType.LengthDelimited).string("gen");
    for (const constant of model.constants) message(w, 5, (v) => writeConstant(v, constant));
    for (const input of model.inputs) message(w, 11, (v) => writeTensorInfo(v, input));
    for (const output of model.outputs) message(w, 12, (v) => writeTensorInfo(v, output));
    for (const value of model.values ?? []) message(w, 13, (v) => writeTensorInfo(v, value));
  });
  for (const [name, text] of Object.entries(model.metadata ?? {}))
    writeText(writer, 14, name, text);
  return writer.finish();
}

function writeText(writer: BinaryWriter, field: number, name: string, text: string): void {
  message(writer, field, (w) => {
    w.tag(1, WireType.LengthDelimited).string(name);
    w.tag(2, WireType.LengthDelimited).string(text);
  });
}

function message(writer: BinaryWriter, field: number, body: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  body(writer);
  writer.join();
}

function writeNode(writer: BinaryWriter, node: ModelNode): void {
  for (const input of node.inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of node.outputs) writer.tag(2, WireType.LengthDelimited).string(output);
  if (node.name) writer.tag(3, WireType.LengthDelimited).string(node.name);
  writer.tag(4, WireType.LengthDelimited).string(node.op);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message(writer, 5, (w) => {
      w.tag(1, WireType.LengthDelimited).string(name);
      writeAttribute(w, attribute);
    });
  }
  if (node.domain) writer.tag(7, WireType.LengthDelimited).string(node.domain);
}

function writeAttribute(writer: BinaryWriter, attribute: Attribute): void {
  if ("float" in attribute) {
    writer.tag(2, WireType.Bit32).float(attribute.float);
    writer.tag(20, WireType.Varint).int32(1);
  } else if ("int" in attribute) {
    writer.tag(3, WireType.Varint).int64(attribute.int);
    writer.tag(20, WireType.Varint).int32(2);
  } else if ("string" in attribute) {
    writer.tag(4, WireType.LengthDelimited).string(attribute.string);
    writer.tag(20, WireType.Varint).int32(3);
  } else if ("floats" in attribute) {
    for (const value of attribute.floats) writer.tag(7, WireType.Bit32).float(value);
    writer.tag(20, WireType.Varint).int32(6);
  } else {
    for (const value of attribute.ints) writer.tag(8, WireType.Varint).int64(value);
    writer.tag(20, WireType.Varint).int32(7);
  }
}

function writeTensorInfo(writer: BinaryWriter, tensor: ModelTensor): void {
  writer.tag(1, WireType.LengthDelimited).string(tensor.name);
  message(writer, 2, (w) =>
    message(w, 1, (v) => {
      v.tag(1, WireType.Varint).int32(elementType[tensor.type]);
      const { shape } = tensor;
      if (!shape) return;
      message(v, 2, (sizes) => {
        for (const size of shape) {
          message(sizes, 1, (dim) =>
            typeof size === "string"
              ? dim.tag(2, WireType.LengthDelimited).string(size)
              : dim.tag(1, WireType.Varint).int64(size),
          );
        }
      });
    }),
  );
}

function writeConstant(writer: BinaryWriter, constant: ModelConstant): void {
  for (const size of constant.shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(elementType[constant.type]);
  writer.tag(8, WireType.LengthDelimited).string(constant.name);
  const { data } = constant;
  if (!ArrayBuffer.isView(data)) {
    for (const [name, value] of Object.entries(data)) writeText(writer, 13, name, String(value));
    writer.tag(14, WireType.Varint).int32(1); // data_location: external
    return;
  }
  const { buffer, byteOffset, byteLength } = data;
  writer
    .tag(9, WireType.LengthDelimited)
    .bytes(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
}
