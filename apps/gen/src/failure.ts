/** A mistake in what was asked for (exit code 2), as against something that went wrong while doing it (1). */
export const USAGE = 2;

/** An error meant for the person at the keyboard: one sentence, shown without a stack trace. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.exitCode = exitCode;
  }
}

/** What was typed cannot be understood or does not exist. */
export function misuse(message: string): Failure {
  return new Failure(message, USAGE);
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's error code (`ENOSPC`, `ENOENT`, …), if it has one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
