/** Memory for matrices and vectors, and the product of the two. Places count float32 numbers. */
export interface Arithmetic {
  memory: Float32Array;
  /**
   * Writes `W x + b` to `out`.
   *
   * `rows` and `columns` are multiples of 4, and so are all places; what is beyond the matrix is zero.
   */
  products(out: number, w: number, x: number, b: number, rows: number, columns: number): void;
}

/** Where the program's own data would be: nothing is put there. */
const FIRST = 256;

/** Hands out places in a memory that is made once all is known. */
export class Places {
  size = FIRST;

  take(floats: number): number {
    const place = this.size;
    this.size += padded(floats);
    return place;
  }
}

/** The next multiple of 4: whole vectors of the processor. */
export const padded = (length: number) => (length + 3) & ~3;

/**
 * Arithmetic by WebAssembly with SIMD.
 *
 * @throws where a policy forbids it, or the browser does not know it
 */
export function wasmArithmetic(code: BufferSource, floats: number): Arithmetic {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((floats * 4) / 65_536) });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  const run = exports.products as (...values: number[]) => void;
  return {
    memory: new Float32Array(memory.buffer),
    products(out, w, x, b, rows, columns) {
      run(out * 4, w * 4, x * 4, b * 4, rows, columns * 4);
    },
  };
}

/** The same in JavaScript. */
export function scriptArithmetic(floats: number): Arithmetic {
  const m = new Float32Array(floats);
  return {
    memory: m,
    products(out, w, x, b, rows, columns) {
      for (let row = 0; row < rows; row += 4) {
        const w1 = w + columns;
        const w2 = w1 + columns;
        const w3 = w2 + columns;
        let s0 = 0;
        let s1 = 0;
        let s2 = 0;
        let s3 = 0;
        for (let i = 0; i < columns; i++) {
          const v = m[x + i];
          s0 += m[w + i] * v;
          s1 += m[w1 + i] * v;
          s2 += m[w2 + i] * v;
          s3 += m[w3 + i] * v;
        }
        m[out + row] = s0 + m[b + row];
        m[out + row + 1] = s1 + m[b + row + 1];
        m[out + row + 2] = s2 + m[b + row + 2];
        m[out + row + 3] = s3 + m[b + row + 3];
        w = w3 + columns;
      }
    },
  };
}
