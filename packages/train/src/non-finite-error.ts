/** Training went wrong: the loss or a weight is infinite or not a number. Nothing of it was saved. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  /** After how many steps it was seen. */
  readonly step: number;
  /** "loss", or the name of the variable. */
  readonly quantity: string;
  /** The name of the last good checkpoint, if there is one. */
  readonly checkpoint: string | undefined;

  constructor(quantity: string, value: number, step: number, checkpoint: string | undefined) {
    const rest = checkpoint
      ? `the last good checkpoint is ${checkpoint}`
      : "no checkpoint had been saved";
    super(`train: ${quantity} became ${value} at step ${step}; ${rest}`);
    this.step = step;
    this.quantity = quantity;
    this.checkpoint = checkpoint;
  }
}
