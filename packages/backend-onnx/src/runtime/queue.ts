/** Asynchronous jobs that run one after the other, in the order in which they were added. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** Adds a job; a failure is its own: the next job runs all the same. */
  add<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Resolves once all that has been added so far is done. */
  async drained(): Promise<void> {
    await this.#last;
  }
}
