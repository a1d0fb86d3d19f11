// TensorFlow.js's own operations, without those that draw from a hidden generator: see random.ts for these.
export {
  abs, acos, acosh, add, addN, all, any, argMax, argMin, asin, asinh, atan, atan2, atanh, avgPool,
  batchToSpaceND, broadcastTo, cast, ceil, clipByValue, clone, concat, concat1d, concat2d, concat3d, concat4d, conv1d,
  conv2d, conv2dTranspose, conv3d, cos, cosh, cumprod, cumsum, depthToSpace, depthwiseConv2d, diag, div, divNoNan, dot,
  einsum, elu, equal, erf, exp, expandDims, expm1, eye, fill, floor, floorDiv, gather, gatherND, greater, greaterEqual,
  image, isFinite, isInf, isNaN, leakyRelu, less, lessEqual, linalg, linspace, log, log1p, logSigmoid, logSoftmax,
  logSumExp, logicalAnd, logicalNot, logicalOr, logicalXor, matMul, max, maxPool, maximum, mean, min, minimum,
  mirrorPad, mod, moments, mul, neg, norm, notEqual, oneHot, ones, onesLike, outerProduct, pad, pow, prelu, prod, range,
  reciprocal, relu, relu6, reshape, reverse, round, rsqrt, scalar, scatterND, selu, sigmoid, sign, sin, sinh, slice,
  softmax, softplus, spaceToBatchND, split as splitTensor, sqrt, square, squaredDifference, squeeze, stack,
  stridedSlice, sub, sum, tan, tanh, tensor, tensor1d, tensor2d, tensor3d, tensor4d, tensor5d, tensorScatterUpdate,
  tile, topk, transpose, unsortedSegmentSum, unstack, variable, where, zeros, zerosLike,
} from "@tensorflow/tfjs-core";
export {
  customGrad, dispose, grad, grads, keep, memory, tidy, valueAndGrad, valueAndGrads, variableGrads,
} from "@tensorflow/tfjs-core";
export {
  Tensor, Variable,
  type DataType, type Rank, type Scalar, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D,
  type TensorContainer, type TensorLike, type TypedArray,
} from "@tensorflow/tfjs-core";
