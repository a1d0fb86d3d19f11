/**
 * The share of predicted classes that equal the labels, in [0, 1].
 *
 * @throws if the two have different lengths or are empty
 */
export function accuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (predicted.length !== labels.length) {
    throw new Error(
      `accuracy: one label per prediction is needed, got ${predicted.length} predictions and ${labels.length} labels`,
    );
  }
  if (labels.length === 0) throw new Error("accuracy: needs at least 1 sample, got 0");
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (predicted[i] === labels[i]) right++;
  return right / labels.length;
}
