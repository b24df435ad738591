// AssemblyScript, compiled to WebAssembly with SIMD by build.mjs: the one thing that takes the engine's time.

/**
 * Writes `W x + b` to `out`: float32, four rows at a time.
 *
 * All are byte offsets into the memory, multiples of 16. `w` is row after row; `rows` is a multiple of 4, and `width`,
 * the bytes of a row, one of 16: what is beyond the matrix is zero.
 */
export function products(out: usize, w: usize, x: usize, b: usize, rows: i32, width: usize): void {
  for (let row = 0; row < rows; row += 4) {
    const w1 = w + width;
    const w2 = w1 + width;
    const w3 = w2 + width;
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let at: usize = 0; at < width; at += 16) {
      const v = v128.load(x + at);
      s0 = f32x4.add(s0, f32x4.mul(v128.load(w + at), v));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(w1 + at), v));
      s2 = f32x4.add(s2, f32x4.mul(v128.load(w2 + at), v));
      s3 = f32x4.add(s3, f32x4.mul(v128.load(w3 + at), v));
    }
    // The four lanes of each sum, added: twice two sums at once.
    const low = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
    const high = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
    const sums = f32x4.add(
      v128.shuffle<f32>(low, high, 0, 1, 4, 5),
      v128.shuffle<f32>(low, high, 2, 3, 6, 7),
    );
    v128.store(out, f32x4.add(sums, v128.load(b)));
    w = w3 + width;
    out += 16;
    b += 16;
  }
}
