import { type LossTrainee, prefixed } from "@gen/train";

/** One part of a training. */
export interface Stage {
  /** Its variables lie under `<name>.` in checkpoints. */
  readonly name: string;
  readonly trainee: LossTrainee;
  readonly steps: number;
}

/** Trainees one after another as one, which can be stopped and resumed anywhere. Each counts its own steps from 0. */
export function inStages(stages: readonly Stage[]): LossTrainee {
  return {
    state: () =>
      Object.assign(
        {},
        ...stages.map(({ name, trainee }) => prefixed(`${name}.`, trainee.state())),
      ),
    step(batch, key, step) {
      let before = 0;
      for (const { trainee, steps } of stages.slice(0, -1)) {
        if (step < before + steps) return trainee.step(batch, key, step - before);
        before += steps;
      }
      return (stages.at(-1) as Stage).trainee.step(batch, key, step - before);
    },
    dispose() {
      for (const { trainee } of stages) trainee.dispose();
    },
  };
}
