// MNIST's own files, in the IDX format (Y. LeCun, C. Cortes, C. Burges, "The MNIST database"), which a visitor may have.

const IMAGES = 2051, LABELS = 2049; // the first number of a file
const TRAIN = 50_000, TEST = 10_000; // of the 60,000 that are there to train, the chapter trains with so many
const LARGEST = 16 + 60_000 * 784;

/** MNIST's grey images, from its four files, packed by gzip or not; null if these are others.
 * @type {(files: File[]) => Promise<Mnist | null>} */
export async function fromIdx(files) {
  const found = /** @type {Map<string, Uint8Array>} */ (new Map());
  for (const file of files.slice(0, 8)) {
    const bytes = await bytesIn(file).catch(() => null);
    if (!bytes || bytes.length < 16) return null;
    const header = new DataView(bytes.buffer), [kind, count] = [header.getUint32(0), header.getUint32(4)];
    const isWhole = kind === IMAGES
      ? header.getUint32(8) === 28 && header.getUint32(12) === 28 && bytes.length === 16 + 784 * count
      : bytes.length === 8 + count && bytes.subarray(8).every((label) => label < 10);
    if (isWhole) found.set(`${kind} of ${count}`, bytes.subarray(kind === IMAGES ? 16 : 8));
  }
  const parts = [LABELS, IMAGES].flatMap((kind) => [
    found.get(`${kind} of 60000`)?.subarray(0, TRAIN * (kind === IMAGES ? 784 : 1)), found.get(`${kind} of ${TEST}`),
  ]);
  const bytes = new Uint8Array(785 * (TRAIN + TEST));
  let place = 0;
  for (const part of parts) {
    if (!part) return null;
    bytes.set(part, place);
    place += part.length;
  }
  return { bytes, train: TRAIN, test: TEST, grey: true };
}

/** What is in a file, unpacked; null if it is larger than any of MNIST's.
 * @type {(file: File) => Promise<Uint8Array<ArrayBuffer> | null>} */
async function bytesIn(file) {
  const isPacked = new Uint8Array(await file.slice(0, 2).arrayBuffer()).join() === "31,139";
  const stream = file.stream(), reader = (isPacked ? stream.pipeThrough(new DecompressionStream("gzip")) : stream).getReader();
  const parts = /** @type {Uint8Array<ArrayBuffer>[]} */ ([]);
  for (let size = 0;;) {
    const { value } = await reader.read();
    if (!value) return new Uint8Array(await new Blob(parts).arrayBuffer());
    parts.push(value);
    size += value.length;
    if (size <= LARGEST) continue;
    reader.cancel();
    return null;
  }
}
