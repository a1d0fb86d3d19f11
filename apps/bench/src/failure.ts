/** An error for the person at the keyboard: one sentence, shown without a stack trace. */
export class Failure extends Error {
  /** 2 for a mistake in what was asked for, 1 for something that went wrong while doing it. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = "Failure";
    this.exitCode = exitCode;
  }
}
