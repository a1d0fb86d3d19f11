import { add, type Key, mean, square, stopGradient, sub, type Tensor } from "@gen/tensor";
import { CodebookQuantizer, type VectorQuantizerConfig } from "./codebook-quantizer.ts";

/**
 * The nearest code of a learnt codebook, with the straight-through gradient (van den Oord et al. 2017,
 * arXiv:1711.00937, eq. 1 to 3): loss ‖sg(z) − e‖² + β‖z − sg(e)‖². β stands on the second term, which holds the encoder
 * to its codes; a well-known implementation had it on the first.
 *
 * The posterior over codes is one-hot, so its KL divergence from a uniform prior is log(codes) for each vector, a
 * constant: that is why the loss has none (the question that the lecture notes leave open).
 */
export class VectorQuantizer extends CodebookQuantizer {
  constructor(key: Key, config: VectorQuantizerConfig) {
    super("VectorQuantizer", key, config, true);
  }

  protected override loss(z: Tensor, codes: Tensor): Tensor {
    return add(mean(square(sub(stopGradient(z), codes))), super.loss(z, codes));
  }
}
