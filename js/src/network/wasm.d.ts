/** A program compiled to WebAssembly by assembly.mjs. */
declare module "*.wasm" {
  const code: Uint8Array<ArrayBuffer>;
  export default code;
}
