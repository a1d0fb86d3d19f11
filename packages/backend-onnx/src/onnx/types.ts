/** Element types of ONNX tensors (onnx.proto3, TensorProto.DataType), those that the engine uses. */
export const elementType = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  uint32: 12,
} as const;

export type ElementType = keyof typeof elementType;

/** An attribute of an ONNX operator. Integers and floats are told apart by their key, as ONNX does. */
export type Attribute =
  | { int: number }
  | { float: number }
  | { string: string }
  | { ints: readonly number[] }
  | { floats: readonly number[] };

export type Attributes = Readonly<Record<string, Attribute>>;

export interface ModelTensor {
  name: string;
  type: ElementType;
  /** Undefined for any; a size that is not fixed has a name. */
  shape: readonly (number | string)[] | undefined;
}

/** Where a file beside the model holds the bytes of a constant. */
export interface ExternalData {
  location: string;
  offset: number;
  length: number;
}

export interface ModelConstant extends ModelTensor {
  shape: readonly number[];
  data: ArrayBufferView | ExternalData;
}

export interface ModelNode {
  /** Where something refers to it. */
  name?: string;
  op: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Attributes;
}

/** A whole ONNX model. */
export interface Model {
  inputs: readonly ModelTensor[];
  outputs: readonly ModelTensor[];
  constants: readonly ModelConstant[];
  nodes: readonly ModelNode[];
  /** What is known of values between the nodes; who loads the model works out the rest. */
  values?: readonly ModelTensor[];
  /** Texts for whoever reads the file. */
  metadata?: Readonly<Record<string, string>>;
}
