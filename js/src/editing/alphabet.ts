import { Tokens } from "../store/tokens";

/** What typesetting has and typewriters do not, by what stands for it there; as `charlm/spelling.py` has it. */
const PLAIN: Record<string, string> = {
  '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033",
  "'": "\u2018\u2019\u201a\u201b\u2039\u203a\u2032\u0060\u00b4",
  "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad",
  ".": "\u2026",
  " ": "\u00a0\u2002\u2003\u2009\u202f\t",
  "\n": "\u2028\u2029\u0085",
};

/** The characters that a network knows, and what it reads in place of others. */
export class Alphabet {
  readonly vocabulary: string[];
  readonly #ids: Map<string, number>;

  constructor(vocabulary: string[]) {
    this.vocabulary = vocabulary;
    this.#ids = new Map(vocabulary.map((character, id) => [character, id]));
  }

  knows(character: string): boolean {
    return this.#ids.has(character);
  }

  /** The known character that is read in place of another: its plain form, its base letter, else a space. */
  nearest(character: string): string {
    if (this.knows(character)) return character;
    const plain = Object.keys(PLAIN).find((key) => PLAIN[key].includes(character)) ?? "";
    const base = [...character.normalize("NFKD")][0] ?? "";
    return [plain, base, base.toLowerCase(), " "].find((one) => this.knows(one)) ?? this.vocabulary[0];
  }

  /** The id of each character of a text. */
  ids(text: string): Uint32Array {
    return Uint32Array.from([...text], (character) => this.#ids.get(this.nearest(character)) ?? 0);
  }

  /** The characters of a text that are read as others. */
  strangers(text: string): string[] {
    return [...new Set(text)].filter((character) => !this.knows(character));
  }
}

/** A text with each of its characters a token. */
export function characters(text: string): Tokens {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return new Tokens(text, null);
  const offsets = [0];
  for (const character of text) offsets.push(offsets[offsets.length - 1] + character.length);
  return new Tokens(text, Uint32Array.from(offsets));
}
