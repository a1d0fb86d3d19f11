/** Characters as tokens: number i is the i-th of `characters`. */
export interface Vocabulary {
  /** In the order of their code points. */
  readonly characters: readonly string[];
  /** @throws if a character is not in the vocabulary */
  encode(text: string): Int32Array;
  /** @throws if a number is not in the vocabulary */
  decode(tokens: ArrayLike<number>): string;
}

/**
 * The characters that a text has, as a vocabulary for a model of language. A character is a Unicode code point.
 *
 * @throws if the text is empty
 */
export function vocabularyOf(text: string): Vocabulary {
  const characters = [...new Set(text)].toSorted(
    (a, b) => (a.codePointAt(0) as number) - (b.codePointAt(0) as number),
  );
  if (characters.length === 0) throw new Error("vocabularyOf: text must have characters, got none");
  const numbers = new Map(characters.map((character, i) => [character, i]));
  return {
    characters,
    encode: (given) =>
      Int32Array.from([...given], (character) => {
        const number = numbers.get(character);
        if (number !== undefined) return number;
        throw new Error(
          `encode: text must have only the ${characters.length} characters of the vocabulary, got ${JSON.stringify(character)}`,
        );
      }),
    decode: (tokens) =>
      Array.from(tokens, (token) => {
        const character = characters[token];
        if (character !== undefined) return character;
        throw new Error(
          `decode: tokens must be whole numbers from 0 to ${characters.length - 1}, got ${token}`,
        );
      }).join(""),
  };
}
