/**
 * Frees a session once that has been asked for and none of the tensors that it made is alive: ONNX Runtime frees a
 * tensor on a GPU through the session that made it, and crashes where that is gone.
 */
export class SessionLife {
  readonly #free: () => void;
  #tensors = 0;
  #ended = false;

  constructor(free: () => void) {
    this.#free = free;
  }

  /** A tensor was made. */
  made(): void {
    this.#tensors++;
  }

  /** A tensor was freed. */
  freed(): void {
    this.#tensors--;
    this.#freeIfOver();
  }

  /** The session is needed no more. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#freeIfOver();
  }

  #freeIfOver(): void {
    if (this.#ended && this.#tensors === 0) this.#free();
  }
}
